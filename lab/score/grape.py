"""Which of several answers fits a model best before it is tuned.

Source: Zhang et al. 2025, arXiv:2502.04194 (GRAPE).
"""

import pandas as pd

from lab.score import causal as causal_models
from lab.score.layout import ALPACA, Layout, prompts
from lab.score.losses import mean_losses


def grape(
    pool: pd.DataFrame,
    *,
    model: str,
    layout: Layout = ALPACA,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Mean log-probability of the output's tokens, at most 0, any number; higher is likelier.

    To be compared among answers to the same prompt only, under the base model that is to be tuned
    and in the text that tuning will use: `best_of` draws answers and keeps the likeliest, and
    among answers that are there `found.groupby(prompt).idxmax()` names them. The mean favours long
    and repetitive answers, as a sum would short ones: look at the lengths before and after. NaN
    where the output is empty or the example does not fit.

    Source: Zhang et al. 2025, arXiv:2502.04194 (GRAPE), read in its abstract and second-hand: its
    first version speaks of the highest probability, the third of the length-normalised one, which
    this is. The authors' code was not found.
    Cost: one forward pass per row, shared with `perplexity`.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder of a causal model: the one to be tuned.
    layout : Layout
        How an example becomes text.
    max_tokens : int, optional
        Longest example; longer ones are NaN. The default is the model's window.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> pool = testbed.pool(2)
    >>> found = grape(pool, model=str(paths.base_model()))
    >>> found.groupby(pool["instruction"]).idxmax().isin(pool.index).all().item()
    True
    """
    causal = causal_models.load(model, device=device)
    asked = prompts(layout, pool, causal.tokenizer)
    pieces = causal_models.encode(causal, asked, pool["output"].tolist())
    losses = mean_losses(causal, pieces, max_tokens=max_tokens)
    return pd.Series(-losses, index=pool.index, name="grape", dtype="float64")
