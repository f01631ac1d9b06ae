"""What all methods of the family take and give back: terms, progress, and what was made.

Source: none; the form in which every method of this part can stop at exactly N.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from lab import records, runs
from lab.errors import DataError
from lab.llm import prompts

if TYPE_CHECKING:
    from lab.llm import Price, Request
    from lab.llm.prompts import Prompt

STEP = "synth"
NOT_NEEDED = "not needed: enough are kept"
REJECT_COLUMNS = (
    *("reason", "evidence", *records.TEXTS, "parent", "step", "prompt", "reply", "key", "round"),
)

Accept = Mapping[str, Callable[[pd.DataFrame], "pd.Series[bool]"]]  # name of the reason -> filter


@dataclass(frozen=True)
class Progress:
    """Where a run stands; what a bar or a widget shows.

    Examples
    --------
    >>> from lab import synth, testbed
    >>> seen = []
    >>> terms = Terms(watch=seen.append)
    >>> _ = synth.alpaca(testbed.pool(12), testbed.client(store=":memory:"), keep=3, terms=terms)
    >>> seen[0].kept, seen[0].keep
    (0, 3)
    """

    kept: int
    keep: int
    rejected: int
    calls: int  # that were answered or failed, the stored ones among them
    failed: int  # calls that brought nothing
    spent_usd: float
    elapsed_s: float
    reasons: Mapping[str, int]  # rejects by reason
    samples: tuple[tuple[str, str], ...]  # last kept: instruction and output, model-made text
    asking: "tuple[Request, ...]"  # what is asked now, or about to be
    step: str  # the prompt that it is asked with

    @property
    def acceptance(self) -> float:
        """Return the share of candidates that were kept, 0 to 1; NaN before the first."""
        total = self.kept + self.rejected
        return self.kept / total if total else float("nan")


@dataclass(frozen=True)
class Terms:
    """What a run may cost, where it stops, and what it is made with.

    Parameters
    ----------
    seed : int
        Of every draw; the same seed and the same replies give the same result.
    language : str
        `en` or `zh`: of the prompts, of the rules on length, and of how words are told apart.
    prompts : mapping of name to Prompt
        Used in place of the files of those names: how an edited prompt is sent.
    candidates : int, optional
        Stop after about this many candidates, kept or not; the last calls are not cut.
    budget_usd : float, optional
        Stop before this much is spent; what the store holds costs nothing.
    minutes : float, optional
        Stop after this long.
    max_tokens : int, optional
        Longest reply, where that is less than what the method asks for. A reply that is cut there
        is a reject; a list is read without its last item.
    min_acceptance : float
        Stop when fewer than this share of the last 200 candidates were kept, 0 to 1.
    watch : callable, optional
        Shown the `Progress` before each group of calls and while it runs; True stops.

    Examples
    --------
    >>> Terms(candidates=100, minutes=2).language
    'en'
    """

    seed: int = 0
    language: str = "en"
    prompts: "Mapping[str, Prompt]" = field(default_factory=dict)
    candidates: int | None = None
    budget_usd: float | None = None
    minutes: float | None = None
    max_tokens: int | None = None
    min_acceptance: float = 0.01
    watch: Callable[[Progress], bool | None] | None = None

    def __post_init__(self) -> None:
        """Check the bounds."""
        if self.language not in prompts.LANGUAGES:
            known = ", ".join(prompts.LANGUAGES)
            raise ValueError(f"language must be one of {known}, got {self.language!r}")
        for name in ("candidates", "budget_usd", "minutes", "max_tokens"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        if not 0 <= self.min_acceptance <= 1:
            raise ValueError(f"min_acceptance must be from 0 to 1, got {self.min_acceptance}")

    def plain(self) -> dict[str, Any]:
        """Return what changes the result, in a form that can be hashed."""
        names = ["seed", "language", "candidates", "budget_usd", "minutes", "min_acceptance"]
        names += ["max_tokens"] if self.max_tokens is not None else []
        edited = {name: [list(part) for part in one.sections] for name, one in self.prompts.items()}
        return {name: getattr(self, name) for name in names} | {"prompts": edited}


@dataclass(frozen=True, eq=False)
class Synthesised:
    """What was made, and what was not kept; unpacks as `examples, rejects`.

    Attributes
    ----------
    examples : DataFrame
        A pool, with `parent`, `recipe` (the id that `save` records it under) and further columns.
    rejects : DataFrame
        One row per candidate that was not kept: `reason`, `evidence`, its texts as far as there
        are any, `parent`, `step` (the prompt that was sent), `prompt`, `reply` (raw), `key`.
    stopped_because : str
        `kept N`, or which cap or limit was met.

    Examples
    --------
    >>> from lab import synth, testbed
    >>> made = synth.alpaca(testbed.pool(12), testbed.client(store=":memory:"), keep=3)
    >>> examples, rejects = made
    >>> len(examples), "reason" in rejects
    (3, True)
    """

    examples: pd.DataFrame
    rejects: pd.DataFrame
    stopped_because: str
    calls: int
    cost_usd: float
    tokens: tuple[int, int]  # of prompts and of replies, stored calls included
    made: Mapping[str, Any]  # method, params, inputs: what `save` records

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return iter((self.examples, self.rejects))

    @property
    def acceptance(self) -> float:
        """Return the share of candidates that were kept, 0 to 1; NaN if there were none."""
        total = len(self.examples) + len(self.rejects)
        return len(self.examples) / total if total else float("nan")

    @property
    def reasons(self) -> "pd.Series[int]":
        """Return how many candidates fell for each reason, most frequent first."""
        return self.rejects["reason"].value_counts().rename("rejects")

    def forecast(self, keep: int, price: "Price | None" = None) -> dict[str, float]:
        """Say what `keep` examples would take at the rate of this run.

        Parameters
        ----------
        keep : int
            Examples wanted, at least 1.
        price : llm.Price, optional
            Of the model that would be asked, this one or another.

        Returns
        -------
        dict
            `calls`, `prompt_tokens`, `completion_tokens`, with a price `usd`; and `calls_low`,
            `calls_high`, `usd_low` and `usd_high` from the 95 % interval (Wilson) of the rate of
            acceptance, which is wide after few candidates.

        Raises
        ------
        ValueError
            If nothing was kept in this run, so that there is no rate to go by.
        """
        spare = int((self.rejects["reason"] == NOT_NEEDED).sum())  # would have been kept
        kept, total = len(self.examples) + spare, len(self.examples) + len(self.rejects)
        if not kept:
            raise ValueError(f"nothing was kept of {total} candidates, so nothing can be said")
        names = ("calls", "prompt_tokens", "completion_tokens")
        spent = dict(zip(names, (self.calls, *self.tokens), strict=True))
        found = {name: value * keep / kept for name, value in spent.items()}
        low, high = _wilson(kept, total)
        found |= {"calls_low": found["calls"] * kept / total / high}
        found |= {"calls_high": found["calls"] * kept / total / low}
        if price is not None:
            usd = price.cost_usd(found["prompt_tokens"], found["completion_tokens"])
            found |= {"usd": usd, "usd_low": usd * kept / total / high}
            found |= {"usd_high": usd * kept / total / low}
        return found

    def save(self) -> str:
        """Record examples and rejects as a run of the step `synth`; return its id."""
        made = self.made
        with runs.start(STEP, made["method"], made["params"], made["inputs"]) as run:
            run.save("examples", self.examples)
            run.save("rejects", self.rejects)
            run.log(kept=len(self.examples), rejected=len(self.rejects), calls=self.calls)
            run.log(cost_usd=self.cost_usd, stopped_because=self.stopped_because)
        return run.id

    def __repr__(self) -> str:
        return (
            f"Synthesised({len(self.examples)} kept, {len(self.rejects)} rejected, "
            f"{self.calls} calls, {self.cost_usd:.4f} USD; stopped: {self.stopped_because})"
        )


def _wilson(kept: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    z = 1.959964
    middle, share = z * z / total, kept / total
    half = z * (share * (1 - share) / total + middle / total / 4) ** 0.5
    return (share + middle / 2 - half) / (1 + middle), (share + middle / 2 + half) / (1 + middle)


def rejected(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rejects as a frame with the columns of all rejects."""
    frame = pd.DataFrame(rows, columns=list(REJECT_COLUMNS))
    texts = [name for name in REJECT_COLUMNS if name != "round"]
    return frame.astype(dict.fromkeys(texts, "str")).rename_axis("candidate")


def check_pool(pool: pd.DataFrame, name: str) -> None:
    """Raise DataError unless `pool` has rows and the columns of a pool."""
    missing = [column for column in records.COLUMNS if column not in pool.columns]
    if missing:
        raise DataError(f"{name} needs the column {missing[0]!r}; it has {list(pool.columns)}")
    if not len(pool):
        raise DataError(f"{name} must hold at least one row, got none")


def rows_of(pool: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what a pool's rows ask and answer, in order: `id`, `history` and the three texts."""
    names = ["history", *records.TEXTS]
    columns = [[str(key) for key in pool.index], *(pool[name].tolist() for name in names)]
    return [dict(zip(["id", *names], values, strict=True)) for values in zip(*columns, strict=True)]
