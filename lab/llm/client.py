"""The one way to a language model: ask, and pay only for what was not asked before.

    client = llm.Client("gpt-4.1-mini", budget_usd=2.0)
    replies = client.complete([llm.Request([{"role": "user", "content": "Hello"}])])

Plain calls outside, an event loop in a thread of its own inside: the same code runs in a notebook,
in a script and in a thread.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from lab.llm import estimate, replies, wire
from lab.llm.estimate import Counter, Estimate
from lab.llm.job import Job
from lab.llm.money import Ledger
from lab.llm.pricing import Price
from lab.llm.request import Completion, Request
from lab.llm.session import Limits, Session
from lab.llm.store import Store
from lab.llm.wire import Server

REFRESH_S = 0.1


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

    Examples
    --------
    >>> client = Client("gpt-5-mini", store=":memory:", budget_usd=2.0)
    >>> client, client.spent_usd
    (Client('gpt-5-mini', base_url='https://api.openai.com/v1'), 0.0)
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
        if base_url is None:
            base_url = Server(wire.OPENAI_URL, key_variable=wire.OPENAI_KEY)
        self.session = Session(
            model,
            base_url if isinstance(base_url, Server) else Server(base_url),
            store=store if isinstance(store, Store) else Store(store),
            limits=limits or Limits(),
            ledger=Ledger(prices, budget_usd),
        )
        self.job: Job | None = None  # the last one that was started

    def __repr__(self) -> str:
        return f"Client({self.model!r}, base_url={self.server.base_url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Hand this client to another process as its settings: its store is the same file.

        Keys stay in the environment, and a local model is loaded anew. A budget, a store in memory
        or another server in this process cannot be shared.
        """
        ledger, where = self.session.ledger, self.session.server
        stays = where.transport is not None and not isinstance(where.transport, wire.Here)
        for held, why in (
            (ledger.budget_usd, f"a budget of {ledger.budget_usd} $ is kept by one process"),
            (str(self.store.path) == ":memory:", "its store is in the memory of this process"),
            (stays, "its server runs in this process; serve it over HTTP"),
        ):
            if held:
                raise TypeError(f"{self!r} cannot be handed to another process: {why}")
        path, limits = str(self.store.path), self.session.limits
        return _again, (self.model, where, path, ledger.prices, limits)

    @property
    def model(self) -> str:
        """Return the model that is asked where a request names none."""
        return self.session.model

    @property
    def server(self) -> Server:
        """Return where calls go."""
        return self.session.server

    @property
    def identity(self) -> list[str]:
        """Return what decides the replies beside the request: the record of a run holds it."""
        return [self.server.provider, self.model]

    @property
    def store(self) -> Store:
        """Return where replies are kept."""
        return self.session.store

    @property
    def spent_usd(self) -> float:
        """Return what this client has spent, tries that may have been billed included."""
        return self.session.ledger.used_usd

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
        self.job = Job(self.session, list(requests), batch=batch)
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
        return estimate.estimate(
            self.session,
            self.complete,
            requests,
            pilot=pilot,
            count_tokens=count_tokens,
            seed=seed,
        )

    def stored(self, requests: Sequence[Request]) -> dict[int, Completion]:
        """Return what the store has, by position in `requests`; makes no call."""
        calls = self.session.calls(requests)
        known = self.store.find(list(calls))
        return {
            row: replies.completion(reply, cached=True)
            for key, reply in known.items()
            for row in calls[key].rows
        }


def _show(bar: "tqdm[Any]", job: Job) -> None:
    now = job.snapshot()
    notes = {"failed": now.failed, "retried": now.retried, "usd": round(now.spent_usd, 4)}
    bar.set_postfix({name: value for name, value in notes.items() if value}, refresh=False)
    bar.update(now.done - bar.n)


def _again(model: str, where: Server, store: str, prices: Any, limits: Limits) -> Client:
    return Client(model, base_url=where, store=store, prices=prices, limits=limits)
