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
