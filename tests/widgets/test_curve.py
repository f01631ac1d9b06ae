import re

import pytest

from lab.widgets import curve
from lab.widgets.curve import LiveCurve


@pytest.fixture
def shown(monkeypatch):
    """Return what was displayed, first and later."""
    found = []

    class Handle:
        def update(self, what):
            found.append(what.data)

    def display(what, *, display_id):
        found.append(what.data)
        return Handle()

    monkeypatch.setattr(curve, "display", display)
    return found


def spots(svg):
    text = re.search(r'points="([^"]*)"', svg).group(1)
    return [tuple(float(part) for part in pair.split(",")) for pair in text.split()]


def test_one_display_is_drawn_again_every_few_steps(shown):
    live = LiveCurve("loss", every=2)
    for step in range(1, 8):
        live(step, 8 - step)
    assert len(shown) == 3
    assert "loss: 2.000 at step 6" in shown[-1]


def test_a_falling_loss_goes_down_and_right():
    live = LiveCurve("loss")
    for step, value in enumerate([4.0, 2.0, 0.0]):
        live(step, value)
    (x1, y1), (x2, y2), *_, (x3, y3) = spots(live.svg())
    assert x1 < x2 < x3
    assert y2 - y1 == pytest.approx(y3 - y2)
    assert y3 > y1  # down on a screen


def test_a_long_curve_is_thinned_and_ends_at_its_last_point():
    live = LiveCurve("loss", every=10**6)
    for step in range(5000):
        live(step, 1.0)
    assert len(spots(live.svg())) < 400
    assert "at step 4999" in live.svg()


def test_names_are_escaped_and_what_is_no_number_is_left_out():
    live = LiveCurve('<b>"x"')
    assert "polyline" not in live.svg()
    live(1, float("nan"))
    live(2, 1.0)
    assert "<b>" not in live.svg()
    assert len(spots(live.svg())) == 2


def test_every_is_at_least_one():
    with pytest.raises(ValueError, match="every must be at least 1, got 0"):
        LiveCurve("loss", every=0)
