"""The filter bench: sliders, toggles and search over a pool, with what they keep and drop.

The bench holds `Criteria` and shows what they do. `sieve.mask` and `sieve.pool` are the result,
`sieve.code()` the cell that gives the same without a screen. Every text of the pool is shown as
text, never as markup.
"""

import html
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import pandas as pd
import traitlets
from numpy.typing import NDArray

from lab import records, runs
from lab.records import TEXTS
from lab.widgets import front
from lab.widgets.criteria import Criteria
from lab.widgets.scale import Bits, Scale

if TYPE_CHECKING:
    from lab.widgets.atlas import Atlas

PAGE = 20  # rows of the table
MOST_VALUES = 24  # of a category that get a box to tick; the rarer ones cannot be chosen
CUT = 160  # characters of a text in the table


class Panel(anywidget.AnyWidget):
    """The part of the bench that lives in the browser; `Sieve` speaks to it."""

    _esm = front.script("sieve")
    _css = front.STYLE
    spec = traitlets.Dict().tag(sync=True)  # what can be set
    state = traitlets.Dict().tag(sync=True)  # what is set
    count = traitlets.Dict().tag(sync=True)  # sent first
    view = traitlets.Dict().tag(sync=True)  # reasons, histograms, rows
    text = traitlets.Dict().tag(sync=True)  # one row in full


class Sieve:
    """A filter bench over a pool.

    Parameters
    ----------
    pool : DataFrame
        The pool; nothing in it is changed.
    scores : DataFrame or mapping of Series, optional
        Numbers per row; each gets a histogram and a range.
    masks : mapping of Series, optional
        Filters, True = keep; each gets a box to tick, off at first.
    categories : sequence of str
        Columns of `pool` with few values, each value with a box to tick.

    Raises
    ------
    ValueError
        If a score or a mask misses rows of the pool, or a category is no column of it.
    """

    def __init__(
        self,
        pool: pd.DataFrame,
        *,
        scores: pd.DataFrame | Mapping[str, "pd.Series[float]"] | None = None,
        masks: Mapping[str, "pd.Series[bool]"] | None = None,
        categories: tuple[str, ...] | list[str] = (),
    ) -> None:
        self._given = pool
        self.scores = _aligned(pool, {} if scores is None else scores)
        self.masks = {name: _series(pool, name, mask) for name, mask in (masks or {}).items()}
        for name in categories:
            if name not in pool.columns:
                raise ValueError(f"categories must be columns of the pool, got {name!r}")
        self._categories = tuple(categories)
        self._scales = {str(name): Scale(self.scores[name]) for name in self.scores}
        self.criteria = Criteria()
        self._undo: list[Criteria] = []
        self._redo: list[Criteria] = []
        self._fails: dict[tuple[str, str], Bits] = {}
        self._failed = np.zeros(len(pool), dtype=np.int16)  # criteria that each row does not meet
        self._error, self._answer = "", 0  # the number of the request that is being answered
        self._tab, self._page, self._last = "kept", 0, next(iter(self._scales), "")
        self._atlas: Atlas | None = None
        self.panel = Panel(spec=self._spec())
        self.panel.on_msg(lambda _widget, message, _buffers: self._hear(message))
        self._show()

    @property
    def mask(self) -> "pd.Series[bool]":
        """Return which rows are kept."""
        return pd.Series(self._failed == 0, index=self._given.index, name="keep")

    @property
    def pool(self) -> pd.DataFrame:
        """Return the rows that are kept."""
        kept: pd.DataFrame = self._given.loc[self._failed == 0]
        return kept

    def code(self) -> str:
        """Return the cell that does the same; it needs `pd`, `pool`, `scores` and `masks`."""
        return self.criteria.code()

    def set(self, criteria: Criteria) -> None:
        """Put `criteria` in place of the present ones; `undo` takes them back."""
        unknown = [name for name in criteria.ranges if name not in self.scores.columns]
        unknown += [name for name in criteria.filters if name not in self.masks]
        unknown += [name for name in criteria.categories if name not in self._categories]
        if unknown:
            raise ValueError(f"the bench has no score, filter or category named {unknown[0]!r}")
        self._undo.append(self.criteria)
        self._redo.clear()
        self._put(criteria)
        self._show()

    def undo(self) -> None:
        """Take the last change back, if there is one."""
        if self._undo:
            self._redo.append(self.criteria)
            self._put(self._undo.pop())
            self._show()

    def redo(self) -> None:
        """Make the change again that was last taken back."""
        if self._redo:
            self._undo.append(self.criteria)
            self._put(self._redo.pop())
            self._show()

    def save(self, name: str = "sieve") -> str:
        """Record mask and criteria as a run of the step `filters`; return its id."""
        inputs = [records.fingerprint(self._given)]
        with runs.start("filters", name, self.criteria.plain(), inputs) as run:
            run.save("keep", self.mask)
            run.save("subset", self.pool.index)
            run.save("code", self.code())
            run.log(rows=len(self._given), kept=int(self.mask.sum()))
        return run.id

    def link(self, atlas: "Atlas") -> None:
        """Show on a map what is kept, and take its lasso as a criterion."""
        self._atlas = atlas
        atlas.show(self.mask)
        atlas.on_select(self._lasso)

    def _lasso(self, chosen: pd.Index | None) -> None:
        ids = None if chosen is None else tuple(map(str, chosen))
        if ids != self.criteria.within:
            self.set(replace(self.criteria, within=ids))

    def _repr_mimebundle_(self, **words: Any) -> Any:
        if os.environ.get("WINNOW_REPORT"):
            return {"text/html": self._static(), "text/plain": repr(self)}
        return self.panel._repr_mimebundle_(**words)

    def __repr__(self) -> str:
        return f"Sieve({int((self._failed == 0).sum()):,} of {len(self._given):,} rows kept)"

    def _static(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{drops:,}</td><td>{alone:,}</td></tr>"
            for name, drops, alone in self._reasons()
        )
        head = "<tr><th>criterion</th><th>drops</th><th>it alone</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<p>{html.escape(repr(self))}</p>{table}<pre>{html.escape(self.code())}</pre>"

    def _put(self, criteria: Criteria) -> None:
        """Take over `criteria`, computing again only what changed."""
        before, self.criteria = self.criteria, criteria
        wanted = criteria.parts()
        for part in [part for part in self._fails if part not in wanted]:
            self._failed -= self._fails.pop(part)
        for part in wanted:
            if part not in self._fails or _setting(before, part) != _setting(criteria, part):
                meets = criteria.meets(part, self._given, self.scores, self.masks)
                fails = ~np.asarray(meets, dtype=bool)
                if part in self._fails:
                    self._failed -= self._fails[part]
                self._fails[part] = fails
                self._failed += fails
        self._page = 0

    def _show(self) -> None:
        """Send the count, then the rest, then what the map shows."""
        answer = self._answer
        kept = self._failed == 0
        total = int(np.count_nonzero(kept))
        self.panel.count = {"kept": total, "total": len(kept), "answer": answer}
        rows, shown = self._rows(kept)
        self.panel.view = {
            "reasons": self._reasons(),
            "kept_bins": {name: scale.kept(kept) for name, scale in self._scales.items()},
            "rows": rows,
            "tab": self._tab,
            "page": self._page,
            "of": shown,
            "error": self._error,
            "undo": bool(self._undo),
            "redo": bool(self._redo),
            "answer": answer,
        }
        self.panel.state = self._state()
        if self._atlas is not None:
            self._atlas.show(kept)
            if self.criteria.within is None and len(self._atlas.selected):
                self._atlas.select(None)

    def _reasons(self) -> list[tuple[str, int, int]]:
        once = self._failed == 1
        return [
            (
                name if kind in ("range", "filter", "category") else f"{kind} {name!r}",
                int(np.count_nonzero(fails)),
                int(np.count_nonzero(fails & once)),
            )
            for (kind, name), fails in self._fails.items()
        ]

    def _rows(self, kept: Bits) -> tuple[list[dict[str, Any]], int]:
        if self._tab == "borderline":
            places = self._borderline()
        else:
            places = np.flatnonzero(kept if self._tab == "kept" else ~kept)
        here = places[self._page * PAGE : (self._page + 1) * PAGE]
        ids = self._given.index[here]
        texts = {name: self._given[name].iloc[here] for name in ("instruction", "output")}
        numbers = self.scores.iloc[here]
        rows = [
            {
                "place": int(place),
                "id": str(ids[number]),
                "kept": bool(kept[place]),
                "texts": [_cut(texts[name].iloc[number]) for name in texts],
                "numbers": [_number(value) for value in numbers.iloc[number]],
            }
            for number, place in enumerate(here)
        ]
        return rows, len(places)

    def _borderline(self) -> NDArray[np.intp]:
        """Return the rows nearest to the bounds of the score that was changed last."""
        low, high = self.criteria.ranges.get(self._last, (None, None))
        bounds = [bound for bound in (low, high) if bound is not None]
        if not bounds:
            return np.empty(0, dtype=np.intp)
        values = self.scores[self._last].to_numpy(dtype=float)
        distance = np.min([np.abs(values - bound) for bound in bounds], axis=0)
        distance = np.where(np.isnan(distance), np.inf, distance)
        nearest = np.argpartition(distance, min(PAGE, len(distance) - 1))[:PAGE]
        return nearest[np.lexsort((nearest, distance[nearest]))]

    def _hear(self, message: Mapping[str, Any]) -> None:
        """Do what was asked for in the browser."""
        kind = message.get("kind")
        self._answer = int(message.get("answer", self._answer))
        if kind == "save":
            self.panel.text = {"saved": self.save()}
        elif kind == "code":
            self.panel.text = {"code": self.code()}
        elif kind == "open":
            self.panel.text = self._full(int(message["place"]))
            return
        elif kind == "undo":
            self.undo()
        elif kind == "redo":
            self.redo()
        elif kind == "reset":
            self.set(Criteria())
        elif kind == "table":
            self._tab, self._page = str(message["tab"]), max(0, int(message["page"]))
        elif kind == "change":
            self._change(message)
        self._show()

    def _change(self, message: Mapping[str, Any]) -> None:
        """Change one criterion; a drag is one step of `undo`."""
        before, criteria = self.criteria, self._changed(message)
        self._error = ""
        try:
            self._put(criteria)
        except ValueError as error:
            self._error = str(error)
            self._put(before)
            return
        if message.get("first", True) and before != criteria:
            self._undo.append(before)
            self._redo.clear()

    def _changed(self, message: Mapping[str, Any]) -> Criteria:
        what, name, now = message["what"], str(message.get("name", "")), self.criteria
        if what == "range":
            self._last = name
            bounds = self._scales[name].range(int(message["low"]), int(message["high"]))
            rest = {key: value for key, value in now.ranges.items() if key != name}
            return replace(now, ranges=rest if bounds == (None, None) else {**rest, name: bounds})
        if what == "filter":
            others = [key for key in now.filters if key != name]
            on = [*others, name] if message["on"] else others
            return replace(now, filters=tuple(key for key in self.masks if key in on))
        if what == "category":
            rest2 = {key: value for key, value in now.categories.items() if key != name}
            values = tuple(map(str, message["values"]))
            return replace(now, categories={**rest2, name: values} if values else rest2)
        if what == "search":
            return replace(now, search=str(message["text"]), regex=bool(message["regex"]))
        return replace(now, within=None)

    def _full(self, place: int) -> dict[str, Any]:
        row = self._given.iloc[place]
        history = [f"{turn['role']}: {turn['content']}" for turn in row["history"]]
        pairs = [("history", "\n".join(history)), *((name, row[name]) for name in TEXTS)]
        pairs += [
            (str(name), str(row[name]))
            for name in self._given.columns
            if name not in (*TEXTS, "history") and row[name] is not None
        ]
        return {
            "id": str(self._given.index[place]),
            "fields": [[name, str(value)] for name, value in pairs if value != ""],
            "misses": [" ".join(part) for part, fails in self._fails.items() if fails[place]],
        }

    def _spec(self) -> dict[str, Any]:
        values = {name: self._given[name].astype("str").value_counts() for name in self._categories}
        return {
            "scores": [scale.spec(name) for name, scale in self._scales.items()],
            "filters": [[name, int((~mask).sum())] for name, mask in self.masks.items()],
            "categories": [
                {
                    "name": name,
                    "values": [
                        [str(value), int(count)] for value, count in counts[:MOST_VALUES].items()
                    ],
                    "left_out": max(0, len(counts) - MOST_VALUES),
                }
                for name, counts in values.items()
            ],
            "columns": ["instruction", "output", *map(str, self.scores.columns)],
            "page": PAGE,
        }

    def _state(self) -> dict[str, Any]:
        ranges = self.criteria.ranges
        return {
            "ranges": {
                name: scale.steps(ranges.get(name, (None, None)))
                for name, scale in self._scales.items()
            },
            "filters": list(self.criteria.filters),
            "categories": {k: list(v) for k, v in self.criteria.categories.items()},
            "search": self.criteria.search,
            "regex": self.criteria.regex,
            "within": None if self.criteria.within is None else len(self.criteria.within),
        }


def _setting(criteria: Criteria, part: tuple[str, str]) -> object:
    kind, name = part
    if kind == "range":
        return criteria.ranges.get(name)
    if kind == "category":
        return criteria.categories.get(name)
    return (criteria.search, criteria.regex) if kind == "search" else criteria.within


def _aligned(
    pool: pd.DataFrame, scores: pd.DataFrame | Mapping[str, "pd.Series[float]"]
) -> pd.DataFrame:
    given = {str(name): values for name, values in scores.items()}
    columns = {name: _series(pool, name, values) for name, values in given.items()}
    return pd.DataFrame(columns, index=pool.index)


def _series(pool: pd.DataFrame, name: str, values: "pd.Series[Any]") -> "pd.Series[Any]":
    if values.index.equals(pool.index):
        return values
    missing = pool.index.difference(values.index)
    if len(missing):
        raise ValueError(f"{name!r} misses {len(missing)} rows of the pool, the first {missing[0]}")
    return values.loc[pool.index]


def _cut(text: str) -> str:
    return text if len(text) <= CUT else text[: CUT - 1] + "…"


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.4g}"
