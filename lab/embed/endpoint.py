"""Vectors from a server that speaks the OpenAI protocol: `POST {base_url}/embeddings`."""

import json
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lab import hashing
from lab.embed import vectors
from lab.errors import CallError
from lab.llm import protocol, wire

if TYPE_CHECKING:
    import pandas as pd

TRIES = 5
LONGEST_WAIT = 60.0  # seconds between two tries, whatever a server asks for


def endpoint(
    texts: "pd.Series[str]",
    *,
    model: str,
    base_url: str,
    batch_size: int = 128,
    key_variable: str = "OPENAI_API_KEY",
    timeout_seconds: float = 60.0,
) -> vectors.Embedding:
    """Embed texts by a server; each vector is stored, so a text is paid for once.

    Parameters
    ----------
    texts : Series of str
        None of them blank. Equal texts are sent once.
    model : str
        The server's name for the model.
    base_url : str
        Up to and with the version, such as a local server's `/v1`.
    batch_size : int
        Texts in one request.
    key_variable : str
        Environment variable that holds the key; without it no key is sent.
    timeout_seconds : float
        For one request; a busy server is asked up to five times, and its `Retry-After` obeyed.

    Returns
    -------
    Embedding
        `vectors`, unit rows float32 (n, d) on the index of `texts`; how many were made and found.

    Raises
    ------
    DataError
        If a text is blank.
    CallError
        If the server refuses, stays busy, or answers with something else than vectors; vectors
        that came before are kept.

    Examples
    --------
    >>> import pandas as pd  # asks a server on this machine
    >>> texts = pd.Series(["Name a river."])
    >>> endpoint(texts, model="m", base_url="http://127.0.0.1:8000/v1").made  # doctest: +SKIP
    1
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    vectors.check_texts(texts)
    distinct = sorted(set(texts))
    name = hashing.digest(["endpoint", base_url, model], digits=hashing.ID_DIGITS)
    url = f"{base_url.rstrip('/')}/embeddings"
    with vectors.Store(name) as store, _client(key_variable, timeout_seconds) as client:
        missing = store.missing(distinct)
        for start in range(0, len(missing), batch_size):
            part = missing[start : start + batch_size]
            body = {"model": model, "input": part, "encoding_format": "float"}
            store.add(part, _ask(client, url, body, key_variable))
        return store.embedding(texts, made=len(missing), truncated=0)


def _client(key_variable: str, timeout_seconds: float) -> Any:
    """Return a client that sends the key; no frame that can fail holds it by name."""
    import httpx

    key = os.environ.get(key_variable)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(headers=headers, timeout=timeout_seconds)


def _ask(client: Any, url: str, body: dict[str, Any], key_variable: str) -> "np.ndarray[Any, Any]":
    """Return unit vectors, one per input, asking again while the server is busy."""
    import httpx

    trouble = ""
    for attempt in range(TRIES):
        pause = 0.5 * 2**attempt
        try:
            reply = client.post(url, json=body)
        except httpx.TransportError as error:
            trouble = f"{type(error).__name__}: {error}"
        else:
            text = wire.hidden(reply.text, os.environ.get(key_variable) or wire.NO_KEY)
            told = _trouble(reply.status_code, text, reply.headers)
            if told is None:
                return _vectors(text, len(body["input"]))
            trouble = f"status {reply.status_code}: {text[:200]}"
            if told.kind not in protocol.RETRIED:
                break
            pause = pause if told.wait_s is None else told.wait_s
        if attempt + 1 < TRIES:
            time.sleep(min(pause, LONGEST_WAIT))
    raise CallError(f"no embeddings from {url} ({trouble})")


def _trouble(status: int, text: str, headers: Mapping[str, str]) -> protocol.Trouble | None:
    """Return what a response says went wrong, by its status or inside it."""
    if status != 200:
        return protocol.refused(status, text, headers)
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return protocol.inner_error(found, text, headers)


def _vectors(text: str, wanted: int) -> "np.ndarray[Any, Any]":
    try:
        data = json.loads(text)["data"]
        if all("index" in item for item in data):
            data = sorted(data, key=lambda item: item["index"])
        rows = [item["embedding"] for item in data]
        made = np.asarray(rows, dtype=np.float32)
    except (ValueError, KeyError, TypeError) as error:
        raise CallError(f"the server's reply holds no vectors: {text[:200]}") from error
    length = np.linalg.norm(made, axis=1, keepdims=True) if made.ndim == 2 else np.zeros(1)
    if len(made) != wanted or not (np.isfinite(length).all() and (length > 0).all()):
        raise CallError(f"asked for {wanted} vectors, got {made.shape}: {text[:200]}")
    return np.asarray(made / length)
