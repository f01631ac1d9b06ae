import json

import numpy as np
import pandas as pd
import pytest

from lab.report import figures, screen

EVIL = "<script>alert(1)</script> & <a href='javascript:x'>y</a> " + "z" * 300


def places(n):
    rng = np.random.default_rng(0)
    index = pd.Index([f"id{i}" for i in range(n)], name="id")
    return pd.DataFrame(rng.normal(size=(n, 2)).astype(np.float32), columns=["x", "y"], index=index)


def test_texts_are_escaped_cut_and_stay_on_their_points():
    spots = places(5)
    text = pd.Series([EVIL, "two\nlines", "c", "d", "e"], index=spots.index)
    figure = figures.map(spots, text=text[::-1])
    shown = figure.data[0].text
    assert "<script" not in shown[0]
    assert "<a " not in shown[0]
    assert shown[0].startswith("&lt;script&gt;")
    assert "z" * figures.HOVER not in shown[0]
    assert shown[1:] == ("two<br>lines", "c", "d", "e")
    assert list(figure.data[0].customdata) == spots.index.tolist()


def test_clusters_have_names_and_colours_and_no_markup():
    spots = places(9)
    labels = pd.Series([0, 0, 0, 0, 1, 1, 1, -1, -1], index=spots.index)
    figure = figures.map(spots, clusters=labels, names={0: "<b>cities</b>", 1: "sums"})
    assert [trace.name for trace in figure.data] == [
        "in no cluster (2)",
        "&lt;b&gt;cities&lt;/b&gt; (4)",
        "sums (3)",
    ]
    assert [len(trace.x) for trace in figure.data] == [2, 4, 3]
    assert figure.data[0].marker.color == figures.FAINT
    written = {note.text.replace("<br>", " ") for note in figure.layout.annotations}
    assert written == {"&lt;b&gt;cities&lt;/b&gt;", "sums"}


def test_a_map_keeps_its_shape_and_turns_no_neighbour_away():
    spots = places(60)
    drawn = figures.map(spots).data[0]
    given = spots.loc[list(drawn.customdata)].to_numpy(dtype=float)
    shown = np.column_stack([drawn.x, drawn.y])
    near = np.linalg.norm(given[:, None] - given[None], axis=2)
    far = np.linalg.norm(shown[:, None] - shown[None], axis=2)
    rows = ~np.eye(60, dtype=bool)
    assert np.quantile(far[rows] / near[rows], [0.05, 0.95]) == pytest.approx(
        np.median(far[rows] / near[rows]), rel=0.05
    )


def test_thirty_clusters_have_thirty_colours():
    spots = places(300)
    labels = pd.Series(np.arange(300) % 30, index=spots.index)
    figure = figures.map(spots, clusters=labels)
    colours = {}
    for trace in figure.data:
        for at, key in enumerate(trace.customdata if trace.customdata is not None else ()):
            of = trace.marker.color
            colours[labels[key]] = of if isinstance(of, str) else of[at]
    assert len(colours) == len(set(colours.values())) == 30


def test_subset_and_reference_are_drawn_over_the_pool():
    spots = places(20)
    figure = figures.map(spots, subset=spots.index[[3, 7]], reference=places(4))
    assert [trace.name for trace in figure.data] == ["pool (20)", "reference (4)", "subset (2)"]
    assert list(figure.data[2].customdata) == ["id3", "id7"]


def test_many_points_are_drawn_by_webgl():
    assert figures.map(places(10)).data[0].type == "scatter"
    assert figures.map(places(figures.WEBGL + 1)).data[1].type == "scattergl"


def test_a_million_points_become_a_picture():
    rng = np.random.default_rng(0)
    spots = pd.DataFrame(rng.normal(size=(1_000_000, 2)), columns=["x", "y"])
    figure = figures.map(spots)
    assert figure.layout.images[0].source.startswith("data:image/png;base64,")
    assert len(figure.to_json()) < 3_000_000
    assert len(figures.density(spots).to_json()) < 1_000_000


def test_curves_carry_their_intervals():
    budgets = pd.Index([10, 20], name="k")
    table = pd.DataFrame({"a": [3.0, 2.0], "b": [4.0, 1.0]}, index=budgets)
    figure = figures.curves(table, low=table - 0.5, high=table + 0.5, ylabel="radius")
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert [line.name for line in lines] == ["a", "b"]
    assert list(bands[0].y) == [2.5, 1.5, 2.5, 3.5]
    assert figure.layout.xaxis.title.text == "k"
    assert len(figures.curves(table).data) == 2


def test_overlap_writes_its_numbers():
    table = pd.DataFrame([[1.0, 0.25], [0.25, 1.0]], index=["a", "b"], columns=["a", "b"])
    figure = figures.overlap(table)
    np.testing.assert_array_equal(figure.data[0].z, table)
    assert figure.data[0].zmax == 1


def test_histogram_counts_every_value_and_names_those_without():
    values = pd.DataFrame({"a": [0.0, 1.0, np.nan], "b": [0.5, 0.5, 0.5]})
    figure = figures.histogram(values, bins=4, mark=0.5)
    assert [int(np.sum(trace.y)) for trace in figure.data] == [2, 3]
    assert [trace.name for trace in figure.data] == ["a (2, 1 without)", "b (3)"]
    assert list(figure.data[0].x) == list(figure.data[1].x)
    assert len(figures.histogram(pd.Series([1.0, 2.0], name="s")).data) == 1


def test_a_figure_shows_itself_without_a_way_to_send_it(monkeypatch):
    seen = {}
    monkeypatch.setattr("plotly.io.show", lambda _, **kwargs: seen.update(kwargs))
    figures.overlap(pd.DataFrame([[1.0]]))._ipython_display_()
    assert seen["config"]["showSendToCloud"] is False
    assert seen["config"]["typesetMath"] is False
    json.dumps(seen["config"])


@pytest.mark.browser
@pytest.mark.skipif(screen.chromium() is None, reason=screen.NO_CHROMIUM)
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_figure_is_saved_without_a_network(tmp_path, kind):
    table = pd.DataFrame({"covering radius": [3.0, 2.0]}, index=[10, 20])
    path = figures.save(figures.curves(table), tmp_path / f"figure.{kind}")
    held = path.read_bytes()
    assert held.startswith({"svg": b"<svg", "png": b"\x89PNG"}[kind])
    assert len(held) > 3_000
    if kind == "svg":
        assert b"covering radius" in held or b"10" in held


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.map(pd.DataFrame({"a": [1]})), 'must have columns "x" and "y"'),
        (
            lambda: figures.map(places(3), text=pd.Series(["a"], index=["id0"])),
            "text misses 2 rows of the map, such as 'id1'",
        ),
        (
            lambda: figures.map(places(3), subset=pd.Index(["id9"])),
            "1 rows that are not on the map: 'id9'",
        ),
        (lambda: figures.overlap(pd.DataFrame([[1.0, 2.0]])), r"square, got shape \(1, 2\)"),
        (lambda: figures.histogram({"a": [1.0]}, bins=0), "at least 1, got 0"),
        (
            lambda: figures.curves(pd.DataFrame({"a": [1]}), low=pd.DataFrame({"a": [1]})),
            "given together",
        ),
        (
            lambda: figures.curves(
                pd.DataFrame({"a": [1]}),
                low=pd.DataFrame({"b": [1]}),
                high=pd.DataFrame({"a": [1]}),
            ),
            "low must have the index and columns",
        ),
        (lambda: figures.save(figures.map(places(3)), "x.gif"), "must end in .svg, .png"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
