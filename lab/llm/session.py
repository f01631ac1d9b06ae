"""What all calls of one client share: server, limits, store, money, and what models refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.llm import parameters, request
from lab.llm.limiter import Limiter
from lab.llm.money import Ledger
from lab.llm.protocol import Trouble
from lab.llm.request import Call, Request
from lab.llm.store import Store
from lab.llm.wire import Server
from lab.llm.writer import Writer


@dataclass(frozen=True)
class Limits:
    """How hard a client may try.

    Parameters
    ----------
    max_in_flight : int
        Calls at once to one model; the client uses fewer while the server pushes back.
    max_tries : int
        Tries of one request before it counts as failed.
    timeout_s : float
        For one try.
    job_timeout_s : float, optional
        For a whole job.
    max_failure_rate : float
        A job stops when more than this share of its calls has failed …
    failures_after : int
        … once this many have ended.

    Examples
    --------
    >>> Limits(max_in_flight=8).max_tries
    6
    """

    max_in_flight: int = 64
    max_tries: int = 6
    timeout_s: float = 120.0
    job_timeout_s: float | None = None
    max_failure_rate: float = 0.5
    failures_after: int = 20

    def __post_init__(self) -> None:
        """Check the bounds."""
        for name in ("max_in_flight", "max_tries", "failures_after"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")
        for name in ("timeout_s", "job_timeout_s"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        if not 0 <= self.max_failure_rate <= 1:
            raise ValueError(f"max_failure_rate must be from 0 to 1, got {self.max_failure_rate}")


class Session:
    """One server and one store, with all that outlives a job; used by its client's jobs alone."""

    def __init__(
        self, model: str, server: Server, *, store: Store, limits: Limits, ledger: Ledger
    ) -> None:
        self.model, self.server, self.store = model, server, store
        self.limits, self.ledger = limits, ledger
        self.writer = Writer(store)
        self._limiters: dict[str, Limiter] = {}
        self._refused: dict[str, set[str]] = {}
        self._notes: list[str] = []

    def calls(self, requests: Sequence[Request]) -> dict[str, Call]:
        """Return each distinct request once, by its key, with the rows that wait for it."""
        calls: dict[str, Call] = {}
        for row, asked in enumerate(requests):
            call = request.call(asked, self.model, provider=self.server.provider)
            calls.setdefault(call.key, call).rows.append(row)
        return calls

    def limiter(self, model: str) -> Limiter:
        """Return the window of calls to `model`."""
        if model not in self._limiters:
            self._limiters[model] = Limiter(self.limits.max_in_flight)
        return self._limiters[model]

    def learn(self, trouble: Trouble) -> bool:
        """Remember a parameter that the server refused; say whether to try again without it."""
        name = parameters.refused_by(trouble)
        if name is None:
            return False
        model = trouble.sent["model"]
        if name not in self.refused(model):
            self.refused(model).add(name)
            if note := parameters.loss(model, name, trouble.sent[name]):
                self._notes.append(note)
        return True

    def refused(self, model: str) -> set[str]:
        """Return the parameters that a model does not take, as far as is known."""
        if model not in self._refused:
            self._refused[model] = parameters.known(model)
        return self._refused[model]

    def adapted(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request's body as this server takes it."""
        return parameters.adapted(body, self.refused(body["model"]))

    def notes(self) -> list[str]:
        """Return what a caller should be told, once."""
        notes, self._notes = self._notes, []
        return notes
