import base64
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lab.report import thumbnail


def shapes(figure):
    drawing = ET.fromstring(thumbnail.svg(figure, label="a & <b>"))  # noqa: S314 - our own
    assert drawing.get("aria-label") == "a & <b>"
    return [(shape.tag, shape.attrib) for shape in drawing]


def test_corners_by_hand():
    trace = {"type": "scatter", "mode": "markers", "x": [0, 10], "y": [0, 5]}
    places = [(attrs["cx"], attrs["cy"]) for _, attrs in shapes({"data": [trace]})]
    assert places == [("12.0", "168.0"), ("308.0", "12.0")]


@pytest.mark.parametrize(
    ("trace", "tag", "count"),
    [
        ({"mode": "lines", "x": [1, 2, 3], "y": [1, 4, 9]}, "polyline", 1),
        ({"type": "bar", "x": ["a", "b"], "y": [1, 2]}, "rect", 2),
        ({"type": "bar", "orientation": "h", "y": ["a", "b"], "x": [1, 2]}, "rect", 2),
        ({"type": "histogram", "x": list(range(100))}, "rect", 24),
        ({"type": "heatmap", "z": [[1, 2], [3, None]]}, "rect", 3),
        ({"type": "scattergl", "mode": "markers", "x": [1, None, 3], "y": [1, 2, 3]}, "circle", 2),
        ({"type": "pie", "values": [1, 2]}, "rect", 0),
        ({"type": "scatter", "x": [], "y": []}, "circle", 0),
        ({"type": "scatter", "mode": "markers", "x": [1, 1], "y": [2, 2]}, "circle", 2),
    ],
)
def test_each_kind_has_its_marks(trace, tag, count):
    found = shapes({"data": [trace]})
    assert [name for name, _ in found] == [tag] * count
    assert "nan" not in str(found)


def test_many_points_become_few_and_encoded_arrays_are_read():
    values = np.arange(52_000, dtype="<f8")
    encoded = {"dtype": "f8", "bdata": base64.b64encode(values.tobytes()).decode()}
    trace = {"type": "scattergl", "mode": "markers", "x": encoded, "y": encoded}
    assert 400 <= len(shapes({"data": [trace]})) <= thumbnail.MOST_MARKS


def test_a_colour_cannot_leave_its_attribute():
    trace = {"mode": "markers", "x": [1], "y": [1], "marker": {"color": '"><script>'}}
    assert shapes({"data": [trace]})[0][1]["fill"] == '"><script>'
