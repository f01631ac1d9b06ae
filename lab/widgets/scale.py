"""The histogram and the slider of one score."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.widgets.criteria import Range

BINS = 40  # of the histogram
STEPS = 200  # of the slider, at most
Bits = NDArray[np.bool_]


class Scale:
    """One score in whole steps from its lowest value to its highest; each 1, 2 or 5 times 10ⁿ."""

    def __init__(self, values: Any) -> None:  # a Series
        numbers = values.to_numpy(dtype=float)
        whole = numbers[np.isfinite(numbers)]
        low, high = (float(whole.min()), float(whole.max())) if len(whole) else (0.0, 1.0)
        span = high - low or 1.0
        step = 10.0 ** np.floor(np.log10(span / STEPS))
        self.step = float(next(step * by for by in (1, 2, 5, 10) if span / (step * by) <= STEPS))
        if np.array_equal(whole, np.round(whole)):
            self.step = max(1.0, self.step)
        self.digits = max(0, -int(np.floor(np.log10(self.step))))
        self.first = int(np.floor(low / self.step))
        self.last = max(int(np.ceil(high / self.step)), self.first + 1)
        edges = np.linspace(self.first * self.step, self.last * self.step, BINS + 1)
        self.bins = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, BINS - 1)
        self.bins[~np.isfinite(numbers)] = BINS
        self.bins = self.bins.astype(np.int32)
        self.all = np.bincount(self.bins, minlength=BINS + 1)

    def kept(self, keep: Bits) -> list[int]:
        """Return how many kept rows fall into each bin of the histogram."""
        counts: list[int] = np.bincount(self.bins[keep], minlength=BINS + 1)[:BINS].tolist()
        return counts

    def value(self, step: int) -> float:
        """Return the value at a step."""
        return round(step * self.step, self.digits)

    def range(self, low: int, high: int) -> Range:
        """Return the bounds that a slider means; none where it stands at its end."""
        return (
            None if low <= self.first else self.value(low),
            None if high >= self.last else self.value(high),
        )

    def steps(self, bounds: Range) -> list[int]:
        """Return where the slider stands for bounds."""
        low, high = bounds
        return [
            self.first if low is None else round(low / self.step),
            self.last if high is None else round(high / self.step),
        ]

    def spec(self, name: str) -> dict[str, Any]:
        """Return what the browser needs to draw it."""
        return {
            "name": name,
            "first": self.first,
            "last": self.last,
            "step": self.step,
            "digits": self.digits,
            "bins": self.all[:BINS].tolist(),
            "missing": int(self.all[BINS]),
        }
