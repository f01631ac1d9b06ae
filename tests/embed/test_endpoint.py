import importlib
import json
import threading
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lab import embed
from lab.errors import CallError, DataError

TEXTS = pd.Series(["one", "two", "three", "one"], index=list("abcd"))


@pytest.fixture(name="server")
def embeddings_server():
    """A server whose vectors are letter counts; `replies` is what it says before it obeys."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.seen.append((self.path, self.headers.get("Authorization"), body))
            status, payload, wait = (
                (*server.replies.pop(0), "0")[:3] if server.replies else (200, None, "0")
            )
            if payload is None:
                vectors = [[len(text), text.count("e") + 1.0] for text in body["input"]]
                data = [{"index": i, "embedding": v} for i, v in enumerate(vectors)]
                payload = json.dumps({"data": data[::-1]})
            self.send_response(status)
            self.send_header("Retry-After", wait)
            self.end_headers()
            self.wfile.write(payload.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.replies = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_vectors_are_unit_in_order_and_paid_for_once(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "k")
    X = embed.endpoint(TEXTS, model="m", base_url=server.url, batch_size=2, key_variable="MY_KEY")
    assert X.vectors.index.equals(TEXTS.index)
    expected = np.array([[3, 2], [3, 1], [5, 3], [3, 2]], dtype=float)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(X, expected, rtol=1e-6)
    assert [body["input"] for _, _, body in server.seen] == [["one", "three"], ["two"]]
    assert {(path, key) for path, key, _ in server.seen} == {("/v1/embeddings", "Bearer k")}
    more = pd.concat([TEXTS, pd.Series(["four"], index=["e"])])
    again = embed.endpoint(more, model="m", base_url=server.url)
    assert (again.made, again.found, again.truncated) == (1, 3, 0)
    assert server.seen[-1][2]["input"] == ["four"]


def test_a_busy_server_is_asked_again(server):
    server.replies = [(429, "slow down"), (503, "")]
    X = embed.endpoint(TEXTS, model="m", base_url=server.url)
    assert len(X) == 4
    assert len(server.seen) == 3


def test_an_error_inside_status_200_counts_as_its_code_says(server):
    busy = json.dumps({"error": {"message": "slow down", "code": 429}, "data": None})
    server.replies = [(200, busy), (200, busy)]
    assert len(embed.endpoint(TEXTS, model="m", base_url=server.url)) == 4
    assert len(server.seen) == 3
    final = json.dumps({"error": {"message": "No such model: x", "code": 404}})
    server.replies = [(200, final)]
    with pytest.raises(CallError, match="No such model: x"):
        embed.endpoint(TEXTS + "!", model="m", base_url=server.url)
    assert len(server.seen) == 4


@pytest.mark.parametrize("past", [False, True])
def test_a_wait_that_is_a_date_is_obeyed(server, monkeypatch, past):
    pauses = []
    module = importlib.import_module("lab.embed.endpoint")
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=pauses.append))
    moment = datetime.now(UTC) + timedelta(seconds=-60 if past else 20)
    server.replies = [(429, "slow down", format_datetime(moment, usegmt=True))]
    assert len(embed.endpoint(TEXTS, model="m", base_url=server.url)) == 4
    assert pauses == [pytest.approx(0 if past else 20, abs=3)]


def test_vectors_without_places_are_in_order(server):
    data = [{"embedding": [1.0, 0.0]}, {"embedding": [0.0, 1.0]}, {"embedding": [1.0, 1.0]}]
    server.replies = [(200, json.dumps({"data": data}))]
    X = embed.endpoint(TEXTS, model="m", base_url=server.url)  # asked in order: one, three, two
    np.testing.assert_allclose(X.vectors.loc["a"], [1, 0])
    np.testing.assert_allclose(X.vectors.loc["c"], [0, 1])


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((401, "no key"), "status 401: no key"),
        ((200, "{}"), "holds no vectors: {}"),
        ((200, '{"data": []}'), "asked for 3 vectors"),
        ((200, '{"data": null}'), "holds no vectors"),
        ((200, '{"data": [3, "x", null]}'), "holds no vectors"),
        ((200, '{"data": [{"index": 0, "embedding": [1, "x"]}]}'), "holds no vectors"),
        ((200, '{"data": [{"index": 0, "embedding": [0.0]}]}'), "asked for 3 vectors"),
    ],
)
def test_a_refusal_or_nonsense_is_an_error_with_the_reply(server, reply, message):
    server.replies = [reply]
    with pytest.raises(CallError, match=message):
        embed.endpoint(TEXTS, model="m", base_url=server.url)


@pytest.mark.parametrize("status", [200, 401])
def test_a_key_that_a_server_sends_back_is_not_shown(server, monkeypatch, status):
    key = "sk-test-PLANTED"
    monkeypatch.setenv("MY_KEY", key)
    server.replies = [(status, "x" * 180 + f"your key {key} is wrong")]  # cut in its middle
    with pytest.raises(CallError) as caught:
        embed.endpoint(TEXTS, model="m", base_url=server.url, key_variable="MY_KEY")
    frames = [frame.f_locals for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    inside = [seen for seen in frames if "monkeypatch" not in seen]
    shown = "".join(traceback.format_exception(caught.value)) + repr(inside)
    assert "xxx" in shown
    assert "sk-" not in shown


def test_blank_texts_and_empty_batches_are_named():
    with pytest.raises(DataError, match="1 texts are blank"):
        embed.endpoint(pd.Series([" "]), model="m", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ValueError, match="at least 1, got 0"):
        embed.endpoint(TEXTS, model="m", base_url="http://127.0.0.1:9/v1", batch_size=0)
