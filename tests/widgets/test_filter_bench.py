import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import runs
from lab.widgets import CoverageMap, Criteria, FilterBench
from tests.widgets.fakes import tell


@pytest.fixture
def bench(pool, scores, masks):
    return FilterBench(pool, scores=scores, masks=masks, categories=["source"])


def change(bench, **message):
    tell(bench.panel, {"kind": "change", "first": True, "answer": 1, **message})


def steps(bench, name, low, high):
    step = bench.panel.spec["scores"][list(bench.scores.columns).index(name)]["step"]
    return {"what": "range", "name": name, "low": round(low / step), "high": round(high / step)}


def test_a_slider_keeps_what_the_numbers_say(bench, pool, scores):
    change(bench, **steps(bench, "rating", 2.5, 4.0))
    expected = scores["rating"].between(2.5, 4.0)
    assert bench.mask.equals(expected.rename("keep"))
    assert bench.panel.count == {"kept": int(expected.sum()), "total": 60, "answer": 1}
    assert bench.pool.equals(pool[expected])


def test_a_slider_at_its_ends_asks_for_nothing(bench):
    spec = bench.panel.spec["scores"][0]
    change(bench, what="range", name="rating", low=spec["first"], high=spec["last"])
    assert bench.criteria == Criteria()
    assert bench.mask.all()


MESSAGES = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "what": st.just("range"),
                "name": st.sampled_from(["rating", "length"]),
                "low": st.integers(0, 30),
                "high": st.integers(20, 400),
            }
        ),
        st.fixed_dictionaries(
            {"what": st.just("filter"), "name": st.just("even"), "on": st.booleans()}
        ),
        st.fixed_dictionaries(
            {
                "what": st.just("search"),
                "text": st.sampled_from(["", "blue", "number 1"]),
                "regex": st.booleans(),
            }
        ),
        st.fixed_dictionaries(
            {
                "what": st.just("category"),
                "name": st.just("source"),
                "values": st.lists(st.sampled_from("abc"), unique=True),
            }
        ),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(messages=MESSAGES)
def test_after_any_changes_the_mask_is_that_of_the_criteria(messages):
    index = pd.Index([f"{n:016x}" for n in range(40)], name="id")
    texts = pd.Series([f"number {n}" for n in range(40)], index=index, dtype="str")
    pool = pd.DataFrame(
        {"instruction": texts, "input": "", "output": "blue", "source": list("abca") * 10}
    )
    pool["history"] = [[]] * 40
    rng = np.random.default_rng(1)
    scores = pd.DataFrame(
        {"rating": rng.integers(0, 11, 40) / 2, "length": rng.integers(1, 400, 40)}, index=index
    )
    masks = {"even": pd.Series(np.arange(40) % 2 == 0, index=index)}
    bench = FilterBench(pool, scores=scores, masks=masks, categories=["source"])
    seen = [bench.criteria]
    for message in messages:
        change(bench, **message)
        if bench.criteria != seen[-1]:
            seen.append(bench.criteria)
        expected = bench.criteria.mask(pool, bench.scores, masks)
        assert bench.mask.equals(expected)
        assert bench.panel.count["kept"] == expected.sum()
    for criteria in seen[-2::-1]:
        bench.undo()
        assert bench.criteria == criteria
        assert bench.mask.equals(criteria.mask(pool, bench.scores, masks))
    for criteria in seen[1:]:
        bench.redo()
        assert bench.criteria == criteria


def test_a_drag_is_one_step_of_undo(bench):
    change(bench, **steps(bench, "rating", 1.0, 5.0))
    change(bench, **steps(bench, "rating", 1.5, 5.0), first=False)
    change(bench, **steps(bench, "rating", 2.0, 5.0), first=False)
    bench.undo()
    assert bench.criteria == Criteria()
    bench.redo()
    assert bench.criteria.ranges == {"rating": (2.0, None)}


def test_reasons_count_rows_and_those_that_fall_to_one_alone(bench, scores, masks):
    bench.set(Criteria(ranges={"rating": (2.5, None)}, filters=("even",)))
    low, odd = ~(scores["rating"] >= 2.5), ~masks["even"]
    assert bench.panel.view["reasons"] == [
        ("rating", int(low.sum()), int((low & ~odd).sum())),
        ("even", int(odd.sum()), int((odd & ~low).sum())),
    ]


def test_tables_of_kept_dropped_and_borderline_rows(bench, pool, scores):
    change(bench, **steps(bench, "length", 100, 400))
    assert all(row["kept"] for row in bench.panel.view["rows"])
    tell(bench.panel, {"kind": "table", "tab": "dropped", "page": 0, "answer": 2})
    dropped = scores.index[~(scores["length"] >= 100)]
    assert [row["id"] for row in bench.panel.view["rows"]] == dropped[:20].tolist()
    tell(bench.panel, {"kind": "table", "tab": "borderline", "page": 0, "answer": 3})
    distance = (scores["length"] - 100).abs().sort_values(kind="stable")
    shown = [row["id"] for row in bench.panel.view["rows"]]
    assert (scores["length"].loc[shown] - 100).abs().tolist() == distance[:20].tolist()


def test_a_row_in_full_with_what_it_does_not_meet(bench, pool):
    bench.set(Criteria(filters=("even",)))
    tell(bench.panel, {"kind": "open", "place": 3})
    text = bench.panel.text
    assert text["id"] == pool.index[3]
    assert text["turns"][-1] == ("assistant", pool["output"].iloc[3], [])
    assert text["fields"] == [["source", pool["source"].iloc[3]]]
    assert text["misses"] == ["filter even"]


def test_a_broken_pattern_is_shown_and_changes_nothing(bench):
    change(bench, what="search", text="(", regex=True)
    assert "no regular expression" in bench.panel.view["error"]
    assert bench.mask.all()
    assert bench.criteria == Criteria()


def test_saved_as_a_run(bench, pool):
    bench.set(Criteria(filters=("even",)))
    run = runs.get(bench.save())
    assert run.series("keep").tolist() == bench.mask.tolist()
    assert run.numbers == {"rows": 60, "kept": 30}
    assert run.text("code") == bench.code()


def test_linked_with_a_map_both_ways(bench, pool):
    rng = np.random.default_rng(0)
    places = pd.DataFrame(rng.normal(size=(60, 2)), columns=["x", "y"], index=pool.index)
    coverage_map = CoverageMap(places)
    bench.link(coverage_map)
    bench.set(Criteria(filters=("even",)))
    shown = np.unpackbits(np.frombuffer(coverage_map.panel.shown, np.uint8), bitorder="little")[:60]
    assert shown.tolist() == bench.mask.astype(int).tolist()
    coverage_map.select(pool.index[:10])
    assert bench.pool.index.tolist() == pool.index[:10:2].tolist()
    coverage_map.select(None)
    assert bench.criteria.within is None


def test_in_a_report_it_is_its_last_state(bench, monkeypatch):
    bench.set(Criteria(search="<script>"))
    monkeypatch.setenv("WINNOW_REPORT", "1")
    shown = bench._repr_mimebundle_()["text/html"]
    assert "rows kept" in shown
    assert "<script>" not in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"categories": ["colour"]}, "columns of the pool, got 'colour'"),
        ({"masks": {"m": pd.Series([True], index=["x"])}}, "'m' misses 60 rows of the pool"),
        ({"scores": {"s": pd.Series([1.0], index=["x"])}}, "'s' misses 60 rows of the pool"),
    ],
)
def test_errors_say_what_came(pool, words, message):
    with pytest.raises(ValueError, match=message):
        FilterBench(pool, **words)


def test_unknown_criteria_are_refused(bench):
    with pytest.raises(ValueError, match="no score, filter or category named 'odd'"):
        bench.set(Criteria(filters=("odd",)))


def test_degenerate_scores_have_a_slider(pool):
    flat = pd.Series(3.0, index=pool.index)
    none = pd.Series(np.nan, index=pool.index)
    bench = FilterBench(pool, scores={"flat": flat, "none": none})
    spec = bench.panel.spec["scores"]
    assert [item["first"] < item["last"] for item in spec] == [True, True]
    assert [item["missing"] for item in spec] == [0, 60]
    assert FilterBench(pool.iloc[:0]).panel.count["total"] == 0
