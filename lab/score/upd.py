"""Where a model is sure and wrong: uncertainty-based prediction difficulty.

Source: arXiv:2503.11441 (D3, IJCAI 2025), its difficulty score UPD.
"""

from typing import Any

import numpy as np
import pandas as pd

from lab.score import causal as causal_models
from lab.score.layout import ALPACA, Layout, prompts
from lab.score.losses import scored, summed


def upd(
    pool: pd.DataFrame,
    *,
    model: str,
    layout: Layout = ALPACA,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Mean over the output's tokens of difficulty times certainty, 0 to 1; higher is harder.

    The logistic function of a token's loss, times 1 less the entropy of what could stand there
    over its largest value, the logarithm of the vocabulary: 1 for a model that is sure and wrong,
    0.5 for one that is sure and right, 0 for one that has no idea. NaN where the output is empty
    or the example does not fit.

    Source: arXiv:2503.11441 (D3), read in an account of the paper; one reading of it has a power
    of log V, which could not be settled, nor could the weights that join it with diversity and
    dependability, so that D3 itself is not here.
    Cost: one forward pass per row.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder of a causal model; the authors warm it up on a part of the pool first.
    layout : Layout
        How an example becomes text.
    max_tokens : int, optional
        Longest example; longer ones are NaN. The default is the model's window.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> upd(testbed.pool(2), model=str(paths.base_model())).between(0, 1).all().item()
    True
    """
    causal = causal_models.load(model, device=device)
    asked = prompts(layout, pool, causal.tokenizer)
    pieces = causal_models.encode(causal, asked, pool["output"].tolist())
    sums = summed(causal, pieces, difficulty, name="upd", max_tokens=max_tokens)
    counts = np.array([scored(piece) for piece in pieces], dtype=np.float64)
    means = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return pd.Series(means, index=pool.index, name="upd")


def difficulty(logits: Any, answers: Any) -> Any:
    """Return the value of each token (m,) from the logits (m, V) in its place, in fp32.

    Examples
    --------
    >>> import torch
    >>> chances = torch.tensor([[0.5, 0.3, 0.1, 0.1]])
    >>> round(difficulty(chances.log(), torch.tensor([0])).item(), 4)
    0.1048
    """
    import torch

    logs = logits.log_softmax(-1)
    chances = logs.exp()
    entropy = -torch.where(chances > 0, chances * logs, 0.0).sum(-1)
    sure = (1 - entropy / np.log(logits.shape[-1])).clamp(min=0.0)
    loss = -logs.gather(-1, answers[:, None])[:, 0]
    return torch.sigmoid(loss) * sure
