import numpy as np
import pandas as pd
import pytest

from lab import coverage
from lab.widgets import CoverageMap
from tests.widgets.fakes import tell


@pytest.fixture
def places(pool):
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(5, 3, (60, 2)), columns=["x", "y"], index=pool.index)


def points(coverage_map):
    return np.frombuffer(coverage_map.panel.points, "<f4").reshape(-1, 2)


def test_points_keep_their_shape_within_the_canvas(places):
    moved = points(CoverageMap(places))
    assert np.abs(moved[:, 0]).max() <= 1
    assert max(np.ptp(moved, axis=0) / [2, 2 * CoverageMap(places).panel.tall]) > 0.7
    given = places.to_numpy()
    ratio = np.linalg.norm(moved[0] - moved[1]) / np.linalg.norm(given[0] - given[1])
    for a, b in [(2, 3), (10, 50)]:
        far = np.linalg.norm(given[a] - given[b]) * ratio
        assert np.linalg.norm(moved[a] - moved[b]) == pytest.approx(far, rel=1e-4)


def test_a_lasso_gives_ids_and_is_heard(places):
    coverage_map, heard = CoverageMap(places), []
    coverage_map.on_select(heard.append)
    chosen = np.array([3, 7], dtype="<u4")
    tell(coverage_map.panel, {"kind": "lasso"}, [memoryview(chosen.tobytes())])
    assert coverage_map.selected.tolist() == places.index[[3, 7]].tolist()
    assert heard[0].equals(coverage_map.selected)
    tell(coverage_map.panel, {"kind": "clear"})
    assert heard[1] is None
    assert len(coverage_map.selected) == 0


def test_kinds_get_colours_by_size_and_the_rest_shares_one(places, monkeypatch):
    monkeypatch.setattr("lab.widgets.coverage_map.MOST_COLOURS", 20)
    kinds = pd.Series([f"k{min(n, 30)}" for n in range(60)], index=places.index)
    coverage_map = CoverageMap(places, colours={"kind": kinds})
    codes = np.frombuffer(coverage_map.panel.codes, np.uint8)
    assert codes[-1] == 0
    assert coverage_map.panel.legend["entries"][0] == ["k30 (30)", 0, "k30"]
    assert coverage_map.panel.legend["entries"][-1] == ["11 other (11)", 20, ""]
    assert sorted(set(codes.tolist())) == list(range(21))
    assert len(set(coverage_map.panel.legend["tones"])) == 20


def test_numbers_get_a_ramp_and_missing_ones_none(places):
    worth = pd.Series(np.linspace(0, 1, 60), index=places.index)
    worth.iloc[4] = np.nan
    coverage_map = CoverageMap(places, colours={"worth": worth})
    codes = np.frombuffer(coverage_map.panel.codes, np.uint8)
    assert coverage_map.panel.legend["ramp"]
    assert codes[4] == 255
    assert codes[0] == 0
    assert codes[-1] == 31
    coverage_map.colour(None)
    assert coverage_map.panel.codes == b""


def test_clusters_are_named_at_their_middle_and_can_be_selected(places, pool):
    clusters = pd.Series(np.arange(60) % 3 - 1, index=places.index)
    coverage_map = CoverageMap(
        places, pool=pool, clusters=clusters, names={0: "<b>reds</b>", 1: "blues"}
    )
    assert {name[2] for name in coverage_map.panel.names} == {"<b>reds</b>", "blues"}
    assert coverage_map.panel.legend["entries"][-1] == ["in no cluster (20)", 255, "-1"]
    tell(coverage_map.panel, {"kind": "cluster", "name": "1"})
    assert coverage_map.selected.tolist() == places.index[clusters == 1].tolist()
    as_series = pd.Series({0: "<b>reds</b>", 1: "blues"})
    assert (
        CoverageMap(places, clusters=clusters, names=as_series).panel.names
        == coverage_map.panel.names
    )
    name = coverage_map.panel.names[0]
    at = np.array(name[7:9])
    inside = points(coverage_map)[
        clusters.to_numpy() == [*{0: "<b>reds</b>", 1: "blues"}.values()].index(name[2])
    ]
    assert np.linalg.norm(inside - at, axis=1).min() < 1e-5


def test_gaps_stand_where_the_map_puts_them(places):
    gaps = pd.DataFrame(
        {"x": [places["x"].iloc[9]], "y": [places["y"].iloc[9]], "name": ["no sums"]}
    )
    coverage_map = CoverageMap(places, gaps=gaps)
    name = coverage_map.panel.names[0]
    assert name[2:4] == ["no sums", True]
    assert name[7:9] == pytest.approx(points(coverage_map)[9].tolist(), abs=1e-5)


def test_a_text_is_fetched_for_one_point(places, pool):
    coverage_map = CoverageMap(places, pool=pool, colours={"source": pool["source"]})
    tell(coverage_map.panel, {"kind": "tip", "place": 4})
    assert coverage_map.panel.tip["id"] == pool.index[4]
    assert coverage_map.panel.tip["texts"] == [pool["instruction"].iloc[4], pool["output"].iloc[4]]
    assert coverage_map.panel.tip["lines"] == ["source: b"]


def test_a_closer_look_names_more(places):
    heaps = places * 0.01 + np.arange(60)[:, None] // 6 * [[7.0, 2.0]]
    clusters = pd.Series(np.arange(60) // 6, index=places.index)
    called = {key: f"cluster with a rather long name, number {key}" for key in range(10)}
    coverage_map = CoverageMap(heaps, clusters=clusters, names=called)
    message = {"kind": "names", "view": [-1, 1, -0.67, 0.67], "width": 200}
    tell(coverage_map.panel, message)
    far = {name[2] for name in coverage_map.panel.names}
    x, y = np.median(points(coverage_map)[:12], axis=0)
    near = {**message, "view": [x - 0.2, x + 0.2, y - 0.2, y + 0.2], "width": 900}
    tell(coverage_map.panel, near)
    assert len(far) < 10
    assert len(coverage_map.panel.names) > 0
    assert all(abs(name[0] - x) < 0.2 for name in coverage_map.panel.names)


def test_search_marks_what_holds_the_words(places, pool):
    coverage_map = CoverageMap(places, pool=pool)
    tell(coverage_map.panel, {"kind": "search", "text": "number 7."})
    hits = np.unpackbits(np.frombuffer(coverage_map.panel.hits, np.uint8), bitorder="little")[:60]
    assert np.flatnonzero(hits).tolist() == [7]
    assert coverage_map.panel.found == {"text": "number 7.", "count": 1}
    assert coverage_map.search("") == 0


def test_a_clicked_point_is_read_in_full_beside_its_neighbours(places, pool):
    graph = coverage.neighbours(places, k=9)
    coverage_map = CoverageMap(places, pool=pool, graph=graph)
    tell(coverage_map.panel, {"kind": "open", "place": 3})
    detail = coverage_map.panel.detail
    assert detail["id"] == pool.index[3]
    assert [turn[:2] for turn in detail["turns"]] == [
        ("user", pool["instruction"].iloc[3]),
        ("assistant", pool["output"].iloc[3]),
    ]
    assert [row[0] for row in detail["near"]] == graph.indices[3, :8].tolist()
    assert detail["near"][0][1] == pytest.approx(float(graph.distances[3, 0]), abs=1e-4)
    with pytest.raises(ValueError, match="graph must be of the 59 rows, got 60"):
        CoverageMap(places.iloc[:59], graph=graph)


def test_the_rows_of_a_lasso_can_be_named_and_kept_beside_the_next(places):
    coverage_map = CoverageMap(places)
    coverage_map.select(places.index[:5])
    tell(coverage_map.panel, {"kind": "tag", "name": "good"})
    coverage_map.select(places.index[5:7])
    coverage_map.tag("<b>odd</b>")
    assert {name: len(ids) for name, ids in coverage_map.tags.items()} == {
        "good": 5,
        "<b>odd</b>": 2,
    }
    assert coverage_map.panel.tags == {"good": 5, "<b>odd</b>": 2}
    with pytest.raises(ValueError, match="must not be empty, got ' '"):
        coverage_map.tag(" ")


def test_in_a_report_it_is_a_figure(places, pool, monkeypatch):
    import plotly.io as pio

    monkeypatch.setenv("WINNOW_REPORT", "1")
    monkeypatch.setattr(pio.renderers, "default", "plotly_mimetype")
    bundle = CoverageMap(places, pool=pool)._repr_mimebundle_()
    assert "application/vnd.plotly.v1+json" in bundle


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"subset": pd.Index(["x"])}, "1 rows are not on the map, the first x"),
        ({"clusters": pd.Series([1], index=["x"])}, "clusters misses 60 rows of the map"),
    ],
)
def test_errors_say_what_came(places, words, message):
    with pytest.raises(ValueError, match=message):
        CoverageMap(places, **words)


def test_places_must_be_two_finite_columns(places):
    with pytest.raises(ValueError, match=r"columns \"x\" and \"y\", got \['a', 'b'\]"):
        CoverageMap(places.set_axis(["a", "b"], axis=1))
    with pytest.raises(ValueError, match="finite, 1 rows are not"):
        CoverageMap(places.assign(x=[np.inf, *range(59)]))
    with pytest.raises(ValueError, match="by must be one of , got 'z'"):
        CoverageMap(places).colour("z")
    with pytest.raises(ValueError, match=r"60 values, got \(2,\)"):
        CoverageMap(places).show(np.array([True, False]))
