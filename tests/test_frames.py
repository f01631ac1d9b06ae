import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from lab import frames, records
from lab.errors import DataError

CALL = {"name": "add", "arguments": {"a": 1}}


def test_parquet_round_trip_keeps_history_as_lists(tmp_path):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    rows = [{"instruction": "c", "output": "d", "history": turns, "tags": ["x"]}]
    pool = records.frame([*rows, {"instruction": "e", "output": "f", "tags": []}])
    back = frames.read_parquet(frames.write_parquet(pool, tmp_path / "pool.parquet"))
    pd.testing.assert_frame_equal(back, pool, check_index_type=False)
    assert isinstance(back["history"].iloc[0], list)
    records.validate(back)


def test_a_column_that_parquet_cannot_hold_is_named(tmp_path):
    pool = records.frame([{"instruction": "a", "output": "b"}, {"instruction": "c", "output": "d"}])
    with pytest.raises(DataError, match="odd"):
        frames.write_parquet(pool.assign(odd=[1, "x"]), tmp_path / "pool.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_parquet_is_named(tmp_path):
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(DataError, match=r"x\.parquet: cannot be read as Parquet"):
        frames.read_parquet(tmp_path / "x.parquet")


def test_objects_keep_the_keys_they_have_and_no_others(tmp_path):
    rows = [
        {"instruction": "a", "output": "", "calls": [CALL]},
        {"instruction": "b", "output": "", "calls": [{"name": "say", "arguments": {"text": "你"}}]},
    ]
    pool = records.frame(rows)
    arrow, loose = frames.as_arrow(pool)
    assert loose == ["calls"]
    assert arrow.column("calls").to_pylist()[0] == '[{"name": "add", "arguments": {"a": 1}}]'
    path = frames.write_parquet(pool, tmp_path / "pool.parquet")
    assert frames.read_parquet(path)["calls"].tolist() == pool["calls"].tolist()


def test_a_file_has_an_index_of_its_pages(tmp_path):
    pool = records.frame([{"instruction": "a", "output": "b"}])
    path = frames.write_parquet(pool, tmp_path / "pool.parquet")
    column = pq.ParquetFile(path).metadata.row_group(0).column(1)
    assert column.has_offset_index
    assert column.has_column_index


def test_what_did_not_change_is_stored_as_before(tmp_path):
    draw = np.random.default_rng(0)
    texts = ["".join(map(chr, line)) for line in draw.integers(33, 127, (10_000, 300))]
    table = pd.DataFrame({"output": texts})
    longer = pd.DataFrame({"output": ["new" * 50, *texts]})
    one, two = (
        frames.write_parquet(of, tmp_path / f"{n}.parquet").read_bytes()
        for n, of in enumerate((table, longer))
    )
    plain = [tmp_path / "plain.parquet", tmp_path / "plainer.parquet"]
    for path, of in zip(plain, (table, longer), strict=True):
        of.to_parquet(path)
    assert shared(one, two) > 0.6 > shared(plain[0].read_bytes(), plain[1].read_bytes())


def shared(one, two):
    """Return the share of blocks of a file that stand in another as they are, at any place."""
    blocks = [one[start : start + 4_096] for start in range(0, len(one), 65_536)]
    return sum(block in two for block in blocks) / len(blocks)
