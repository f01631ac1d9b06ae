"""A planted key and the home folder, through real calls, failures and figures, to the page."""

import base64
import gzip
import json
import os
import re
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from lab import paths, report

KEY = "sk-test-0123456789abcdefPLANTED"
CELLS = (
    "import os\nfrom pathlib import Path\nfrom lab import llm\nimport plotly.graph_objects as go",
    """server = llm.Server(DATA, key_variable="PLANTED_KEY")
client = llm.Client("m", base_url=server, limits=llm.Limits(max_tries=2))
asked = [llm.Request([{"role": "user", "content": text}]) for text in ("good", "refuse", "break")]
said = client.complete(asked)
print([(one.text, one.error) for one in said], client, server, vars(client.server))""",
    "print(os.environ['PLANTED_KEY'], Path.home())",
    """title = os.environ['PLANTED_KEY'] + str(Path.home())
go.Figure([go.Scatter(x=[1], y=[2], text=[title])], layout={'title': title})""",
    "key = os.environ['PLANTED_KEY']\nraise RuntimeError(f'{key} is in {Path.home()}')",
)


class Rude(BaseHTTPRequestHandler):
    """A server that writes the key into its errors; `keys` lists what it was given."""

    keys: ClassVar[list[str]] = []

    def do_POST(self):
        given = self.headers["Authorization"].removeprefix("Bearer ")
        self.keys.append(given)
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = asked["messages"][0]["content"]
        said = {"error": {"message": f"Incorrect API key provided: {given}", "code": given}}
        if text == "good":
            choice = {"index": 0, "message": {"role": "assistant", "content": "Good."}}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            choices = [{**choice, "finish_reason": "stop"}]
            said = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
            said |= {"choices": choices, "usage": usage}
        body = json.dumps(said).encode() if text != "break" else f"<p>{given}".encode()
        self.send_response({"good": 200, "refuse": 400, "break": 500}[text])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(name="rude")
def rude_server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Rude)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def texts(folder):
    """Every file as bytes, the figures of pages unpacked."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            yield path, data
            for payload in re.findall(rb'data-for="[^"]*">([^<]*)<', data):
                yield path, gzip.decompress(base64.b64decode(payload))


def test_a_key_and_the_home_folder_are_in_no_file(write, rude, monkeypatch, tmp_path):
    home = tmp_path / "home-of-someone"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PLANTED_KEY", KEY)
    outcome = report.render([write("calls", *CELLS)], params={"DATA": rude})
    assert KEY in Rude.keys  # it was really sent
    (failed,) = outcome.failed.values()
    assert "RuntimeError" in failed
    page = outcome.pages[0].read_text()
    assert "Good." in page
    assert "[secret removed]" in page
    with closing(sqlite3.connect(paths.store() / "replies.sqlite")) as store:
        assert store.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
    seen = [*texts(paths.data()), *texts(paths.reports())]
    assert {path.suffix for path, _ in seen} >= {".html", ".ipynb", ".sqlite"}
    for path, data in seen:
        assert KEY.encode() not in data, path
        assert os.fsencode(home) not in data, path
    assert Path.home() == home
