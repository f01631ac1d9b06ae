"""How the teacher answers, and how its server behaves: what a test can plant, and then find again.

The replies depend on `Teacher` and the request alone; `Traffic` and `Faults` change when and
whether they arrive.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from lab import hashing

VERSION = 1  # raise it when replies change


@dataclass(frozen=True)
class Teacher:
    """A simulated teacher, rater and judge. Points are those of `testbed.grade`, 0 to 5.

    Parameters
    ----------
    skill : float
        Share of the world's questions that it answers rightly, 0 to 1; else it errs in the
        convention of a good answer.
    noise : float
        Of its gradings, >= 0: the standard deviation of a rating in points, and the scale of the
        logistic error of a comparison. With `noise=1`, the biases below are log-odds.
    verbosity_bias : float
        Points for each doubling of an answer's words.
    position_bias : float
        Points for the answer that is shown first.
    self_preference : float
        Points for an answer that is word for word its own.
    seed : int
        Another teacher with the same settings, that errs elsewhere.
    laziness : float
        Share of the data it is to make that it makes badly, 0 to 1: it copies, changes nothing,
        asks for pictures, says it is sorry, or repeats our own words.
    thinks : bool
        Whether it shows its thoughts before it answers a question.

    Examples
    --------
    >>> Teacher(skill=0.8, position_bias=0.2).noise
    0.0
    """

    skill: float = 1.0
    noise: float = 0.0
    verbosity_bias: float = 0.0
    position_bias: float = 0.0
    self_preference: float = 0.0
    seed: int = 0
    laziness: float = 0.0
    thinks: bool = False

    def __post_init__(self) -> None:
        """Check the bounds."""
        for name in ("skill", "laziness"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, got {getattr(self, name)}")
        if not self.noise >= 0:
            raise ValueError(f"noise must be 0 or more, got {self.noise}")

    @property
    def name(self) -> str:
        """Return a name that is the same for the same replies."""
        return "testbed/" + hashing.digest({"version": VERSION, **asdict(self)}, digits=16)


@dataclass(frozen=True)
class Faults:
    """What share of calls goes wrong, each from 0 to 1, together at most 1.

    Examples
    --------
    >>> Faults(server_error=0.1).server_error
    0.1
    """

    too_many: float = 0.0  # 429 with Retry-After
    too_many_bare: float = 0.0  # 429 without
    server_error: float = 0.0  # 500
    unavailable: float = 0.0  # 503
    dropped: float = 0.0  # the connection closes before the reply
    truncated: float = 0.0  # … in the middle of it
    malformed: float = 0.0  # a broken JSON text
    wrong_type: float = 0.0  # a page of HTML with status 200
    hung: float = 0.0  # nothing comes, ever

    def __post_init__(self) -> None:
        """Check the bounds."""
        shares = [getattr(self, part.name) for part in fields(self)]
        if min(shares) < 0 or sum(shares) > 1 + 1e-9:
            raise ValueError(f"shares of faults must be 0 or more and sum to 1 at most, got {self}")

    def draw(self, chance: float) -> str | None:
        """Return the fault that a number from 0 to 1 falls on, or None."""
        for part in fields(self):
            chance -= getattr(self, part.name)
            if chance < 0:
                return part.name
        return None


@dataclass(frozen=True)
class Traffic:
    """How the server behaves.

    Parameters
    ----------
    latency_s : float
        Mean time to a reply, in seconds.
    latency_spread : float
        Standard deviation of its logarithm; 0 makes every reply take `latency_s`.
    requests_per_minute, tokens_per_minute : float, optional
        Limits, refilled evenly; above them a call gets a 429 and the headers say what is left.
    retry_after_s : float
        What a 429 with `Retry-After` asks to wait.
    faults : Faults
        What goes wrong.
    batch_s : float
        How long a batch takes.
    batch_share : float
        Share of a batch that is done when it ends; below 1 it ends as expired.
    takes_schema : bool
        Whether the server knows `response_format`; else it refuses it with a 400.
    seed : int
        Of the faults and the latencies.

    Examples
    --------
    >>> Traffic(latency_s=0.1, faults=Faults(server_error=0.1)).faults.server_error
    0.1
    """

    latency_s: float = 0.0
    latency_spread: float = 0.0
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    retry_after_s: float = 0.05
    faults: Faults = field(default_factory=Faults)
    batch_s: float = 0.0
    batch_share: float = 1.0
    takes_schema: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the bounds."""
        for name in ("latency_s", "latency_spread", "retry_after_s", "batch_s"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)}")
        for name in ("requests_per_minute", "tokens_per_minute"):
            value: Any = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        if not 0 <= self.batch_share <= 1:
            raise ValueError(f"batch_share must be from 0 to 1, got {self.batch_share}")
