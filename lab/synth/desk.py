"""Where a method works: it asks, offers what it made, and is stopped at exactly N or at a cap.

Every candidate ends as one example or one reject. A run that was killed is run again: what was
paid for is in the client's store, and the draws depend on the seed alone, so that it takes the same
way up to where it was, for nothing.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, TypeVar

import pandas as pd
from tqdm.auto import tqdm

from lab import hashing, records, runs
from lab.errors import CallError
from lab.llm import Client, Completion, Job, Request, prompts
from lab.llm.prompts import Prompt
from lab.synth.said import CUT, Said, read, unusable
from lab.synth.terms import NOT_NEEDED, STEP, Accept, Progress, Synthesised, Terms, rejected

LOOK_S = 0.05  # between two looks at a job
WINDOW = 200  # last candidates that the rate of acceptance is taken over
GROUP = 16  # calls asked together, where a method names no other number
SAMPLES = 3

Row = TypeVar("Row")


class _OverError(Exception):
    """Raised inside a method when its run is over; `Desk.open` takes it."""


@dataclass(frozen=True)
class Candidate:
    """An example that may be: its columns, and the reply it comes from."""

    row: Mapping[str, Any]
    said: Said


@dataclass(frozen=True)
class Sampling:
    """How replies are drawn for one kind of prompt."""

    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()
    extra: Mapping[str, Any] | None = None  # further members of the request


@dataclass
class _Counts:
    calls: int = 0
    failed: int = 0
    spent_usd: float = 0.0
    unknown: int = 0  # calls whose price is not known
    prompt_tokens: int = 0
    completion_tokens: int = 0
    asked: Counter[str] = field(default_factory=Counter)  # messages -> times


class Desk:
    """The run of one method.

    Parameters
    ----------
    method : str
        Its name.
    client : Client
        Which model is asked.
    keep : int
        Examples wanted, at least 1.
    accept : mapping of name to filter, optional
        Filters over a frame of candidates, True = keep; the name is the reason of a reject.
    terms : Terms
        Caps, seed, language, edited prompts.
    own : mapping
        The method's own parameters, for the record.
    inputs : sequence of DataFrames
        What it starts from.
    copies_allowed : bool
        Whether a row of the inputs may be made again, as where only its output is new.
    """

    def __init__(
        self,
        method: str,
        client: Client,
        *,
        keep: int,
        accept: Accept | None,
        terms: Terms,
        own: Mapping[str, Any],
        inputs: Sequence[pd.DataFrame],
        copies_allowed: bool = False,
    ) -> None:
        if keep < 1:
            raise ValueError(f"keep must be at least 1, got {keep}")
        if terms.budget_usd is not None and client.session.ledger.price(client.model) is None:
            raise ValueError(f"budget_usd needs a price for {client.model!r}, and there is none")
        self.client, self.keep, self.terms = client, keep, terms
        self.rng = Random(hashing.digest([method, terms.seed]))
        self.round = 0
        self._accept = dict(accept or {})
        known = [] if copies_allowed else inputs
        self._known = {str(key) for pool in known for key in pool.index}
        self._rows: list[dict[str, Any]] = []
        self._rejects: list[dict[str, Any]] = []
        self._lately: deque[bool] = deque(maxlen=WINDOW)
        self._counts = _Counts()
        self._began = time.monotonic()
        self._because = self._step = ""
        params = {"keep": keep, "terms": terms.plain(), **own}
        params |= {"accept": {name: _named(one) for name, one in self._accept.items()}}
        params |= {"model": client.model, "provider": client.server.provider}
        marks = [records.fingerprint(pool) for pool in inputs]
        self._made = {"method": method, "params": params, "inputs": marks}
        self.recipe = runs.name(STEP, method, params, marks)
        self._bar = tqdm(total=keep, unit="kept", desc=method, delay=0.5)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Work until the run is over."""
        try:
            yield
            self._because = self._because or "nothing left to ask"
        except _OverError as over:
            self._because = str(over)
        finally:
            self._bar.close()

    def over(self, because: str) -> None:
        """Say why there is nothing left to ask."""
        self._because = because

    @property
    def left(self) -> int:
        """Return how many examples are wanted still."""
        return self.keep - len(self._rows)

    @property
    def kept(self) -> list[dict[str, Any]]:
        """Return the rows that were kept so far, in order."""
        return self._rows

    def group(self, most: int = GROUP) -> int:
        """Return how many calls to ask together: no more than the caps leave room for."""
        terms, counts = self.terms, self._counts
        if terms.candidates is not None:
            most = min(most, terms.candidates - len(self._rows) - len(self._rejects))
        if terms.budget_usd is not None and counts.spent_usd:
            each = counts.spent_usd / max(counts.calls, 1)
            most = min(most, int((terms.budget_usd - counts.spent_usd) / each))
        return max(most, 1)

    def groups(self, rows: Sequence[Row], most: int) -> Iterator[list[Row]]:
        """Yield `rows` in order, as many at a time as the caps leave room for."""
        start = 0
        while start < len(rows):
            end = start + self.group(min(most, 2 * self.left))
            yield list(rows[start:end])
            start = end

    def prompt(self, name: str) -> Prompt:
        """Return the edited prompt of this name, or the file in the run's language."""
        edited = self.terms.prompts.get(name)
        return edited or prompts.load(STEP, name, self.terms.language)

    def ask(
        self,
        name: str,
        filled: Sequence[Mapping[str, str]],
        *,
        parents: Sequence[Mapping[str, Any]] | None = None,
        sampling: Sampling | None = None,
        via: Client | None = None,
        count: bool = True,
        whole: bool = True,
    ) -> list[Said | None]:
        """Ask with a prompt, once for each set of fields; None where the reply is unusable.

        An unusable reply is a reject unless `count` is off; what `parents` says of a row goes
        with it. A reply that was cut at the limit of tokens is unusable unless `whole` is off, as
        for lists, which are read without their last item, and for a word that is looked for.
        """
        prompt = self.prompt(name)
        conversations = [prompt.messages(**fields) for fields in filled]
        return self.converse(
            name,
            conversations,
            parents=parents,
            sampling=sampling,
            via=via,
            count=count,
            whole=whole,
        )

    def converse(
        self,
        name: str,
        conversations: Sequence[list[dict[str, str]]],
        *,
        parents: Sequence[Mapping[str, Any]] | None = None,
        sampling: Sampling | None = None,
        via: Client | None = None,
        count: bool = True,
        whole: bool = True,
    ) -> list[Said | None]:
        """Ask with whole conversations, as `ask` does with a prompt's fields."""
        how = sampling or Sampling()
        if not conversations:
            return []
        requests = [self._request(messages, how) for messages in conversations]
        self._step = name
        told = self._complete(requests, via or self.client)
        found: list[Said | None] = []
        for number, request in enumerate(requests):
            reply = told.get(number)
            if reply is None:  # the run was stopped before it came
                found.append(None)
                continue
            said, wrong = read(reply, request.messages, name)
            wrong = wrong or (CUT if whole and said.cut else "")
            if wrong and count:
                self.reject(wrong, said, parents[number] if parents else {})
            found.append(None if wrong else said)
        if len(told) < len(requests):
            raise _OverError(self._because or "stopped")
        return found

    def offer(self, candidates: Sequence[Candidate]) -> list[str]:
        """Keep what passes, in order, until N are kept; return the reason of each, "" if kept."""
        reasons = self._judged(candidates)
        for number, candidate in enumerate(candidates):
            if not reasons[number] and not self.left:
                reasons[number] = NOT_NEEDED
            if reasons[number]:
                self.reject(reasons[number], candidate.said, candidate.row)
                continue
            row = {"source": self._made["method"], "round": self.round, **candidate.row}
            self._rows.append(row | {"recipe": self.recipe, "key": candidate.said.key})
            self._lately.append(True)
            self._bar.update(1)
        if not self.left:
            raise _OverError(f"kept {self.keep}")
        return reasons

    def reject(
        self, reason: str, said: Said | None, row: Mapping[str, Any], *, evidence: str = ""
    ) -> None:
        """Write down a candidate that is not kept."""
        texts = {name: str(row.get(name, "") or "") for name in records.TEXTS}
        entry = {"reason": reason, "evidence": evidence, **texts, "parent": row.get("parent")}
        if said is not None:
            entry |= {"step": said.step, "prompt": said.asked, "reply": said.raw, "key": said.key}
        self._rejects.append(entry | {"round": self.round})
        self._lately.append(False)

    def result(self) -> Synthesised:
        """Return what was made."""
        counts = self._counts
        return Synthesised(
            examples=records.frame(self._rows),
            rejects=rejected(self._rejects),
            stopped_because=self._because,
            calls=counts.calls,
            cost_usd=counts.spent_usd,
            tokens=(counts.prompt_tokens, counts.completion_tokens),
            made=self._made,
        )

    def _request(self, messages: list[dict[str, str]], how: Sampling) -> Request:
        """Return a request; the same question asked again is another draw."""
        mark = hashing.digest(messages)
        draw = self._counts.asked[mark]
        self._counts.asked[mark] += 1
        return Request(
            messages,
            temperature=how.temperature,
            top_p=how.top_p,
            max_tokens=min(how.max_tokens, self.terms.max_tokens or how.max_tokens),
            stop=how.stop,
            extra=how.extra,
            seed=self.terms.seed or None,
            draw=draw,
        )

    def _complete(self, requests: list[Request], client: Client) -> dict[int, Completion]:
        """Ask and wait; return what came by position, less than all if the run was stopped."""
        self._check(requests)
        job = client.start(requests)
        try:
            while not job.wait(LOOK_S):
                if self._watched(requests, job):
                    job.pause()
                    self._because = "stopped by hand"
                    break
        except KeyboardInterrupt:
            job.pause()
            raise
        told = dict(job.rows_so_far)
        if not self._because:
            try:
                job.result()
            except CallError as error:
                self._because = f"calls: {error}"
        for reply in told.values():
            self._count(reply)
        return told

    def _count(self, reply: Completion) -> None:
        counts = self._counts
        counts.calls += 1
        counts.failed += reply.error is not None
        counts.spent_usd += reply.cost_usd or 0.0
        counts.unknown += reply.cost_usd is None
        counts.prompt_tokens += reply.prompt_tokens
        counts.completion_tokens += reply.completion_tokens

    def _check(self, requests: list[Request]) -> None:
        """Raise if a cap or a limit is met, or if the watcher says stop."""
        terms, total = self.terms, len(self._rows) + len(self._rejects)
        if terms.candidates is not None and total >= terms.candidates:
            raise _OverError(f"cap: candidates={terms.candidates}")
        if terms.budget_usd is not None and self._counts.spent_usd >= terms.budget_usd * 0.999:
            raise _OverError(f"cap: budget_usd={terms.budget_usd:g}")
        if terms.minutes is not None and time.monotonic() - self._began > 60 * terms.minutes:
            raise _OverError(f"cap: minutes={terms.minutes:g}")
        share = sum(self._lately) / max(len(self._lately), 1)
        if len(self._lately) == WINDOW and share < terms.min_acceptance:
            raise _OverError(
                f"acceptance {share:.3f} of the last {WINDOW} candidates is under "
                f"min_acceptance={terms.min_acceptance:g}"
            )
        if self._watched(requests, None):
            raise _OverError("stopped by hand")

    def _watched(self, requests: list[Request], job: Job | None) -> bool:
        if self.terms.watch is None:
            return False
        counts, now = self._counts, job.snapshot() if job else None
        reasons = Counter(entry["reason"] for entry in self._rejects)
        last = self._rows[-SAMPLES:]
        shown = Progress(
            kept=len(self._rows),
            keep=self.keep,
            rejected=len(self._rejects),
            calls=counts.calls + (now.done if now else 0),
            failed=counts.failed + (now.failed if now else 0),
            spent_usd=counts.spent_usd + (now.spent_usd if now else 0.0),
            elapsed_s=time.monotonic() - self._began,
            reasons=dict(reasons.most_common()),
            samples=tuple((str(row["instruction"]), str(row["output"])) for row in last),
            asking=tuple(requests),
            step=self._step,
        )
        return bool(self.terms.watch(shown))

    def _judged(self, candidates: Sequence[Candidate]) -> list[str]:
        """Return the first reason against each candidate, "" where there is none."""
        reasons, keys = [], []
        for candidate in candidates:
            row = {"history": [], "input": "", **candidate.row}
            texts = [str(row[name]) for name in records.TEXTS]
            key = hashing.example_id(row["history"], *texts)
            trouble = next((found for text in texts if (found := unusable(text))), "")
            if not trouble and not (texts[0].strip() and texts[2].strip()):
                trouble = "empty"
            if not trouble and (key in self._known or key in keys):
                trouble = "duplicate"
            reasons.append(trouble)
            keys.append(key)
        open_rows = [number for number, reason in enumerate(reasons) if not reason]
        if open_rows and self._accept:
            frame = records.frame([dict(candidates[number].row) for number in open_rows])
            for name, one in self._accept.items():
                mask = one(frame)
                for number, good in zip(open_rows, mask.to_numpy(dtype=bool), strict=True):
                    if not good and not reasons[number]:
                        reasons[number] = name
        self._known |= {key for key, reason in zip(keys, reasons, strict=True) if not reason}
        return reasons


def _named(one: Any) -> Any:
    """Return a filter in a form that can be hashed: its name, and what it was given."""
    if isinstance(one, partial):
        given = {str(name): str(value) for name, value in one.keywords.items()}
        return [_named(one.func), [str(value) for value in one.args], given]
    return f"{getattr(one, '__module__', '')}.{getattr(one, '__qualname__', type(one).__name__)}"
