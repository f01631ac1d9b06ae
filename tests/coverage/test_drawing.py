import io
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lab.coverage import drawing


def test_a_picture_is_read_back_as_it_was_written():
    given = np.random.default_rng(0).integers(0, 256, (7, 5, 4), dtype=np.uint8)
    with Image.open(io.BytesIO(drawing.png(given))) as opened:
        np.testing.assert_array_equal(np.asarray(opened), given)


def test_points_stand_where_they_lie_in_their_colour():
    xy = np.array([[10.0, 5.0], [30.0, 15.0]])
    made = drawing.pixels(xy, drawing.rgb(["#ff0000", "#0000ff"]), canvas=(40, 20))
    assert made.shape == (20, 40, 4)
    assert made[14, 10, :3].tolist() == [255, 0, 0]
    assert made[4, 30, :3].tolist() == [0, 0, 255]
    assert made[10, 20, 3] == 0


def test_more_points_make_a_pixel_denser():
    few, many = (
        drawing.pixels(np.full((n, 2), 5.0), np.zeros((n, 3), int), canvas=(10, 10))[4:6, 5, 3]
        for n in (1, 9)
    )
    assert (many >= few).all()
    assert many.sum() > few.sum()


@pytest.mark.parametrize("smaller", [100, 1_500, 52_002])
def test_more_points_are_smaller_and_fainter(smaller):
    assert drawing.radius(smaller) > drawing.radius(20 * smaller)
    assert drawing.opacity(smaller) >= drawing.opacity(20 * smaller)


def test_names_are_texts_and_never_markup():
    placed = pd.DataFrame(
        {
            "x": [50.0], "y": [50.0], "width": [40.0], "height": [24.0], "size": [10.0],
            "text": ["<script>\nsums"], "at_x": [90.0], "at_y": [90.0], "line": [True],
        },
        index=[0],
    )  # fmt: skip
    drawn = drawing.names(placed, {0: "#123456"}, height=100, front="#000000")
    tree = ET.fromstring(drawing.svg([drawn], width=100, height=100))  # noqa: S314 - our own
    spans = [node.text for node in tree.iter("{http://www.w3.org/2000/svg}tspan")]
    assert spans == ["<script>", "sums"]
    (line,) = tree.iter("{http://www.w3.org/2000/svg}line")
    assert (line.get("x1"), line.get("y1"), line.get("x2"), line.get("y2")) == (
        "90.0", "10.0", "70.0", "38.0",
    )  # fmt: skip
