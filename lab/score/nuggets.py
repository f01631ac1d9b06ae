"""How far one example, shown first, helps a model with others.

Source: Li et al. 2024, arXiv:2312.10302 (Nuggets), the golden score.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lab.score import causal as causal_models
from lab.score.causal import Causal, Piece
from lab.score.layout import SHOT, Layout, prompts
from lab.score.losses import summed_losses

SEQUENCES_AT_ONCE = 20_000
BETWEEN = "\n\n"


def nuggets(
    pool: pd.DataFrame,
    *,
    model: str,
    anchors: pd.DataFrame,
    layout: Layout = SHOT,
    device: str | None = None,
) -> "pd.Series[float]":
    """Share of anchors that become likelier after this example, 0 to 1; higher is better.

    An anchor counts if the summed log-probability of its output with the example before it is
    above that without (the authors' code ranks by the sum, not by the mean per token). Anchors
    that do not fit the model behind an example are left out of its share; NaN if none fits.

    Source: Li et al. 2024, arXiv:2312.10302 (golden score; the authors keep those above 0.85).
    Cost: one forward pass per row and anchor: 100 anchors cost a hundred times `perplexity`.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder of a causal model.
    anchors : DataFrame
        A pool of m tasks to help with; the authors take 100 that lie nearest to K-means centers.
    layout : Layout
        How an example becomes text.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> anchors = testbed.pool(2, seed=1)
    >>> found = nuggets(testbed.pool(2), model=str(paths.base_model()), anchors=anchors)
    >>> found.between(0, 1).all().item()
    True
    """
    if len(anchors) == 0:
        raise ValueError("anchors must hold at least one example, got 0")
    causal = causal_models.load(model, device=device)
    asked = prompts(layout, anchors, causal.tokenizer)
    zero = causal_models.encode(causal, asked, anchors["output"].tolist())
    without = summed_losses(causal, zero)
    rows_at_once = max(1, SEQUENCES_AT_ONCE // len(anchors))
    shares = []
    for start in range(0, len(pool), rows_at_once):
        part = pool.iloc[start : start + rows_at_once]
        before = prompts(layout, part, causal.tokenizer)
        shots = [
            text + output + BETWEEN for text, output in zip(before, part["output"], strict=True)
        ]
        pieces = list(_shown_first(causal, shots, asked, zero))
        after = summed_losses(causal, pieces).reshape(len(part), len(anchors))
        fits = np.isfinite(after) & np.isfinite(without)
        wins = (np.nan_to_num(after) < np.nan_to_num(without)) & fits
        share = np.full(len(part), np.nan)
        np.divide(wins.sum(1), fits.sum(1), out=share, where=fits.any(1))
        shares += share.tolist()
    return pd.Series(shares, index=pool.index, name="nuggets", dtype="float64")


def _shown_first(
    causal: Causal, shots: list[str], prompts: list[str], anchors: list[Piece]
) -> Iterator[Piece]:
    """Yield, example by example, every anchor with the example before it."""
    shown = causal_models.encode(causal, shots, [""] * len(shots))
    asked = causal_models.encode(causal, prompts, prompts)
    for shot in shown:
        for question, anchor in zip(asked, anchors, strict=True):
            yield Piece([*shot.context, *question.target], anchor.target)
