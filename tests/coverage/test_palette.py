import numpy as np
import pandas as pd
import pytest

from lab.coverage import palette


def spots(m, seed=0):
    return np.random.default_rng(seed).uniform(size=(m, 2))


def light(colour):
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_forty_clusters_look_like_forty():
    found = palette.colours(spots(40), np.arange(40) / 40)
    assert len(set(found)) == 40
    assert palette.similar(found) <= 4


def test_neighbours_differ_also_to_eyes_without_red_or_green():
    places = spots(60)
    found = palette.colours(places, np.arange(60) / 60)
    rgb = np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in found]) / 255
    away = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(away, np.inf)
    near = np.argsort(away, axis=1)[:, :3]
    for eye in palette.EYES.values():
        seen = palette.oklab(rgb, eye)
        apart = np.linalg.norm(seen[:, None] - seen[near], axis=2)
        assert np.quantile(apart, 0.05) > 0.04


def test_related_clusters_are_of_one_hue():
    rng = np.random.default_rng(0)
    middles = np.repeat([[0, 0], [50, 0], [0, 50]], 5, axis=0) + rng.normal(size=(15, 2))
    X = np.repeat(middles, 10, axis=0)
    joined = palette.regions(X, pd.Series(np.repeat(np.arange(15), 10)), count=3)
    assert joined["region"].nunique() == 3
    assert all(joined["region"].to_numpy().reshape(3, 5).std(axis=1) == 0)
    order = joined["order"].to_numpy().reshape(3, 5)
    assert (np.ptp(order, axis=1) < 0.3).all()


def test_regions_are_numbered_by_their_rows():
    labels = pd.Series([0] * 5 + [1] * 3 + [2] * 9 + [-1])
    X = [[0.0]] * 5 + [[0.1]] * 3 + [[9.0]] * 9 + [[5.0]]
    joined = palette.regions(X, labels, count=2)
    assert joined["region"].to_dict() == {0: 1, 1: 1, 2: 0}
    assert joined["size"].to_dict() == {0: 5, 1: 3, 2: 9}


def test_one_cluster_and_none():
    assert palette.regions([[0.0]], pd.Series([0]))["region"].tolist() == [0]
    assert palette.regions([[0.0]], pd.Series([-1])).empty
    assert palette.colours(np.empty((0, 2)), []) == []


@pytest.mark.parametrize("colour", ["#ffff00", "#c0ffee", "#335577", "#000000", "#ffffff"])
def test_texts_are_read_on_white_and_on_black(colour):
    assert 1.05 / (light(palette.readable(colour)) + 0.05) >= 4.5
    assert (light(palette.readable(colour, dark=True)) + 0.05) / (0.0075 + 0.05) >= 4.5


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="X must have the 2 rows of labels"):
        palette.regions([[0.0]], pd.Series([0, 1]))
