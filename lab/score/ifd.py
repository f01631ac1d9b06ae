"""How much an instruction helps a model with its answer.

Source: Li et al. 2024, arXiv:2308.12032 (Cherry LLM: the ratio of losses);
Li et al. 2024, arXiv:2402.00530 (Superfiltering: the ratio of perplexities).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.score import causal as causal_models
from lab.score.layout import ALPACA, PLAIN, Layout, prompts
from lab.score.losses import mean_losses

FloatArray = NDArray[np.float64]


def perplexity(
    pool: pd.DataFrame,
    *,
    model: str,
    layout: Layout = ALPACA,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Perplexity of the output given its instruction, >= 1; higher is more surprising.

    NaN where the output is empty or the example does not fit.

    Source: the control of Liu et al. 2024, arXiv:2312.15685, table 2.
    Cost: one forward pass per row; seconds per 1,000 rows with a small model on a CPU.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    model : str
        Hub name or folder of a causal model.
    layout : Layout
        How an example becomes text.
    max_tokens : int, optional
        Longest example; longer ones are NaN. The default is the model's window.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> perplexity(testbed.pool(2), model=str(paths.base_model())).gt(1).all().item()
    True
    """
    given, _ = _both(pool, model, layout, max_tokens, device, bare=False)
    return pd.Series(np.exp(given), index=pool.index, name="perplexity")


def ifd(
    pool: pd.DataFrame,
    *,
    model: str,
    layout: Layout = ALPACA,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Mean token loss of the output with its instruction over without, >= 0; higher is harder.

    Above 1 the instruction hurts. Cherry LLM drops those above 1 and keeps the highest of the
    rest. NaN where the output is empty or the example does not fit. The output has the same
    tokens both times. For the ratio of perplexities see `ifd_perplexity`; the two rank
    differently.

    Source: Li et al. 2024, arXiv:2308.12032 (Cherry LLM), with "### Response:" before the bare
    output as in the authors' code.
    Cost: two forward passes per row; seconds per 1,000 rows with a small model on a CPU.

    Parameters
    ----------
    pool, model, layout, max_tokens, device
        As in `perplexity`; the paper's `max_tokens` is 512.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> ifd(testbed.pool(2), model=str(paths.base_model())).gt(0).all().item()
    True
    """
    given, alone = _both(pool, model, layout, max_tokens, device)
    ratio = np.divide(given, alone, out=np.full(len(pool), np.nan), where=alone > 0)
    return pd.Series(ratio, index=pool.index, name="ifd")


def ifd_perplexity(
    pool: pd.DataFrame,
    *,
    model: str,
    layout: Layout = PLAIN,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Perplexity of the output with its instruction over without, > 0; higher is harder.

    Above 1 the instruction hurts. Superfiltering keeps the highest below 1. The bare output
    stands alone, so a tokenizer without a beginning token leaves its first token out of the
    bare perplexity, as the authors' code does.

    Source: Li et al. 2024, arXiv:2402.00530 (Superfiltering), with an untuned GPT-2, plain text.
    Cost: two forward passes per row; seconds per 1,000 rows with a small model on a CPU.

    Parameters
    ----------
    pool, model, layout, max_tokens, device
        As in `perplexity`; the paper's model is `gpt2`, its `max_tokens` 1024.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> ifd_perplexity(testbed.pool(2), model=str(paths.base_model())).gt(0).all().item()
    True
    """
    given, alone = _both(pool, model, layout, max_tokens, device)
    return pd.Series(np.exp(given - alone), index=pool.index, name="ifd_perplexity")


def _both(
    pool: pd.DataFrame,
    model: str,
    layout: Layout,
    max_tokens: int | None,
    device: str | None,
    *,
    bare: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Return the mean loss of each output with its instruction, and (if `bare`) without."""
    causal = causal_models.load(model, device=device)
    outputs = pool["output"].tolist()
    pieces = causal_models.encode(causal, prompts(layout, pool, causal.tokenizer), outputs)
    if bare:
        pieces += causal_models.encode(causal, [layout.bare] * len(outputs), outputs)
    losses = mean_losses(causal, pieces, max_tokens=max_tokens)
    return losses[: len(outputs)], losses[len(outputs) :]
