import pandas as pd

from lab import load, origins, paths, records, testbed
from lab.load import save


def test_a_pool_of_the_testbed_stays_one_in_a_file(tmp_path):
    drawn = testbed.pool(4)
    own = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}], source="mine")
    for suffix, write in (("parquet", save.parquet), ("jsonl", save.jsonl)):
        ours, both = tmp_path / f"ours.{suffix}", tmp_path / f"both.{suffix}"
        write(drawn, ours)
        write(pd.concat([drawn[own.columns], own]), both)
        origins.forget()
        load.saved(ours)
        assert origins.used() == {"data": ["testbed"]}
        load.saved(both)
        assert origins.used() == {"data": [both.name, "testbed"]}
        origins.forget()


def test_a_sample_file_is_noted_as_one_and_an_own_file_by_its_name(tmp_path):
    load.alpaca(paths.samples() / "alpaca-dirty.jsonl")
    assert origins.used() == {"data": ["sample files"]}
    own = tmp_path / "own.json"
    own.write_text('[{"instruction": "Add 1 and 2.", "output": "3"}]')
    load.alpaca(own)
    assert origins.used() == {"data": ["own.json", "sample files"]}


def test_shards_of_a_pool_are_read_from_a_folder_or_as_lines(tmp_path):
    call = {"name": "add", "arguments": {"a": 1}}
    rows = [
        {"instruction": "a", "output": "", "calls": [call], "parent": "0" * 16},
        {"instruction": "红", "output": "b", "thinking": "t", "recipe": "synth/x-1"},
    ]
    pool = records.frame(rows, source="me")
    for n in range(2):
        load.save.parquet(pool.iloc[n : n + 1], tmp_path / "data" / f"train-{n}.parquet")
    for path in (tmp_path / "data", load.save.jsonl(pool, tmp_path / "pool.jsonl")):
        found = load.auto(path)
        assert found.recognised.startswith("read by load.saved: 2 of the first 2 rows hold history")
        assert found.pool.index.tolist() == pool.index.tolist()
        assert found.pool["calls"].tolist() == [[call], []]
        assert found.pool["parent"].tolist()[0] == "0" * 16
        assert found.pool["recipe"].tolist()[1] == "synth/x-1"
        assert "given_id" not in found.pool.columns
