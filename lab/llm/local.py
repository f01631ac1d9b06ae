"""A local model as a client: no server, the same store, jobs and parsers.

Requests that are under way together are generated in one batch. Every row is sampled by a
generator of its own, seeded by the request, so a reply does not depend on its batch or its place.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from lab import models
from lab.llm.client import Client
from lab.llm.generation import Generator
from lab.llm.session import Limits
from lab.llm.store import Store
from lab.llm.wire import Here, Server

if TYPE_CHECKING:
    import torch

BASE_URL = "http://local/v1"
GATHER_S = 0.01  # how long the first request of a batch waits for others


def local(
    model: str | Path,
    *,
    batch_size: int = 16,
    device: "str | torch.device | None" = None,
    store: str | Path | Store | None = None,
) -> Client:
    """Return a client whose replies are generated in this process by `transformers`.

    Parameters
    ----------
    model : str or Path
        A folder with a causal language model and its tokenizer, or a hub name. A model with a
        chat template is asked through it; without one, the contents are joined by blank lines.
    batch_size : int
        Requests generated together, 1 or more.
    device : str or torch.device, optional
        Where it runs; by default a GPU if there is one.
    store : str, Path or Store, optional
        As in `Client`. A folder is known by the hash of its weights, a hub name by the name.

    Raises
    ------
    ValueError
        If `batch_size` is below 1.

    Examples
    --------
    >>> from lab import llm, paths
    >>> client = local(paths.base_model(), store=":memory:")
    >>> turn = [{"role": "user", "content": "the capital of France is"}]
    >>> client.complete([llm.Request(turn, max_tokens=4)])[0].prompt_tokens
    6
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
    folder = Path(model)
    name = folder.name if folder.is_dir() else str(model)
    provider = f"local/{models.identity(model)}"
    here = Here(_transport, str(model), batch_size, device)
    return Client(
        name,
        base_url=Server(BASE_URL, provider=provider, transport=here, origin=models.origin(model)),
        store=store,
        limits=Limits(max_in_flight=2 * batch_size, max_tries=1, timeout_s=86_400.0),
    )


def _transport(model: str, batch_size: int, device: Any) -> "_Transport":
    return _Transport(Generator(model, device=device), batch_size)


class GenerationError(RuntimeError):
    """The model could not be loaded or run; it becomes the error of the completion."""


@dataclass
class _Waiting:
    body: dict[str, Any]
    reply: "asyncio.Future[dict[str, Any]]"


class _Transport(httpx2.AsyncBaseTransport):
    """Takes requests of the protocol, and hands them to the model in batches."""

    def __init__(self, generator: Generator, batch_size: int) -> None:
        self._generator, self._batch_size = generator, batch_size
        self._queue: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    def stop_when(self, asked: Callable[[], bool]) -> None:
        """Give up what is generated, and all that waits, as soon as `asked` says so."""
        self._generator.stopping = asked

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Wait for the batch that this request falls into."""
        body = json.loads(await request.aread())
        waiting = _Waiting(body, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())
        try:
            return httpx2.Response(200, json=await waiting.reply)
        except (
            ValueError,
            GenerationError,
        ) as error:  # the prompt does not fit, or the model fails
            status = 400 if isinstance(error, ValueError) else 500
            return httpx2.Response(status, json={"error": {"message": str(error)}})

    async def _drain(self) -> None:
        try:
            while self._queue:
                await asyncio.sleep(GATHER_S)
                batch, self._queue = (
                    self._queue[: self._batch_size],
                    self._queue[self._batch_size :],
                )
                await self._answer(batch)
        finally:  # after an error, too: others wait
            self._task = None
            if self._queue:
                self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        bodies = [waiting.body for waiting in batch]
        try:
            replies = await asyncio.to_thread(self._generator.replies, bodies)
        except BaseException as error:
            for waiting in batch:
                if not waiting.reply.done():
                    waiting.reply.set_exception(GenerationError(f"{type(error).__name__}: {error}"))
            raise
        for waiting, reply in zip(batch, replies, strict=True):
            if waiting.reply.done():
                continue
            if isinstance(reply, ValueError):
                waiting.reply.set_exception(reply)
            else:
                waiting.reply.set_result(reply)
