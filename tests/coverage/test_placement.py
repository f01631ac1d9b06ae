import time

import numpy as np
import pandas as pd
import pytest

from lab.coverage import canvas, placement

WORDS = (
    *("list", "story", "code", "sum", "planet", "recipe"),
    *("email", "poem", "country", "translate", "summary", "logic"),
)


def world(clusters, seed=0, n=20_000):
    """Clusters of uneven size on a canvas, some rows in none."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(clusters, 2)) * 10
    share = 1 / np.arange(1, clusters + 1) ** 0.7
    labels = np.sort(rng.choice(clusters, n, p=share / share.sum()))
    xy = centres[labels] + rng.normal(size=(n, 2)) * 0.4
    xy[::9] += rng.normal(size=xy[::9].shape) * 4
    labels[::9] = -1
    fitted = canvas.fit(pd.DataFrame(xy, columns=["x", "y"]), side=0.13)
    names = {key: ", ".join(rng.choice(WORDS, 3, replace=False)) for key in range(clusters)}
    return fitted.xy, labels, names


def overlapping(placed):
    """Count the pairs of texts that overlap, pair by pair."""
    boxes = [
        (r.x - r.width / 2, r.x + r.width / 2, r.y - r.height / 2, r.y + r.height / 2)
        for r in placed.itertuples()
    ]
    return sum(
        a[1] > b[0] and b[1] > a[0] and a[3] > b[2] and b[3] > a[2]
        for at, a in enumerate(boxes)
        for b in boxes[at + 1 :]
    )


def under(placed, xy):
    """Tell which points lie under which text."""
    return [
        (np.abs(xy[:, 0] - r.x) < r.width / 2) & (np.abs(xy[:, 1] - r.y) < r.height / 2)
        for r in placed.itertuples()
    ]


@pytest.mark.parametrize("clusters", [57, 150, 400])
@pytest.mark.parametrize("size", [(920.0, 620.0), (360.0, 243.0)])
def test_no_name_overlaps_another_or_covers_another_cluster(clusters, size):
    xy, labels, names = world(clusters)
    xy = xy * (size[0] / 920)
    placed = placement.place_names(xy, labels, names, canvas=size)
    assert overlapping(placed) == 0
    assert len(placed) >= (20 if size[0] > 900 else 4)
    covered = under(placed, xy)
    assert np.any(covered, axis=0).mean() < 0.01
    for label, rows in zip(placed.index, covered, strict=True):
        assert set(labels[rows]) <= {label, -1}
    for r in placed.itertuples():
        assert r.width / 2 <= r.x <= size[0] - r.width / 2
        assert r.height / 2 <= r.y <= size[1] - r.height / 2


def test_a_hundred_and_fifty_names_are_placed_in_a_moment():
    xy, labels, names = world(150)
    placement.place_names(xy, labels, names, canvas=(920, 620))  # compiled by now
    clock = time.process_time()
    placement.place_names(xy, labels, names, canvas=(920, 620))
    assert time.process_time() - clock < 0.6  # 0.2 on a quiet machine


def test_lines_cross_no_line_and_lead_through_no_name():
    xy, labels, names = world(80, seed=3)
    placed = placement.place_names(xy, labels, names, canvas=(920, 620))
    steps = np.linspace(0, 1, 200)[:, None]
    paths = {}
    for key, r in placed[placed["line"]].iterrows():
        half = np.array([r["width"], r["height"]]) / 2
        spot, at = np.array([r["x"], r["y"]]), np.array([r["at_x"], r["at_y"]])
        paths[key] = at + steps * (np.clip(at, spot - half, spot + half) - at)
    assert len(paths) > 5
    for key, path in paths.items():
        for other, r in placed.iterrows():
            inside = (
                np.abs(path - [r["x"], r["y"]]) < np.array([r["width"], r["height"]]) / 2 - 0.01
            )
            assert other == key or not inside.all(axis=1).any()


def test_the_largest_cluster_is_named_first_and_largest():
    xy, labels, names = world(57)
    placed = placement.place_names(xy, labels, names, canvas=(920, 620))
    counts = np.bincount(labels[labels >= 0])
    assert placed.index[0] == counts.argmax()
    assert placed["size"].is_monotonic_decreasing
    assert placed["size"].iloc[0] == 15.0


def test_the_order_of_rows_does_not_move_a_name():
    xy, labels, names = world(30)
    order = np.random.default_rng(1).permutation(len(xy))
    one = placement.place_names(xy, labels, names, canvas=(920, 620))
    other = placement.place_names(xy[order], labels[order], names, canvas=(920, 620))
    pd.testing.assert_frame_equal(one, other)


def test_names_placed_before_keep_their_ground():
    xy, labels, names = world(40)
    before = placement.place_names(xy, labels // 10, {0: "one", 1: "two"}, canvas=(920, 620))
    after = placement.place_names(xy, labels, names, canvas=(920, 620), before=before)
    assert overlapping(pd.concat([before, after])) == 0


def test_a_full_canvas_has_no_place():
    xy = np.random.default_rng(0).uniform(0, 100, size=(5000, 2))
    placed = placement.place_names(xy, np.arange(5000) % 2, {0: "a", 1: "b"}, canvas=(100, 100))
    assert placed.empty


def test_long_names_and_scripts_without_spaces_are_cut_into_lines():
    assert placement.wrapped("word " * 40)[-1].endswith("…")
    assert len(placement.wrapped("编写一个关于人工智能与未来教育的短篇故事并且翻译")) > 1
    assert all(placement.text_width(line) <= 0.58 * 19 for line in placement.wrapped("x" * 60)[:-1])


def test_errors_say_what_came():
    with pytest.raises(ValueError, match=r"shape \(2, 2\), got \(1, 2\)"):
        placement.place_names(np.zeros((1, 2)), np.array([0, 0]), {}, canvas=(1, 1))
    with pytest.raises(ValueError, match=r"above 0, got \(0, 1\)"):
        placement.place_names(np.zeros((1, 2)), np.array([0]), {}, canvas=(0, 1))
