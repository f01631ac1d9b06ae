"""The cover of k-center greedy on the device where a torch tensor lies, such as a GPU.

Every pick is one pass over all rows: a product rules out the rows that the new center cannot be
nearest to, and the few others are compared in double precision from their differences, as on the
CPU, so that duplicates are at distance 0, ties are ties, and the picks are the same.
"""

from typing import Any

import numpy as np

from lab.select.selection import IntArray

PICKED = -1.0  # below any squared distance, so that no picked row is the farthest
ROWS = 65_536  # rows compared at once in double precision


class DeviceCover:
    """The squared distance of every row to the nearest of the centers so far, always exact."""

    def __init__(self, X: Any) -> None:
        import torch

        X = self.X = _matrix(X)
        self.square = torch.linalg.vector_norm(X, dim=1).square()
        unit = float(torch.finfo(X.dtype).eps)
        # A product may be computed in fewer bits than its inputs have, where the user allows it.
        if X.dtype == torch.float32 and torch.get_float32_matmul_precision() != "highest":
            unit = 2.0**-8
        self.slack = 4.0 * (X.shape[1] + 4) * unit * float(self.square.max())
        self.nearest = torch.full((len(X),), float("inf"), dtype=torch.float64, device=X.device)

    def add(self, row: int) -> None:
        """Make `row` a center."""
        import torch

        center = self.X[row]
        reach = self.square - 2.0 * (self.X @ center) + (self.square[row] - self.slack)
        seeing = torch.nonzero(reach < self.nearest).squeeze(1)
        for at in range(0, len(seeing), ROWS):
            rows = seeing[at : at + ROWS]
            away = (self.X[rows].double() - center.double()).square_().sum(dim=1)
            self.nearest[rows] = torch.minimum(self.nearest[rows], away)
        self.nearest[row] = PICKED

    def farthest(self) -> int:
        """Return the row farthest from all centers, ties to the lower row."""
        return int((self.nearest == self.nearest.max()).int().argmax())

    def radius(self) -> float:
        """Return the distance of the farthest row, 0 if every row is a center."""
        return float(self.nearest.max().clamp(min=0.0).sqrt())

    def left(self) -> IntArray:
        """Return the rows that are no centers."""
        return np.flatnonzero(self.nearest.cpu().numpy() != PICKED)


def _matrix(X: Any) -> Any:
    """Return the tensor `X` as a finite matrix of float32 or float64, or raise ValueError."""
    import torch

    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"X must have rows and columns, got shape {tuple(X.shape)}")
    if X.dtype not in (torch.float32, torch.float64):
        X = X.float()
    finite = torch.isfinite(X).all(dim=1)
    if not bool(finite.all()):
        bad = torch.nonzero(~finite).squeeze(1)
        raise ValueError(
            f"X must be finite, but {len(bad)} rows are not, the first is row {int(bad[0])}"
        )
    return X.detach().contiguous()
