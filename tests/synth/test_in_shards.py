from functools import partial

import pandas as pd
import pytest

from lab import filters, llm, paths, records, shards, synth, testbed


@pytest.fixture
def parts(tmp_path):
    pool = testbed.pool(24)
    pieces = (pool.iloc[:8], pool.iloc[8:16], pool.iloc[16:])
    return [records.write_parquet(one, tmp_path / f"{at}.parquet") for at, one in enumerate(pieces)]


def rejects():
    return [shards.read(path) for path in sorted(paths.runs().rglob("rejects-*"))]


def test_each_shard_is_a_run_of_its_own_and_nothing_is_lost(parts):
    make = partial(synth.corrupt, client=testbed.client(), keep=4)
    made = synth.synthesise_shards(make, parts, workers=1)
    alone = [make(shards.read(part)) for part in parts]
    for path, told, one in zip(made, rejects(), alone, strict=True):
        pd.testing.assert_frame_equal(shards.read(path), one.examples)
        assert told.pop("stopped_because").tolist() == [one.stopped_because] * len(one.rejects)
        pd.testing.assert_frame_equal(told, one.rejects)


def breaks_once(pool, *, folder, client):
    place = folder / "log"
    with place.open("a") as log:
        log.write(f"{pool.index[0]}\n")
    if place.read_text().count("\n") == 2:
        raise OSError("the machine is gone")
    return synth.corrupt(pool, client, keep=4)


def test_a_broken_run_goes_on_and_a_finished_one_is_found(parts, tmp_path):
    make = partial(breaks_once, folder=tmp_path, client=testbed.client())
    with pytest.raises(OSError, match="the machine is gone"):
        synth.synthesise_shards(make, parts, workers=1)
    made = synth.synthesise_shards(make, parts, workers=1)
    first = [shards.read(part).index[0] for part in parts]
    assert (tmp_path / "log").read_text().split() == [*first, first[1]]
    assert synth.synthesise_shards(make, parts, workers=1) == made
    assert len((tmp_path / "log").read_text().split()) == 4
    assert [len(shards.read(path)) for path in made] == [4, 4, 4]


def test_a_shard_that_gives_nothing_has_no_pool_and_keeps_its_rejects(parts):
    accept = {"short": partial(filters.length, min_words=10_000)}
    make = partial(synth.corrupt, client=testbed.client(), keep=4, accept=accept)
    assert synth.synthesise_shards(make, parts, workers=1) == []
    assert [set(one["reason"]) for one in rejects()] == [{"short"}] * 3


def test_a_local_model_is_loaded_by_each_worker(parts):
    client = llm.local(paths.base_model(), batch_size=4)
    make = partial(synth.answer, client=client, keep=2, terms=synth.Terms(max_tokens=4))
    synth.synthesise_shards(make, parts[:2], workers=2)
    bought, told = len(client.store), rejects()
    assert bought == 16  # the base model's short replies are all cut, and so rejected
    for found, part in zip(told, parts, strict=False):
        assert found["reply"].tolist() == make(shards.read(part)).rejects["reply"].tolist()
    assert len(client.store) == bought
