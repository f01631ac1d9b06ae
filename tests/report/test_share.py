import sys
import types

import httpx2
import pandas as pd
import pytest
from typer.testing import CliRunner

from lab import cli, load, records
from lab.errors import DataError
from lab.report import share
from lab.report.dataset_card import About

ABOUT = About(title="Tea", licence="cc0-1.0")
CALL = {"name": "add", "arguments": {"a": 1}}
TOOL = {"type": "function", "function": {"name": "add"}}
ROWS = [
    {"instruction": "Name a tea.", "output": "Oolong.", "votes": 2},
    {"instruction": "说一种茶。", "output": "", "calls": [CALL], "tools": [TOOL]},
]
MAIL = {"instruction": "Write to ann.lee@mail.example.org", "output": "Done."}


class Hub:
    def __init__(self, error=None):
        self.sent, self.error = [], error

    def create_repo(self, name, **given):
        if self.error:
            raise self.error
        self.sent.append((name, given))

    def upload_folder(self, **given):
        self.sent.append(given)


@pytest.fixture
def hub(monkeypatch):
    made = Hub()
    module = types.SimpleNamespace(HfApi=lambda: made)
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    return made


@pytest.fixture
def folder(tmp_path):
    return share.folder(records.frame(ROWS, source="me"), tmp_path / "tea", ABOUT)


def test_a_folder_holds_the_pool_its_conversations_and_a_card(folder, monkeypatch):
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    assert names == [
        "README.md",
        "data/train-00000-of-00001.parquet",
        "messages/train-00000-of-00001.jsonl.gz",
    ]
    pool = records.frame(ROWS, source="me")
    pd.testing.assert_frame_equal(load.saved(folder / names[1]), pool)
    assert load.messages(folder / names[2]).pool.index.tolist() == pool.index.tolist()
    assert load.auto(folder / "data").pool["instruction"].tolist() == pool["instruction"].tolist()


def test_large_pools_are_cut_into_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(share, "SHARD_ROWS", 1)
    path = share.folder(records.frame(ROWS, source="me"), tmp_path / "tea", ABOUT)
    shards = sorted(file.name for file in (path / "data").iterdir())
    assert shards == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]


def test_what_is_there_is_never_overwritten(folder):
    pool = records.frame(ROWS)
    with pytest.raises(DataError, match="must be a new or empty folder"):
        share.folder(pool, folder, ABOUT)
    with pytest.raises(DataError, match="needs at least one example"):
        share.folder(pool.iloc[:0], folder.parent / "none", ABOUT)


def test_a_plan_lists_all_that_would_leave(folder):
    (folder / ".env").write_text("A=1")
    plan = share.plan(folder)
    assert plan.files["file"].tolist() == [
        ".env",
        "README.md",
        "data/train-00000-of-00001.parquet",
        "messages/train-00000-of-00001.jsonl.gz",
    ]
    assert plan.files["bytes"].tolist()[0] == 3
    assert plan.findings["file"].tolist() == [".env"]
    with pytest.raises(DataError, match="there is no folder with files here"):
        share.plan(folder / "nothing")


def test_only_what_was_looked_through_is_sent(folder, hub):
    plan = share.plan(folder)
    assert share.push(plan, "me/tea") == "https://huggingface.co/datasets/me/tea"
    made, sent = hub.sent
    assert made == ("me/tea", {"repo_type": "dataset", "private": True, "exist_ok": True})
    assert sent["allow_patterns"] == plan.files["file"].tolist()
    (folder / "more.txt").write_text("x")
    with pytest.raises(DataError, match="changed since it was looked through; nothing was sent"):
        share.push(plan, "me/tea")
    assert len(hub.sent) == 2


def test_findings_are_refused_unless_told(tmp_path, hub):
    path = share.folder(records.frame([MAIL]), tmp_path / "mail", ABOUT)
    plan = share.plan(path)
    with pytest.raises(DataError, match=r"2 findings of keys .* nothing was sent"):
        share.push(plan, "me/mail")
    assert hub.sent == []
    share.push(plan, "me/mail", despite_findings=True, public=True)
    assert hub.sent[0][1]["private"] is False


def test_without_a_network_nothing_is_lost(folder, monkeypatch):
    made = Hub(httpx2.ConnectError("no network"))
    monkeypatch.setitem(sys.modules, "huggingface_hub", types.SimpleNamespace(HfApi=lambda: made))
    with pytest.raises(DataError, match=r"cannot be sent to the Hub \(ConnectError: no network\)"):
        share.push(share.plan(folder), "me/tea")


def test_the_command_sends_nothing_unless_told(folder, hub):
    run = CliRunner().invoke
    dry = run(cli.app, ["push", str(folder), "me/tea"])
    assert dry.exit_code == 0
    assert "README.md" in dry.output
    assert "nothing was sent; --send sends it to me/tea (private if it is new)" in dry.output
    assert hub.sent == []
    told = run(cli.app, ["push", str(folder), "me/tea", "--send"])
    assert told.exit_code == 0
    assert "sent to https://huggingface.co/datasets/me/tea" in told.output


def test_the_command_names_what_it_found(tmp_path, hub):
    path = share.folder(records.frame([MAIL]), tmp_path / "mail", ABOUT)
    run = CliRunner().invoke
    dry = run(cli.app, ["push", str(path), "me/mail"])
    assert dry.exit_code == 1
    assert "FOUND data/train-00000-of-00001.parquet, row 1: personal data or a key" in dry.output
    assert isinstance(run(cli.app, ["push", str(path), "me/mail", "--send"]).exception, DataError)
    assert hub.sent == []
    run(cli.app, ["push", str(path), "me/mail", "--send", "--despite-findings"])
    assert len(hub.sent) == 2
