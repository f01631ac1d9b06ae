"""Servers, keys, and what a server's answer means."""

import socket
import subprocess
import sys
import traceback

import nbformat
import pytest
from nbclient import NotebookClient

from lab import llm, paths
from lab.errors import CallError
from lab.llm import wire

KEY = "sk-test-0123456789abcdefPLANTED"


@pytest.fixture
def with_key(monkeypatch):
    monkeypatch.setenv("PLANTED_KEY", KEY)


def keyed(client, answer, **settings):
    made = client(answer, **settings)
    object.__setattr__(made.server, "key_variable", "PLANTED_KEY")
    return made


def echoes(status):
    """A rude server that sends the key back."""
    text = f"Incorrect API key provided: {KEY}. You can find it at ..."
    return lambda *_: (status, {"error": {"message": text, "code": "x"}}, {"x-key": KEY})


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_a_key_reaches_neither_the_store_nor_an_error(
    client, ask, with_key, status, data_folder, tmp_path, caplog
):
    there = keyed(client, echoes(status), limits=llm.Limits(max_tries=2))
    caplog.set_level("DEBUG")
    shown = repr(there) + repr(there.server) + repr(there.__dict__)
    try:
        [reply] = there.complete([ask("q")])
        shown += repr(reply)
    except CallError as error:
        shown += str(error) + "".join(traceback.format_exception(error))
        shown += repr([frame.frame.f_locals for frame in _frames(error)])
    shown += repr(there.job.snapshot()) + repr(there.job.rows_so_far) + caplog.text
    assert wire.HIDDEN in shown
    assert KEY not in shown
    there.store.close()
    assert KEY in there.scripted.headers[0]["authorization"]  # it did go to the server
    for path in [*tmp_path.rglob("*"), *data_folder.rglob("*")]:
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def _frames(error):
    for frame, _ in traceback.walk_tb(error.__traceback__):
        yield type("Frame", (), {"frame": frame})


def test_a_notebook_that_fails_does_not_show_the_key(with_key, data_folder):
    code = """
from lab import llm
server = llm.Server("http://127.0.0.1:9/v1", key_variable="PLANTED_KEY")
client = llm.Client("m", base_url=server, limits=llm.Limits(max_tries=1, failures_after=1))
get_ipython().run_line_magic("xmode", "Verbose")
client.complete([llm.Request([{"role": "user", "content": "q"}])])
"""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(
        book, timeout=60, allow_errors=True, resources={"metadata": {"path": str(paths.root())}}
    ).execute()
    text = nbformat.writes(book)
    assert "CallError" in text
    assert KEY not in text
    for path in data_folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


def test_keys_go_only_where_they_are_named(client, ask, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    there = client()
    there.complete([ask("q")])
    assert KEY not in str(there.scripted.headers)  # another server than OpenAI's


def test_a_call_does_not_describe_the_machine_it_comes_from(client, ask):
    there = client()
    there.complete([ask("q")])
    [sent] = there.scripted.headers
    assert sent["content-type"] == "application/json"
    assert not {name.lower() for name in wire.UNSAID} & {name.lower() for name in sent}


def test_a_missing_key_is_named(monkeypatch):
    monkeypatch.delenv("PLANTED_KEY", raising=False)
    with pytest.raises(CallError, match="set the environment variable PLANTED_KEY"):
        llm.Server("http://x/v1", key_variable="PLANTED_KEY").api_key()


def test_the_name_of_a_server_leaves_names_and_passwords_out():
    assert llm.Server("http://me:secret@Host:81/v1/?q=1").provider == "http://host:81/v1"
    assert llm.Server("https://api.openai.com/v1").provider == wire.OPENAI_URL
    assert llm.Server("http://x/v1", provider="own").provider == "own"
    for bad in ("localhost:8000", "ftp://x", "http://"):
        with pytest.raises(ValueError, match="must be an http or https URL"):
            llm.Server(bad)


def test_a_server_that_is_not_there_costs_nothing(ask):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    prices = {"m": llm.Price(1.0, 1.0)}
    limits = llm.Limits(max_tries=2)
    there = llm.Client("m", base_url=url, store=":memory:", prices=prices, limits=limits)
    [reply] = there.complete([ask("q")])
    assert reply.kind == "unreachable"
    assert there.spent_usd == 0


def test_a_key_that_a_server_writes_into_its_reply_is_not_stored(client, ask, chat, with_key):
    there = keyed(client, lambda *_: chat(f"your key is {KEY}"))
    [reply] = there.complete([ask("q")])
    assert reply.text == f"your key is {wire.HIDDEN}"
    [row] = there.store.rows()
    assert KEY not in repr(row)


def test_importing_the_part_is_quick_and_opens_nothing():
    code = (
        "import sys, threading; from lab import llm;"
        "print(sorted({'openai', 'torch', 'pandas', 'scipy'} & set(sys.modules)),"
        " threading.active_count())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[] 1"
