import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from lab import ablate
from lab.report import figures_verdicts, told

ROW = {
    "name": "diversity",
    "claim": "Diverse beats <narrow>.",
    "measure": "exact match",
    "verdict": "supported",
    "equivalence": False,
    "difference": 0.5,
    "low": 0.25,
    "high": 1.0,
    "margin": 0.05,
}


def figure(rows):
    return {"data": [], "layout": {"meta": {"verdicts": {"measure": "exact match", "rows": rows}}}}


def test_the_figure_of_verdicts_tells_its_rows():
    outcomes = pd.DataFrame({("a", 0): [1.0] * 90 + [0.0] * 10, ("b", 0): [0.0, 1.0] * 50})
    claims = {
        "order": ablate.more("a beats b.", "a", "b", by=0.1),
        "alike": ablate.same("a is b.", "a", "b", within=0.1),
    }
    judged = ablate.verdicts(claims, outcomes)
    drawn = figures_verdicts.forest(judged, xlabel="points").to_plotly_json()
    rows = told.verdicts([{"data": [], "layout": {}}, drawn])
    assert [row["name"] for row in rows] == ["order", "alike"]
    assert [row["verdict"] for row in rows] == judged["verdict"].tolist()
    assert {row["measure"] for row in rows} == {"points"}
    assert rows[0]["difference"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("verdict", "<b>supported</b>"),
        ("low", "0"),
        ("high", float("nan")),
        ("margin", None),
        ("equivalence", "yes"),
        ("claim", 5),
    ],
)
def test_a_row_that_is_not_as_it_should_be_is_left_out(name, value):
    assert told.verdicts([figure([ROW, {**ROW, name: value}])]) == [ROW]


@pytest.mark.parametrize("meta", [None, "text", {"verdicts": 3}, {"verdicts": {"rows": "text"}}])
def test_other_figures_tell_nothing(meta):
    assert told.verdicts([{"data": [], "layout": {"meta": meta}}]) == []


def test_the_small_forest_by_hand():
    drawing = ET.fromstring(told.forest([ROW, {**ROW, "low": 0.0}], label="a & <b>"))  # noqa: S314 - our own
    assert drawing.get("aria-label") == "a & <b>"
    (circle, _) = drawing.findall(".//circle")
    # labels take 122, 12 are left at the right: 0 lies at 122 and 1 at 308
    assert float(circle.get("cx")) == pytest.approx((122 + 308) / 2)
    (band, _) = drawing.findall(".//rect")
    assert float(band.get("width")) == pytest.approx(0.05 * 186, abs=0.06)


def test_each_measure_has_its_scale():
    small = {**ROW, "measure": "a", "difference": 0.001, "low": 0.0, "high": 0.002, "margin": 0.001}
    large = {**ROW, "measure": "b", "difference": 10.0, "low": 0.0, "high": 20.0, "margin": 10.0}
    places = [
        ET.fromstring(strip).find(".//circle").get("cx")  # noqa: S314 - our own
        for strip in told.strips([small, large])
    ]
    assert places == ["110.0", "110.0"]


def test_a_contradicted_claim_has_a_mark_of_its_own():
    assert "<circle" not in told.strips([{**ROW, "verdict": "contradicted"}])[0]
