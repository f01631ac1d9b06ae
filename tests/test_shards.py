import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest

from lab import filters, paths, records, runs, score, shards, testbed
from lab.errors import DataError

POOL = testbed.pool(60, noise=0.3)


def lengths(pool, *, slow=0.0):
    time.sleep(slow)
    with (paths.data() / "calls").open("a") as log:
        log.write(f"{len(pool)}\n")
    return pool["output"].str.len().rename("characters")


def calls():
    return len((paths.data() / "calls").read_text().splitlines())


def parts(folder, pool=POOL, count=4):
    pieces = np.array_split(np.arange(len(pool)), count)
    return [
        records.write_parquet(pool.iloc[rows], folder / f"part-{at}.parquet")
        for at, rows in enumerate(pieces)
    ]


def whole(made):
    return pd.concat(map(shards.read, made))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stage_gives_what_the_function_gives_of_the_whole(tmp_path, workers):
    made = shards.over("score", score.length, parts(tmp_path), workers=workers)
    pd.testing.assert_series_equal(whole(made)["length"], score.length(POOL))


def test_stages_follow_each_other_and_nothing_is_lost(tmp_path):
    by = {"short": partial(filters.length, min_words=2), "refusal": filters.no_refusal}
    pools = parts(tmp_path)
    told = shards.over("filters", partial(filters.first_rejection, by=by), pools, workers=1)
    kept = shards.over("filters", filters.passing, pools, told, workers=1)
    short, refusal = by["short"](POOL), filters.no_refusal(POOL)
    pd.testing.assert_frame_equal(whole(kept), POOL[short & refusal])
    expected = {"short": int((~short).sum()), "refusal": int((short & ~refusal).sum())}
    counts = whole(told)["rejected_by"].value_counts().to_dict()
    assert counts.pop("") == len(whole(kept))
    assert counts == {name: count for name, count in expected.items() if count}
    assert expected["short"] > 0


def counted(pool):
    return np.full((len(pool), 2), len(pool), dtype=np.float32)


def test_arrays_stay_on_disk_until_they_are_read(tmp_path):
    made = shards.over("embed", counted, parts(tmp_path), workers=1)
    assert isinstance(shards.read(made[0]), np.memmap)
    assert shards.sizes(made) == [15, 15, 15, 15]
    assert shards.read(made[0]).tolist() == [[15.0, 15.0]] * 15


def test_a_second_time_it_is_found_and_other_arguments_are_another_stage(tmp_path):
    pools = parts(tmp_path)
    first = shards.over("score", lengths, pools, workers=1)
    assert shards.over("score", lengths, pools, workers=1) == first
    assert calls() == 4
    assert shards.over("score", partial(lengths, slow=0.001), pools, workers=1) != first
    records.write_parquet(POOL.iloc[:7], pools[0])
    assert len(whole(shards.over("score", lengths, pools, workers=1))) == 7 + 45
    assert calls() == 12


KILLED = """
import sys
from functools import partial
from lab import shards
from tests.test_shards import lengths
shards.over("score", partial(lengths, slow=0.2), sys.argv[1:], workers=1)
"""


def test_a_killed_stage_goes_on_where_it_stopped(tmp_path):
    pools = list(map(str, parts(tmp_path)))
    command = [sys.executable, "-c", KILLED, *pools]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "."}, cwd=paths.root())
    while not len(list(paths.runs().rglob("shard-*"))) >= 2:
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = len(list(paths.runs().rglob("shard-*")))
    before = calls()
    assert runs.frame("score").empty
    made = shards.over("score", partial(lengths, slow=0.2), pools, workers=1)
    assert calls() == before + 4 - finished
    pd.testing.assert_series_equal(
        whole(made)["characters"], POOL["output"].str.len(), check_names=False
    )


def test_rows_are_taken_from_all_shards_in_the_order_asked(tmp_path):
    positions = [59, 0, 31, 30, 14]
    pd.testing.assert_frame_equal(shards.take(parts(tmp_path), positions), POOL.iloc[positions])
    assert len(shards.take(parts(tmp_path), [])) == 0
    with pytest.raises(ValueError, match="positions must be below the 60 rows there are"):
        shards.take(parts(tmp_path), [60])


def test_lists_of_unequal_length_are_refused(tmp_path):
    pools = parts(tmp_path)
    with pytest.raises(ValueError, match=r"as many shards, got \[4, 3\]"):
        shards.over("filters", filters.passing, pools, pools[:3])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_data_set_is_cut_and_nothing_is_lost(tmp_path, workers):
    table = POOL[["instruction", "input", "output"]].reset_index(drop=True)
    table.loc[5, "output"] = None
    for at, rows in enumerate([slice(0, 25), slice(20, 60)]):  # five rows stand twice
        table.iloc[rows].to_parquet(tmp_path / f"part-{at}.parquet")
    made = shards.cut(tmp_path, rows=10, workers=workers)
    assert [len(records.read_parquet(path)) for path in made] == [10 - 1, 10, 5, 5, 10, 10, 10]
    pool = records.validate(whole(made))
    assert pool.index.tolist() == POOL.index.delete(5).tolist()
    refused = pd.concat(map(records.read_parquet, sorted(made[0].parent.glob("refused-*"))))
    assert len(pool) + len(refused) == 25 + 40
    assert refused["reason"].tolist() == [
        "output must be text, not NoneType",
        *["the same four texts as a row of an earlier batch"] * 5,
    ]
    assert refused["row"].tolist()[0] == "6"
    assert shards.cut(tmp_path, rows=10, workers=1) == made


def test_files_that_hold_no_pool_are_an_error(tmp_path):
    with pytest.raises(DataError, match="holds no Parquet files"):
        shards.cut(tmp_path)
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="not one of 1 rows fits"):
        shards.cut(tmp_path, workers=1)
    (tmp_path / "a.parquet").write_text("no")
    with pytest.raises(DataError, match=r"a\.parquet: cannot be read as Parquet"):
        shards.cut(tmp_path, workers=1)
    with pytest.raises(ValueError, match="rows must be at least 1, got 0"):
        shards.cut(tmp_path, rows=0)
