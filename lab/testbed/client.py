"""An ordinary client whose server is the teacher in this process: no port, no set-up, no key."""

from pathlib import Path

import httpx2

from lab import llm, origins
from lab.llm.wire import Here
from lab.testbed.teacher import BrokenOffError, Teacher, TeacherServer, Traffic

MODEL = "teacher"
BASE_URL = "http://testbed/v1"
PRICE = llm.Price(input_usd=1.0, output_usd=4.0)  # made up, so that budgets have something to hold


def client(
    teacher: Teacher | None = None,
    *,
    traffic: Traffic | None = None,
    model: str = MODEL,
    store: str | Path | llm.Store | None = None,
    budget_usd: float | None = None,
    limits: llm.Limits | None = None,
) -> "TeacherClient":
    """Return a client for a simulated teacher, rater or judge.

    Replies depend on the teacher's settings and the request alone, and are stored under a name
    made of the settings: another client with the same settings finds them.

    Parameters
    ----------
    teacher : Teacher
        Skill, noise and biases; by default a perfect one.
    traffic : Traffic
        Latency, rate limits and faults; by default none.
    model : str
        The name it goes by.
    store, budget_usd, limits
        As in `llm.Client`; prices are made up.

    Examples
    --------
    >>> asked = llm.Request([{"role": "user", "content": "What is 2 plus 3?"}])
    >>> client(store=":memory:").complete([asked])[0].text
    '2 plus 3 is 5. Answer: 5.'
    """
    server = TeacherServer(teacher or Teacher(), traffic or Traffic(), models=(model,))
    return TeacherClient(server, model=model, store=store, budget_usd=budget_usd, limits=limits)


class TeacherClient(llm.Client):
    """A client that knows its server: `client.server_log` is the server's own account."""

    def __init__(
        self,
        server: TeacherServer,
        *,
        model: str,
        store: str | Path | llm.Store | None,
        budget_usd: float | None,
        limits: llm.Limits | None,
    ) -> None:
        self.server_log = server.log
        place = llm.Server(
            BASE_URL,
            provider=server.teacher.name,
            transport=Here(InProcess, server),
            origin=origins.TESTBED,
        )
        super().__init__(
            model,
            base_url=place,
            store=store,
            prices={model: PRICE},
            budget_usd=budget_usd,
            limits=limits,
        )


class InProcess(httpx2.ASGITransport):
    """The way to a server in this process; what breaks off there breaks off here."""

    def __init__(self, server: TeacherServer) -> None:
        super().__init__(app=server.app)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Hand the request to the app."""
        try:
            return await super().handle_async_request(request)
        except BrokenOffError as error:
            raise httpx2.ReadError(f"the server broke off: {error}", request=request) from error
