import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from lab import coverage


@pytest.fixture
def heaps():
    rng = np.random.default_rng(0)
    xy = np.repeat([[0.0, 0.0], [9.0, 3.0]], 40, axis=0) + rng.normal(size=(80, 2))
    index = pd.Index([f"id{n}" for n in range(80)])
    return pd.DataFrame(xy, columns=["x", "y"], index=index)


def test_the_parquet_is_what_others_read(heaps, tmp_path):
    graph = coverage.neighbours(heaps, k=5)
    text = pd.Series([f"text {n}" for n in range(80)], index=heaps.index)[::-1]
    labels = pd.Series(np.arange(80) // 40, index=heaps.index)
    made = coverage.save_map(
        tmp_path / "map.parquet",
        heaps,
        columns={"text": text, "cluster": labels},
        graph=graph,
        names={0: "sums", 1: "dates"},
    )
    table = pd.read_parquet(made)
    assert table["text"].tolist() == [f"text {n}" for n in range(80)]
    assert table["cluster_name"].tolist() == ["sums"] * 40 + ["dates"] * 40
    assert np.isfinite(table[["x", "y"]]).all(axis=None)
    away = np.linalg.norm(heaps.to_numpy()[:, None] - heaps.to_numpy()[None], axis=2)
    np.fill_diagonal(away, np.inf)
    for row, cell in enumerate(table["neighbors"]):
        assert list(cell["ids"]) == np.argsort(away[row], kind="stable")[:5].tolist()
        assert list(cell["distances"]) == sorted(cell["distances"])


def test_the_svg_has_the_width_of_a_column_and_letters_that_print(heaps, tmp_path):
    labels = pd.Series(np.arange(80) // 40, index=heaps.index)
    made = coverage.save_map(
        tmp_path / "map.svg", heaps, columns={"cluster": labels}, names={0: "<b>", 1: "dates"}
    )
    tree = ET.parse(made).getroot()  # noqa: S314 - our own
    assert tree.get("width") == "89mm"
    assert float(tree.get("viewBox").split()[2]) == pytest.approx(89 / 25.4 * 72, abs=1)
    texts = list(tree.iter("{http://www.w3.org/2000/svg}text"))
    assert {"".join(text.itertext()) for text in texts} == {"<b>", "dates"}
    assert all(float(text.get("font-size")) >= 6 for text in texts)
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}circle"))) == 80


def test_errors_say_what_came(heaps, tmp_path):
    with pytest.raises(ValueError, match="must end in .parquet or .svg, got 'map.gif'"):
        coverage.save_map(tmp_path / "map.gif", heaps)
    with pytest.raises(ValueError, match="'text' misses 79 rows, the first 'id1'"):
        coverage.save_map(
            tmp_path / "m.svg", heaps, columns={"text": pd.Series(["a"], index=["id0"])}
        )
    with pytest.raises(ValueError, match="graph must be of the 80 rows, got 79"):
        coverage.save_map(
            tmp_path / "m.svg", heaps, graph=coverage.neighbours(heaps.iloc[:79], k=2)
        )
