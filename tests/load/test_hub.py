import pytest

from lab import load
from lab.errors import DataError


def test_rows_of_a_dataset_are_read_like_a_file():
    datasets = pytest.importorskip("datasets")
    rows = [{"question": "a", "answer": "b"}, {"question": "c", "answer": "d"}]
    found = load.dataset(datasets.Dataset.from_list(rows), name="me/set")
    assert found.pool[["instruction", "output", "source"]].values.tolist() == [
        ["a", "b", "me/set"],
        ["c", "d", "me/set"],
    ]
    assert "load.prompt_completion" in found.told


def test_a_row_that_is_no_json_is_named():
    with pytest.raises(DataError, match="me, row 2: cannot be written as JSON"):
        load.dataset([{"instruction": "a", "output": "b"}, {"instruction": object()}], name="me")


def test_without_a_network_the_error_says_what_to_do(monkeypatch):
    pytest.importorskip("datasets")
    huggingface_hub = pytest.importorskip("huggingface_hub")

    def fail(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", fail)
    with pytest.raises(
        DataError, match=r"me/x: cannot be had from the Hub \(OSError: no network\)"
    ):
        load.hub("me/x")
