"""The synthesis bench: see the prompt, edit it, try five, judge them by key, then run N.

The bench holds which method is chosen, the prompts that were edited and what was said of the tries;
the work is done by the methods of `lab.synth`, in a thread. Its state is written down at once, so
that a bench of the same name goes on after a kernel restart; replies come from the client's store.
Every text of a model is shown as text, never as markup.
"""

import html
import json
import os
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from lab import files, paths, records, synth
from lab.errors import WinnowError
from lab.llm import prompts
from lab.synth import Progress, Synthesised, Terms
from lab.synth.terms import rows_of
from lab.widgets import front, journal, synthesis_view
from lab.widgets.journal import Journal

Method = Callable[..., Synthesised]
TRIED = 5
FIRST_KEEP = 50
JOIN_S = 600.0


class Panel(anywidget.AnyWidget):
    """The part of the bench that lives in the browser; `SynthesisBench` speaks to it."""

    _esm = front.script("synthesis")
    _css = front.STYLE
    view = traitlets.Dict().tag(sync=True)  # method, prompts, tries, said of them
    run = traitlets.Dict().tag(sync=True)  # how the work under way stands


class SynthesisBench:
    """Make data by hand: pick a method, edit its prompts, try five, judge them, run N.

    Keys on a try: A accepts, X rejects, R for a reason, left and right to turn, U takes back. What
    was said is a filter (`accept`), and with its texts an example of what people keep, which
    `judge.human.labels(bench.verdict_file)` reads.

    Parameters
    ----------
    methods : mapping of name to callable
        Methods of `lab.synth` with all but `keep`, `accept` and `terms` filled in, such as
        `partial(synth.evol_instruct, pool, client)`.
    pool : DataFrame, optional
        Where parents are looked up.
    terms : Terms, optional
        Caps, seed and language of all that is run.
    name : str
        A bench of this name goes on where it was.
    rater : str
        Who judges.

    Raises
    ------
    ValueError
        If there is no method.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import synth, testbed
    >>> pool, client = testbed.pool(8), testbed.client(store=":memory:")
    >>> bench = SynthesisBench({"evolve": partial(synth.evol_instruct, pool, client)}, pool=pool)
    >>> bench.verdict_file.name
    'bench.jsonl'
    """

    def __init__(
        self,
        methods: Mapping[str, Method],
        *,
        pool: pd.DataFrame | None = None,
        terms: Terms | None = None,
        name: str = "bench",
        rater: str = "me",
    ) -> None:
        if not methods:
            raise ValueError("methods must hold at least one, got none")
        self._methods, self._pool = dict(methods), pool
        self._terms, self._rater = terms or Terms(), rater
        self._folder = paths.human() / "synthesis"
        self._file = self._folder / f"{name}.json"
        self.verdict_file = self._folder / f"{name}.jsonl"
        self._state = _read(self._file, next(iter(methods)))
        if self._state["method"] not in self._methods:
            self._state["method"] = next(iter(methods))
        self.tried: Synthesised | None = None
        self.result: Synthesised | None = None
        self._look: dict[str, Any] = {}
        self._lock = threading.RLock()  # of all that the thread and the kernel both write
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._progress: Progress | None = None
        self._doing, self._error, self._note = "", "", ""
        self.panel = Panel()
        self.panel.on_msg(lambda _widget, message, _buffers: self._hear(message))
        self.look()

    @property
    def method(self) -> str:
        """Return the name of the chosen method."""
        return str(self._state["method"])

    @property
    def terms(self) -> Terms:
        """Return the terms with the edited prompts in them."""
        edited = {
            name: prompts.Prompt(name, self._terms.language, "edited by hand", _sections(parts))
            for name, parts in self._state["edited"].items()
        }
        given = {name: getattr(self._terms, name) for name in _TERMS}
        return Terms(prompts={**self._terms.prompts, **edited}, **given)

    @property
    def verdicts(self) -> pd.DataFrame:
        """Return what was said of the tries: id, rater, verdict (`keep` or `drop`), reason."""
        columns = ["id", "rater", "verdict", "reason", "seconds", "at"]
        return pd.DataFrame(journal.read(self.verdict_file), columns=columns)

    @property
    def accept(self) -> dict[str, Callable[[pd.DataFrame], "pd.Series[bool]"]]:
        """Return the verdicts as a filter: what was rejected by hand is never kept."""
        table = self.verdicts
        out = set(table.loc[table["verdict"] == "drop", "id"])

        def kept(rows: pd.DataFrame) -> "pd.Series[bool]":
            return pd.Series(~rows.index.isin(list(out)), index=rows.index, dtype=bool)

        return {"rejected by hand": kept}

    def pick(self, name: str) -> None:
        """Choose a method."""
        if name not in self._methods:
            raise ValueError(f"name must be one of {', '.join(self._methods)}, got {name!r}")
        self._state |= {"method": name, "tries": [], "judging": []}
        self.tried = self.result = None
        self.look()

    def edit(self, prompt: str, texts: list[str]) -> None:
        """Put other texts into the sections of a prompt; the file's own texts undo the edit."""
        own = prompts.load("synth", prompt, self._terms.language)
        if len(texts) != len(own.sections):
            raise ValueError(f"texts must be {len(own.sections)} sections, got {len(texts)}")
        parts = [[role, text] for (role, _), text in zip(own.sections, texts, strict=True)]
        changed = prompts.Prompt(prompt, own.language, "edited", _sections(parts))
        if changed.fields != own.fields:
            self._note = f"the prompt must keep its fields {sorted(own.fields)}"
            self._show()
            return
        self._state["edited"][prompt] = parts
        if _sections(parts) == own.sections:
            del self._state["edited"][prompt]
        self.look()

    def look(self) -> None:
        """Find the first prompt that would be sent; nothing is sent."""
        seen: list[Progress] = []
        given = {name: getattr(self.terms, name) for name in _TERMS}
        terms = Terms(
            **{**given, "watch": lambda now: not seen.append(now)},  # type: ignore[func-returns-value]
            prompts=self.terms.prompts,
        )
        self._methods[self.method](keep=1, terms=terms)
        turns = seen[0].asking[0].messages if seen else []
        self._look = {
            "step": seen[0].step if seen else "",
            "sent": [[str(turn["role"]), str(turn["content"])] for turn in turns],
        }
        self._note = ""
        self._save()
        self._show()

    def try_some(self, n: int = TRIED) -> None:
        """Make `n` examples beside the cell, to be judged."""
        self._begin("trying", n)

    def run(self, keep: int = FIRST_KEEP) -> None:
        """Make `keep` examples beside the cell; what was rejected by hand stays out."""
        self._state["keep"] = keep
        self._save()
        self._begin("running", keep)

    def stop(self) -> None:
        """Ask the work to stop; what it made is kept, and the next run goes on from there."""
        self._stop.set()

    def wait(self, timeout_s: float = JOIN_S) -> None:
        """Wait for the work under way."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def say(self, verdict: str, reason: str = "", *, id: str | None = None) -> None:
        """Write down what is thought of a try: `keep` or `drop`."""
        if verdict not in ("keep", "drop"):
            raise ValueError(f"verdict must be keep or drop, got {verdict!r}")
        row = next((row for row in self._state["tries"] if row["id"] == id), None)
        queue = self._queue([row["id"]] if row else [one["id"] for one in self._state["tries"]])
        key = queue.now
        if key is not None:
            made = next(one for one in self._state["tries"] if one["id"] == key)
            texts = {name: made[name] for name in records.TEXTS}
            queue.answer(verdict=verdict, reason=reason, method=self.method, **texts)
        self._show()

    def undo(self) -> None:
        """Take the last verdict on the present tries back."""
        self._queue([row["id"] for row in self._state["tries"]]).undo()
        self._show()

    def tree(self, id: str) -> pd.DataFrame:
        """Return the family of an example: its ancestor, and what was made from it."""
        made = self.result or self.tried
        rows = [] if made is None else [made.examples]
        everything = pd.concat([*([] if self._pool is None else [self._pool]), *rows])
        root, parents = id, everything["parent"]
        while root in parents.index and isinstance(parents[root], str):
            root = str(parents[root])
        return synth.tree(everything, root)

    def code(self) -> str:
        """Return the cell that does the same without the bench."""
        given = {name: getattr(self._terms, name) for name in _TERMS if name != "watch"}
        edited = self.terms.prompts
        return synthesis_view.code(edited, given, method=self.method, keep=self._state["keep"])

    def _queue(self, ids: list[str]) -> Journal:
        return Journal(ids, rater=self._rater, file=self.verdict_file)

    def _begin(self, doing: str, keep: int) -> None:
        with self._lock:
            if self._doing:
                return
            self._stop = threading.Event()
            self._doing, self._error, self._progress = doing, "", None
            self._show()
            self._thread = threading.Thread(
                target=self._work, args=(doing, keep), daemon=True, name="winnow-synthesis"
            )
            self._thread.start()

    def _work(self, doing: str, keep: int) -> None:
        given = {name: getattr(self.terms, name) for name in _TERMS}
        terms = Terms(prompts=self.terms.prompts, **{**given, "watch": self._watched})
        method = self._methods[self.method]
        if doing == "running":
            method = partial(method, accept=self.accept)
        made, error = None, "it broke off; the kernel's log says where"
        try:
            made, error = method(keep=keep, terms=terms), ""
        except (WinnowError, ValueError) as wrong:
            error = str(wrong)
        finally:
            self._finish(doing, made, error)

    def _finish(self, doing: str, made: Synthesised | None, error: str) -> None:
        """Take over what a thread made; after it the thread writes nothing more."""
        with self._lock:
            if made is not None and doing == "trying":
                self.tried = made
                self._state["tries"] = self._rows(made.examples)
            elif made is not None:
                self.result = made
            self._save()
            self._doing, self._error = "", error
            self._show()

    def _watched(self, now: Progress) -> bool:
        with self._lock:
            self._progress = now
            self._show_run()
        return self._stop.is_set()

    def _rows(self, examples: pd.DataFrame) -> list[dict[str, Any]]:
        rows = []
        for row in rows_of(examples):
            parent = examples.loc[row["id"], "parent"]
            before = ""
            if self._pool is not None and isinstance(parent, str) and parent in self._pool.index:
                one = rows_of(self._pool.loc[[parent]])[0]
                before = f"{records.user_turn(one)}\n\n{one['output']}"
            texts = {name: row[name] for name in ("id", *records.TEXTS)}
            rows.append({**texts, "parent": before})
        return rows

    def _hear(self, message: Mapping[str, Any]) -> None:
        kind = message.get("kind")
        if kind == "pick":
            self.pick(str(message["name"]))
        elif kind == "edit":
            self.edit(str(message["name"]), [str(text) for text in message["texts"]])
        elif kind == "try":
            self.try_some(int(message.get("n", TRIED)))
        elif kind == "run":
            self.run(max(1, int(message.get("keep", FIRST_KEEP))))
        elif kind == "stop":
            self.stop()
        elif kind == "say":
            self.say(str(message["verdict"]), str(message.get("reason", "")), id=message.get("id"))
        elif kind == "undo":
            self.undo()
        elif kind == "tree":
            self._show(tree=str(message["id"]))
        elif kind == "code":
            self._show(code=self.code())

    def _show(self, *, tree: str = "", code: str = "") -> None:
        with self._lock:
            self.panel.view = self._view(tree=tree, code=code)
            self._show_run()

    def _view(self, *, tree: str, code: str) -> dict[str, Any]:
        first = self._look.get("step", "")
        said = self.verdicts
        mine = said[said["rater"] == self._rater].set_index("id")
        family: list[list[Any]] = []
        if tree:
            rows = self.tree(tree)
            family = [
                [int(depth), str(text)]
                for depth, text in zip(rows["depth"], rows["instruction"], strict=True)
            ]
        return {
            "methods": list(self._methods),
            "method": self.method,
            "prompts": synthesis_view.texts(first, self._terms.language, self._state["edited"]),
            "first": first,
            "sent": self._look.get("sent", []),
            "tries": synthesis_view.judged(self._state["tries"], mine),
            "keep": self._state["keep"],
            "note": self._note,
            "tree": family,
            "code": code,
            "forecast": self._forecast(),
        }

    def _forecast(self) -> str:
        return synthesis_view.forecast(self.tried, self._state["keep"])

    def _show_run(self) -> None:
        done = self.result if self._doing != "trying" else None
        state = "stopping" if self._doing and self._stop.is_set() else self._doing or "idle"
        run: dict[str, Any] = {"state": state, "error": self._error}
        if self._doing and self._progress is not None:
            run |= synthesis_view.under_way(self._progress)
        elif not self._doing and done is not None:
            run |= synthesis_view.done(done, keep=self._state["keep"])
        elif not self._doing and self._state.get("ran"):
            run["because"] = "a run was begun before: Run goes on from what is stored"
        self.panel.run = run

    def _save(self) -> None:
        self._state["ran"] = self._state.get("ran") or self._doing == "running"
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self._state, ensure_ascii=False, indent=1)
        files.write_text(self._file, text)

    def _repr_mimebundle_(self, **words: Any) -> Any:
        if not os.environ.get("WINNOW_REPORT"):
            return self.panel._repr_mimebundle_(**words)
        rows = "".join(
            f"<li>{html.escape(row['instruction'])}<br>{html.escape(row['output'])}</li>"
            for row in self._state["tries"]
        )
        return {"text/html": f"<p>{html.escape(repr(self))}</p><ul>{rows}</ul>"}

    def __repr__(self) -> str:
        edits, tries = len(self._state["edited"]), len(self._state["tries"])
        return f"SynthesisBench({self.method}: {edits} prompts edited, {tries} tried)"


_TERMS = (
    *("seed", "language", "candidates", "budget_usd", "minutes", "max_tokens"),
    *("min_acceptance", "watch"),
)


def _sections(parts: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((role, text) for role, text in parts)


def _read(file: Path, method: str) -> dict[str, Any]:
    state: dict[str, Any] = {"method": method, "edited": {}, "tries": [], "keep": FIRST_KEEP}
    if file.exists():
        state |= json.loads(file.read_text(encoding="utf-8"))
    return state
