"""The one way to a language model: ask, and pay only for what was not asked before.

    client = llm.Client("gpt-4.1-mini", budget_usd=2.0)
    replies = client.complete([llm.Request([{"role": "user", "content": "Hello"}])])

Plain calls outside, an event loop in a thread of its own inside: the same code runs in a notebook,
in a script and in a thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from lab.llm import estimate, replies, request, wire
from lab.llm.estimate import Counter, Estimate
from lab.llm.job import Job
from lab.llm.limiter import Limiter
from lab.llm.money import Ledger
from lab.llm.pricing import Price
from lab.llm.request import Completion, Request
from lab.llm.store import Store
from lab.llm.wire import Server
from lab.llm.writer import Writer

REFRESH_S = 0.1


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


class Client:
    """Calls to one server, through the store, within a budget.

    Parameters
    ----------
    model : str
        The model's name on the server.
    base_url : str or Server, optional
        An OpenAI-compatible server, such as `http://localhost:8000/v1`; OpenAI's own by default,
        with the key from `OPENAI_API_KEY`. For another server's key pass
        `llm.Server(url, key_variable="ITS_KEY")`.
    store : str, Path or Store, optional
        The file of replies; by default the one in the data folder.
    prices : mapping from model to Price, optional
        Read before the table that ships with the package.
    budget_usd : float, optional
        A cap on what this client spends; it is never passed.
    limits : Limits
        Calls at once, tries, timeouts.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | Server | None = None,
        store: str | Path | Store | None = None,
        prices: Mapping[str, Price] | None = None,
        budget_usd: float | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.model = model
        if base_url is None:
            base_url = Server(wire.OPENAI_URL, key_variable=wire.OPENAI_KEY)
        self.server = base_url if isinstance(base_url, Server) else Server(base_url)
        self.store = store if isinstance(store, Store) else Store(store)
        self.limits = limits or Limits()
        self.ledger = Ledger(prices, budget_usd)
        self.writer = Writer(self.store)
        self.job: Job | None = None  # the last one that was started
        self._limiters: dict[str, Limiter] = {}
        self._refused: dict[str, set[str]] = {}

    def __repr__(self) -> str:
        return f"Client({self.model!r}, base_url={self.server.base_url!r})"

    @property
    def spent_usd(self) -> float:
        """Return what this client has spent, tries that may have been billed included."""
        return self.ledger.spent_usd + self.ledger.uncertain_usd

    def complete(self, requests: Sequence[Request], *, batch: bool = False) -> list[Completion]:
        """Ask, wait, and return one completion per request, in their order.

        A failed call is a completion with an `error`; nothing is dropped. An interrupt frees the
        cell and leaves `client.job` paused.

        Parameters
        ----------
        requests : sequence of Request
            What is asked.
        batch : bool
            Hand the requests in as batches: half the price, and up to a day of waiting.

        Raises
        ------
        CallError
            If the job stopped before its end; the same call goes on from there.
        """
        job = self.start(requests, batch=batch)
        with tqdm(total=len(requests), unit="call", delay=0.5) as bar:
            try:
                while not job.wait(REFRESH_S):
                    _show(bar, job)
            except KeyboardInterrupt:
                job.pause()
                raise
            _show(bar, job)
        return job.result()

    def start(self, requests: Sequence[Request], *, batch: bool = False) -> Job:
        """Ask, and return at once with the job that waits for the answers."""
        for number, asked in enumerate(requests):
            if not isinstance(asked, Request):
                raise TypeError(f"requests must hold Request, got {asked!r} at {number}")
        self.job = Job(self, list(requests), batch=batch)
        return self.job

    def estimate(
        self,
        requests: Sequence[Request],
        *,
        pilot: int = 20,
        count_tokens: Counter | None = None,
        seed: int = 0,
    ) -> Estimate:
        """Ask a pilot of `requests`, and say what all will cost; see `lab.llm.estimate`."""
        return estimate.estimate(self, requests, pilot=pilot, count_tokens=count_tokens, seed=seed)

    def stored(self, requests: Sequence[Request]) -> dict[int, Completion]:
        """Return what the store has, by position in `requests`; makes no call."""
        keys = [
            request.call(asked, self.model, provider=self.server.provider).key for asked in requests
        ]
        known = self.store.find(list(dict.fromkeys(keys)))
        return {
            row: replies.completion(known[key], cached=True)
            for row, key in enumerate(keys)
            if key in known
        }

    def limiter(self, model: str) -> Limiter:
        """Return the window of calls to `model`."""
        if model not in self._limiters:
            self._limiters[model] = Limiter(self.limits.max_in_flight)
        return self._limiters[model]

    def learn(self, sent: Mapping[str, Any], trouble: wire.Trouble) -> bool:
        """Remember a parameter of `sent` that the server refused; say whether to try again."""
        for name in wire.REPLACEABLE:
            if name in sent and (trouble.parameter == name or name in trouble.message):
                self._refused.setdefault(sent["model"], set()).add(name)
                return True
        return False

    def sent(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request's body as this server takes it."""
        return wire.adapted(body, self._refused.get(body["model"], set()))


def _show(bar: "tqdm[Any]", job: Job) -> None:
    now = job.snapshot()
    notes = {"failed": now.failed, "retried": now.retried, "usd": round(now.spent_usd, 4)}
    bar.set_postfix({name: value for name, value in notes.items() if value}, refresh=False)
    bar.update(now.done - bar.n)
