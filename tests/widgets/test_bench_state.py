import pytest

from lab.widgets.bench_state import BenchState
from lab.widgets.criteria import Criteria


@pytest.fixture
def state(pool, scores, masks):
    return BenchState(pool, scores, masks, ["source"])


def test_counts_are_those_of_a_mask_computed_anew_after_every_step(state, pool, scores, masks):
    steps = [
        Criteria(ranges={"rating": (2.0, 4.0)}),
        Criteria(ranges={"rating": (1.0, 4.0)}, filters=("even",)),
        Criteria(filters=("even",), categories={"source": ("a", "b")}, search="blue"),
    ]
    for criteria in steps:
        state.set(criteria)
        assert state.kept.tolist() == criteria.mask(pool, scores, masks).tolist()
    while state.undo():
        assert state.kept.tolist() == state.criteria.mask(pool, scores, masks).tolist()
    assert state.criteria == Criteria()
    assert state.kept.all()


def test_borderline_rows_are_the_nearest_to_a_bound(state, scores):
    state.set(Criteria(ranges={"length": (100.0, None)}))
    away = (scores["length"] - 100).abs()
    found = away.iloc[state.borderline("length", 5)]
    assert found.tolist() == sorted(away)[:5]
    assert len(state.borderline("rating", 5)) == 0


def test_undo_with_nothing_before_it_changes_nothing(state):
    assert not state.undo()
    assert not state.redo()
    state.set(Criteria(search="blue"))
    assert state.undo()
    assert state.redo()
    assert state.criteria.search == "blue"
