import numpy as np
import pandas as pd
import pytest

from lab.coverage import canvas


def frame(xy):
    return pd.DataFrame(np.asarray(xy, dtype=float), columns=["x", "y"])


def cloud(n=2000, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2)) * [3, 1]


@pytest.mark.parametrize(("width", "height"), [(920, 620), (600, 600), (360, 540)])
def test_one_side_of_the_canvas_is_used_whatever_its_shape(width, height):
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    fitted = canvas.fit(frame(cloud() @ turn), width=width, height=height, side=0.13)
    assert max(fitted.used()) > 0.7
    left, right, low, high = fitted.inner
    assert (fitted.xy >= [left, low]).all()
    assert (fitted.xy <= [right, high]).all()
    assert left >= 0.129 * width
    assert right <= 0.871 * width


def test_distances_keep_their_ratio():
    given = cloud(300)
    fitted = canvas.fit(frame(given))
    rows = ~fitted.stray
    near = np.linalg.norm(given[rows][0] - given[rows][1:], axis=1)
    far = np.linalg.norm(fitted.xy[rows][0] - fitted.xy[rows][1:], axis=1)
    assert np.ptp(far / near) < 1e-6 * (far / near).mean()


def test_a_stray_point_stands_at_the_rim_and_does_not_make_the_others_small():
    alone = canvas.fit(frame(cloud()))
    strayed = canvas.fit(frame(np.vstack([cloud(), [[400.0, 300.0]]])))
    assert strayed.stray[2000]
    assert max(strayed.used()) > 0.7
    left, right, low, high = strayed.inner
    x, y = strayed.xy[-1]
    assert x in (left, right) or y in (low, high)
    assert alone.stray.sum() <= 5


def test_rows_in_another_order_lie_where_they_lay():
    given = frame(cloud(200))
    shuffled = given.sample(frac=1, random_state=1)
    moved = pd.DataFrame(canvas.fit(shuffled).xy, index=shuffled.index).loc[given.index]
    assert moved.to_numpy() == pytest.approx(canvas.fit(given).xy)


def test_other_rows_are_put_where_the_map_has_them():
    given = frame(cloud(100))
    fitted = canvas.fit(given)
    assert fitted.put(given.iloc[5:9]) == pytest.approx(fitted.xy[5:9])


def test_one_row_and_no_rows_are_a_map_too():
    assert canvas.fit(frame([[3.0, 4.0]])).xy == pytest.approx(np.array([[460, 310]]))
    assert canvas.fit(frame(np.empty((0, 2)))).xy.shape == (0, 2)
    assert np.isfinite(canvas.fit(frame([[0, 0], [1, 1], [2, 2]])).xy).all()


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="finite, 1 rows are not"):
        canvas.fit(frame([[np.nan, 0.0]]))
    with pytest.raises(ValueError, match=r"columns \"x\" and \"y\", got \['a'\]"):
        canvas.fit(pd.DataFrame({"a": [1]}))
    with pytest.raises(ValueError, match="got 0, 620.0, 0.04"):
        canvas.fit(frame([[0, 0]]), width=0)
