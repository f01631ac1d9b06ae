import sys
import types
from datetime import UTC, datetime

import httpx2
import pandas as pd
import pytest

from lab import load, records
from lab.errors import DataError, MissingPackageError

CALL = {"name": "add", "arguments": {"a": 1}}
TURNS = [
    {"role": "user", "content": "q"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
]
ROWS = [
    {
        "instruction": "a",
        "output": "",
        "calls": [CALL],
        "tools": [{"type": "function"}],
        "votes": 3,
    },
    {"instruction": "红", "output": "b", "thinking": "t", "history": TURNS, "votes": 4},
    {"instruction": "c", "output": "d", "votes": 5},
]


def test_rows_of_a_dataset_are_read_like_a_file():
    datasets = pytest.importorskip("datasets")
    rows = [{"question": "a", "answer": "b"}, {"question": "c", "answer": "d"}]
    found = load.dataset(datasets.Dataset.from_list(rows), name="me/set")
    assert found.pool[["instruction", "output", "source"]].to_numpy().tolist() == [
        ["a", "b", "me/set"],
        ["c", "d", "me/set"],
    ]
    assert "load.prompt_completion" in found.recognised


def test_a_row_that_is_no_json_is_named():
    with pytest.raises(DataError, match="me, row 2: cannot be written as JSON"):
        load.dataset([{"instruction": "a", "output": "b"}, {"instruction": object()}], name="me")


def test_dates_are_written_as_text():
    rows = [{"question": "a", "answer": "b", "made": datetime(2024, 5, 1, tzinfo=UTC)}]
    assert load.dataset(rows).pool["made"].tolist() == ["2024-05-01T00:00:00+00:00"]


def test_a_pool_goes_to_a_data_set_and_comes_back_as_it_was():
    pytest.importorskip("datasets")
    pool = records.frame(ROWS, source="me")
    made = load.to_dataset(pool)
    assert made.column_names[-1] == "id"
    assert made[0]["calls"] == '[{"name": "add", "arguments": {"a": 1}}]'
    back = load.dataset(made)
    pd.testing.assert_frame_equal(back.pool, pool, check_dtype=False)
    assert back.pool.index.tolist() == pool.index.tolist()
    assert (back.rows, len(back.refused)) == (3, 0)
    changed = made.map(lambda row: {"output": row["output"] + "!"})
    assert not set(load.dataset(changed).pool.index) & set(pool.index)


def test_rows_larger_than_the_memory_come_in_parts():
    asked = []

    def rows():
        for n in range(25):
            asked.append(n)
            yield {"question": f"{n}", "answer": "b"}

    parts = load.parts(rows(), most=10)
    assert asked == []
    assert len(next(parts).pool) == 10
    assert len(asked) == 10  # no more is read than is needed
    assert [part.rows for part in parts] == [10, 5]
    with pytest.raises(ValueError, match="most must be at least 1, got 0"):
        next(load.parts([], most=0))


class Hub:
    """What `load.hub` uses of the two libraries, with a set of five rows."""

    def __init__(self, error=None):
        self.error, self.asked = error, []

    def dataset_info(self, name, revision):
        if self.error:
            raise self.error
        card = types.SimpleNamespace(license="cc-by-4.0")
        return types.SimpleNamespace(sha="abc", card_data=card)

    def load_dataset(self, name, **given):
        self.asked.append((name, given))
        rows = [{"question": f"{n}", "answer": "b"} for n in range(5)]
        return iter(rows) if given["streaming"] else rows


def install(monkeypatch, hub):
    datasets = types.SimpleNamespace(load_dataset=hub.load_dataset)
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    monkeypatch.setitem(sys.modules, "huggingface_hub", types.SimpleNamespace(HfApi=lambda: hub))
    return hub


def test_a_set_of_the_hub_names_its_commit_and_licence(monkeypatch):
    hub = install(monkeypatch, Hub())
    found = load.hub("me/set", split="test")
    assert found.recognised.endswith("; commit abc; licence cc-by-4.0")
    assert found.pool["source"].unique().tolist() == ["me/set"]
    assert hub.asked == [("me/set", {"revision": "abc", "split": "test", "streaming": False})]


def test_a_large_set_of_the_hub_streams(monkeypatch):
    hub = install(monkeypatch, Hub())
    assert [len(part.pool) for part in load.hub_parts("me/set", most=2)] == [2, 2, 1]
    assert hub.asked[0][1]["streaming"] is True


@pytest.mark.parametrize(
    "error", [OSError("no network"), httpx2.ConnectError("no network"), ValueError("no network")]
)
def test_without_a_network_the_error_says_what_to_do(monkeypatch, error):
    install(monkeypatch, Hub(error))
    said = r"me/x: cannot be had from the Hub \(\w+: no network\); .* load\.auto"
    for ask in (load.hub, lambda name: next(load.hub_parts(name))):
        with pytest.raises(DataError, match=said):
            ask("me/x")


def test_without_the_package_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    for ask in (load.hub, lambda _: load.to_dataset(records.frame(ROWS))):
        with pytest.raises(MissingPackageError, match="datasets"):
            ask("me/x")
