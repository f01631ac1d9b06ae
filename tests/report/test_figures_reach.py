import numpy as np
import pandas as pd
import pytest

from lab import coverage
from lab.report import figures


@pytest.fixture
def pool():
    """Three heaps on a map that is the embedding; the last one is about recipes."""
    rng = np.random.default_rng(0)
    middles = np.repeat([[0, 0], [10, 0], [5, 9]], 200, axis=0)
    xy = (middles + rng.normal(size=(600, 2))).astype(np.float32)
    index = pd.Index([f"id{n}" for n in range(600)])
    texts = ["sort a list"] * 200 + ["write <b>code</b>"] * 200 + ["cook a soup"] * 200
    return pd.DataFrame(xy, columns=["x", "y"], index=index), pd.Series(texts, index=index)


def test_the_field_counts_each_row_once_and_names_what_is_missed(pool):
    places, texts = pool
    found = coverage.reach(places, [0, 1, 200, 201], limits=(1.5, 4.5))
    figure = figures.field(places, found, text=texts, title="<b>mine</b>")
    traces = {trace.name.split(":")[0]: trace for trace in figure.data}
    assert sum(len(traces[state].x) for state in ("covered", "thin", "missed")) == 600
    assert len(traces["missed"].x) == (found.rows["state"] == "missed").sum() == 200
    (note,) = figure.layout.annotations
    name, count = note.text.replace("<br>", " ").rstrip(")").split(" (")
    assert name == "cook, soup"
    assert 190 < int(count) <= 200
    assert "gaps" in traces
    assert figure.layout.title.text == "&lt;b&gt;mine&lt;/b&gt;: 33.3% of 600 missed"
    assert "<b>code" not in figure.to_json()


def test_a_subset_that_misses_nothing_has_no_gaps(pool):
    places, texts = pool
    found = coverage.reach(places, [0, 200, 400], limits=(1.0, 50.0))
    figure = figures.field(places, found, text=texts)
    assert len(figure.layout.annotations) == 0
    assert "gaps" not in [trace.name for trace in figure.data]


def test_small_maps_stand_side_by_side_and_below_each_other_where_narrow(pool):
    places, _ = pool
    subsets = {name: coverage.reach(places, range(10 * n, 10 * n + 9)) for n, name in
               enumerate(["a", "<i>b</i>", "c"])}  # fmt: skip
    figure = figures.multiples(places, subsets)
    assert len(figure.layout.images) == 3
    assert "&lt;i&gt;b" in figure.layout.annotations[1].text
    wide, _, narrow = figure.layout.meta["map"]["variants"]
    across = {tuple(wide["layout"][f"xaxis{n}"]["domain"]) for n in ("", "2", "3")}
    down = {tuple(narrow["layout"][f"yaxis{n}"]["domain"]) for n in ("", "2", "3")}
    assert len(across) == len(down) == 3
    assert narrow["layout"]["height"] > 2 * wide["layout"]["height"]


def test_the_difference_is_of_distances_and_not_of_places(pool):
    places, texts = pool
    one, other = coverage.reach(places, [0]), coverage.reach(places, [200])
    figure = figures.difference(places, one, other, subsets=("one", "other"), text=texts)
    shade = dict(zip(figure.data[0].customdata, figure.data[0].marker.color, strict=True))
    nearer = other.rows["distance"] - one.rows["distance"]
    assert all(np.sign(shade[key]) == np.sign(nearer[key]) for key in ("id0", "id200", "id250"))
    assert [trace.name for trace in figure.data[1:]] == ["picks of one (1)", "picks of other (1)"]


def test_another_index_is_refused(pool):
    places, _ = pool
    found = coverage.reach(places.reset_index(drop=True), [0])
    for draw in (
        lambda: figures.field(places, found),
        lambda: figures.multiples(places, {"a": found}),
        lambda: figures.difference(places, found, found),
    ):
        with pytest.raises(ValueError, match="reach must be on the index of places"):
            draw()
    with pytest.raises(ValueError, match="at least one subset, got none"):
        figures.multiples(places, {})
