"""Tasks in processes and on a real cluster of two machines, one of which is killed at work."""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import psutil
import pytest

from lab import (
    ablate,
    embed,
    engine,
    filters,
    llm,
    paths,
    records,
    runs,
    score,
    select,
    shards,
    synth,
    testbed,
    tune,
)
from lab.errors import MissingPackageError, RunError
from lab.testbed.serve import background
from lab.testbed.teacher import TeacherServer
from tests.ablate import fakes
from tests.ablate.test_run import grid

POOL = testbed.pool(48, noise=0.3)
BASE = str(paths.base_model())


def test_results_come_in_the_order_of_the_calls(tmp_path):
    calls = [(3, 2), (2, 5), (1, 1)]
    assert engine.each(pow, calls, workers=1) == engine.each(pow, calls, workers=2) == [9, 32, 1]
    assert engine.each(pow, [], workers=2) == []


def test_what_is_open_is_used_and_left_open():
    with ThreadPoolExecutor(1) as pool:
        assert engine.each(pow, [(2, 2)], engine=pool) == [4]
        assert pool.submit(len, "abc").result() == 3


def test_all_others_finish_before_the_first_error_is_raised(tmp_path):
    places = [tmp_path / "a", tmp_path / "none" / "b", tmp_path / "c"]
    with pytest.raises(FileNotFoundError, match="none"):
        engine.each(os.mkdir, [(place,) for place in places], workers=1)
    assert places[0].is_dir()
    assert places[2].is_dir()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"engine": "dask"}, r"engine must be 'processes', 'ray' or 'ray://host:port', got 'dask'"),
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"engine": "ray", "workers": 2}, "workers is for processes of this machine, got 2"),
    ],
)
def test_a_wrong_engine_or_number_is_an_error(given, message):
    with pytest.raises(ValueError, match=message):
        engine.each(len, [("a",)], **given)


def device(place):
    """Say which GPU this process sees, once the other one is here, too."""
    (place / str(os.getpid())).touch()
    until = time.monotonic() + 30
    while len(list(place.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_each_process_has_a_gpu_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,GPU-a7")
    with engine.opened(workers=3, gpus=True) as pool:
        tasks = [pool.submit(device, tmp_path) for _ in range(8)]
        assert {task.result() for task in tasks} == {"5", "GPU-a7"}
    with engine.opened(workers=1) as pool:
        assert pool.submit(os.getenv, "CUDA_VISIBLE_DEVICES").result() == "5,GPU-a7"


@pytest.mark.parametrize("seen", ["", "-1"])
def test_without_gpus_processes_are_as_many_as_asked_for(monkeypatch, seen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen)
    assert engine.devices() == []
    with engine.opened(workers=2, gpus=True) as pool:
        assert pool.submit(os.getenv, "CUDA_VISIBLE_DEVICES").result() == seen


def test_without_the_extra_the_engine_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingPackageError, match=r"engine='ray' needs winnow\[cluster\]"):
        ablate.run(grid(2), tune=fakes.tune, evaluate=fakes.evaluate, engine="ray")


@pytest.fixture(scope="module")
def ray():
    """Connect to nothing; two machines of one core each are started once for all tests here."""
    patient = {"RAY_raylet_start_wait_time_s": "120", "RAY_agent_register_timeout_ms": "120000"}
    os.environ.update(patient, RAY_USAGE_STATS_ENABLED="0")  # a busy machine breaks no test
    return pytest.importorskip("ray", reason="needs the extra winnow[cluster]")


@pytest.fixture(scope="module")
def cluster(ray):
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "num_gpus": 1, "object_store_memory": 80 * 2**20}  # told, not there
    started = Cluster(initialize_head=True, head_node_args=node)
    started.second = started.add_node(**node)
    started.node = node
    yield started
    started.shutdown()
    deadline = time.monotonic() + 20
    while (left := children()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def children():
    every = psutil.Process().children(recursive=True)
    return [one.name() for one in every if "ray" in one.name() or "gcs" in one.name()]


@pytest.fixture
def two_machines(cluster, ray, monkeypatch):
    """Give the cluster with both machines up."""
    if cluster.second is None:
        cluster.second = cluster.add_node(**cluster.node)
    cluster.wait_for_nodes()
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    yield cluster
    assert not ray.is_initialized()


def kill_when(cluster, at_work):
    """Kill the second machine, without a farewell, as soon as `at_work()` holds."""

    def watch():
        while not at_work():
            time.sleep(0.01)
        raylet = psutil.Process(cluster.second.all_processes["raylet"][0].process.pid)
        for process in [raylet, *raylet.children(recursive=True)]:
            process.kill()
        cluster.remove_node(cluster.second, allow_graceful=False)
        cluster.second = None

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def machines():
    """Return which machine each call was made on: workers are children of their machine."""
    return [line.split()[2] for line in (paths.data() / "calls").read_text().splitlines()]


def test_a_cluster_gives_each_task_a_gpu_of_its_own(two_machines):
    with engine.opened("ray", gpus=True) as pool:
        tasks = [pool.submit(os.getenv, "CUDA_VISIBLE_DEVICES") for _ in range(4)]
        assert {task.result() for task in tasks} == {"0"}  # the only one of each machine
    with engine.opened("ray") as pool:
        assert pool.submit(os.getenv, "CUDA_VISIBLE_DEVICES").result() in (None, "")


def test_an_error_on_a_cluster_is_that_of_the_task(two_machines):
    with pytest.raises(RunError, match=r"1 of 2 arms failed.*n 3.*three is too few"):
        ablate.run(
            grid(2, 3, seeds=[0]), tune=fakes.fail_on_three, evaluate=fakes.evaluate, engine="ray"
        )
    assert len(runs.frame("ablate")) == 1


def test_what_is_large_goes_to_a_cluster_as_a_path(two_machines):
    with (
        pytest.raises(ValueError, match=r"may hold 8,388,608 bytes, got .*; hand over a path"),
        engine.opened("ray") as pool,
    ):
        pool.submit(len, b"0" * 9_000_000)
    with (
        pytest.raises(ValueError, match=r"the result of a task on a cluster may hold"),
        engine.opened("ray") as pool,
    ):
        pool.submit(bytes, 9_000_000).result()


def test_a_cluster_that_loses_a_machine_gives_the_table_of_one_process(
    two_machines, data_folder, tmp_path, monkeypatch
):
    arms, how = grid(2, 3, 4, 5), {"tune": fakes.tune_slowly, "evaluate": fakes.evaluate}
    killer = kill_when(
        two_machines, lambda: (data_folder / "calls").exists() and len(set(machines())) == 2
    )
    table = ablate.run(arms, engine="ray", **how)
    killer.join()
    calls, on = len(machines()), set(machines())
    assert two_machines.second is None
    assert len(on) == 2
    assert 8 <= calls <= 9  # what the dead machine had in hand is done again, nothing else
    assert len(runs.frame("ablate")) == 8
    assert not list(paths.runs().rglob(".*"))
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path))
    alone = ablate.run(arms, workers=1, **how)
    pd.testing.assert_frame_equal(table.drop(columns="seconds"), alone.drop(columns="seconds"))


def seen(pool, *, make):
    """Do what a stage does, once it has been written down on which machine."""
    with (paths.data() / "calls").open("a") as log:
        log.write(f"0 {len(pool)} {os.getppid()}\n")
    return make(pool)


def in_shards(folder, count):
    pieces = np.array_split(np.arange(len(POOL)), count)
    return [
        records.write_parquet(POOL.iloc[rows], folder / f"part-{at}.parquet")
        for at, rows in enumerate(pieces)
    ]


def whole(made):
    return pd.concat(map(shards.read, made)).iloc[:, 0]


def test_scores_and_vectors_of_a_model_on_a_cluster_that_loses_a_machine(
    two_machines, data_folder, tmp_path
):
    parts = in_shards(tmp_path, 8)
    killer = kill_when(
        two_machines, lambda: (data_folder / "calls").exists() and len(set(machines())) == 2
    )
    with engine.opened("ray") as pool:
        make = partial(score.perplexity, model=BASE)
        scores = shards.over("score", partial(seen, make=make), parts, engine=pool)
        killer.join()
        by = partial(embed.vectors_of, by=partial(embed.sentences, model=BASE))
        vectors = shards.over("embed", by, parts, engine=pool)
        few = select.kcenter_shards(vectors, 9, engine=pool)
        keep = filters.no_near_duplicates_shards(parts, max_similarity=0.5, engine=pool)
        novel = filters.novelty_shards(parts, engine=pool)
    assert two_machines.second is None
    assert 8 <= len(machines()) <= 9
    np.testing.assert_allclose(whole(scores), score.perplexity(POOL, model=BASE), rtol=1e-5)
    X = embed.vectors_of(POOL, by=partial(embed.sentences, model=BASE))
    np.testing.assert_allclose(np.concatenate(list(map(shards.read, vectors))), X, atol=1e-5)
    made = np.concatenate(list(map(shards.read, vectors)))
    assert few.indices.tolist() == select.kcenter(made, 9).indices.tolist()
    assert whole(keep).equals(filters.no_near_duplicates(POOL, max_similarity=0.5))
    assert whole(novel).equals(filters.novelty(POOL))


def test_a_machine_that_is_lost_while_it_buys_costs_what_it_had_in_hand_and_no_more(
    two_machines, tmp_path
):
    server = TeacherServer(testbed.Teacher(), testbed.Traffic(latency_s=0.15), models=("teacher",))
    with background(server) as url:
        rater = llm.Client("teacher", base_url=url, limits=llm.Limits(max_in_flight=2))
        rate = partial(score.rating, rater=rater)
        parts = in_shards(tmp_path, 4)
        killer = kill_when(two_machines, lambda: len(rater.store) >= 8)
        bought = shards.over("score", rate, parts, engine="ray")
        killer.join()
        assert two_machines.second is None
        told = server.log.summary()
        assert told["paid_requests"] == len(rater.store) == len(POOL)
        # nothing that was kept is bought again; what was on its way to the dead machine is
        assert len(POOL) <= told["paid"] <= len(POOL) + 2
        alone = score.rating(POOL, rater)
        assert server.log.summary() == told
    pd.testing.assert_series_equal(whole(bought), alone)


def test_synthesis_and_answers_on_a_cluster_that_loses_a_machine(two_machines, tmp_path):
    server = TeacherServer(testbed.Teacher(), testbed.Traffic(latency_s=0.1), models=("teacher",))
    parts = in_shards(tmp_path, 6)
    with background(server) as url, engine.opened("ray") as pool:
        client = llm.Client("teacher", base_url=url, limits=llm.Limits(max_in_flight=2))
        make = partial(synth.corrupt, client=client, keep=5)
        killer = kill_when(two_machines, lambda: len(client.store) >= 8)
        made = synth.synthesise_shards(make, parts, engine=pool)
        killer.join()
        assert two_machines.second is None
        told = server.log.summary()
        assert told["paid_requests"] == len(client.store)
        assert told["paid"] <= len(client.store) + 2  # what was on its way to the dead machine
        alone = [make(shards.read(part)) for part in parts]
        assert server.log.summary() == told  # and nothing is bought again
        by = partial(tune.generate, BASE, max_new_tokens=4, template=tune.ALPACA)
        answers = shards.over("tune", by, parts, engine=pool)
    kept = [one.examples for one in alone if len(one.examples)]
    assert [shards.read(one).index.tolist() for one in made] == [x.index.tolist() for x in kept]
    rejects = map(shards.read, sorted(made[0].parent.glob("rejects-*")))
    for found, one in zip(rejects, alone, strict=True):
        pd.testing.assert_frame_equal(found.drop(columns="stopped_because"), one.rejects)
    assert whole(answers).tolist() == by(POOL).tolist()
