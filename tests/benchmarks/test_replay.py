"""Published runs replayed: every class of disagreement has a name and a reason that was checked."""

from random import Random

import numpy as np
import pandas as pd
import pytest

from benchmarks import replay


def test_sessions_are_found_from_the_similarities_that_were_written_down():
    rng, words = Random(0), [f"w{n}" for n in range(60)]
    tasks = [" ".join(rng.choices(words, k=rng.randint(4, 30))) for _ in range(240)]
    measures = replay.pairwise(tasks)
    block = np.arange(len(tasks)) >= 120
    inside = np.where(block[:, None] == block[None, :], measures, -1).max(axis=1)
    table = pd.DataFrame({"similarity": inside.round(3), "status": "ok"})
    session, largest = replay.sessions(measures, table)
    assert session.max() == 1
    assert abs(np.flatnonzero(np.diff(session))[0] - 119) <= 2
    assert (np.abs(largest - inside) < 1e-3).mean() > 0.98


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("version", "rows"),
    [
        pytest.param(1, 2375, marks=pytest.mark.slow),
        pytest.param(2, 2294, marks=pytest.mark.slow),
        (3, 1205),
    ],
)
def test_no_disagreement_is_left_unexplained(shared, version, rows):
    table = replay.replayed(shared / "data", version)
    assert len(table) == rows
    assert replay.UNEXPLAINED not in set(table["what"])
    assert (table["what"] == "").mean() > 0.8
    lines = replay.lines(table)
    assert sum(int(line.split(" | ")[4]) for line in lines) == (table["what"] != "").sum()


@pytest.mark.realdata
def test_what_elimination_drops_of_published_code_is_told(shared):
    table = replay.elimination(shared / "data")
    assert set(table["run"]) == {"gen0", "gen1", "gen2"}
    assert len(table) < 10
