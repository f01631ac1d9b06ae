"""How much the example that lies nearest helps a model with an answer.

Source: Model Instruction Weakness Value, arXiv:2511.07074 (MIWV).
"""

import numpy as np
import pandas as pd

from lab.errors import DataError
from lab.score import causal as causal_models
from lab.score.causal import Piece
from lab.score.layout import SHOT, Layout, prompts
from lab.score.losses import mean_losses
from lab.score.nearest import nearest

BETWEEN = "\n\n"


def miwv(
    pool: pd.DataFrame,
    vectors: pd.DataFrame,
    *,
    model: str,
    layout: Layout = SHOT,
    max_tokens: int | None = None,
    device: str | None = None,
) -> "pd.Series[float]":
    """Mean loss with the nearest example shown first, less without, any number; higher is harder.

    The method keeps the highest: answers that a like example does not help with. A copy in the
    pool makes it very low, so that it is a filter of copies as well. Of two examples equally near
    the one with the lower id is shown. NaN where the output is empty, or the example does not fit
    with the one shown before it.

    Source: arXiv:2511.07074 (MIWV), read in the paper; its one-shot template is not spelled out
    there, here it is that of `layout`, and the output has the same tokens both times. The authors'
    code was not found.
    Cost: two forward passes per row, one of them over two examples; exact neighbours.

    Parameters
    ----------
    pool : DataFrame
        A pool of n >= 2 examples.
    vectors : DataFrame (n, d)
        One embedding per example; the paper's is of instruction and input, by the mean of
        BGE-large's token vectors.
    model : str
        Hub name or folder of a causal model: the one to be tuned.
    layout : Layout
        How an example becomes text.
    max_tokens : int, optional
        Longest text, the example shown included; the default is the model's window.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Raises
    ------
    DataError
        If a row has no vector.

    Examples
    --------
    >>> from lab import embed, paths, testbed
    >>> pool = testbed.pool(4)
    >>> vectors = embed.lexical(embed.texts(pool, parts=["instruction", "input"]))
    >>> miwv(pool, vectors, model=str(paths.base_model())).notna().all().item()
    True
    """
    lost = pool.index.difference(vectors.index)
    if len(lost):
        raise DataError("a row has no vector", row=str(lost[0]))
    ordered = pool.sort_index()
    X = vectors.loc[ordered.index].to_numpy(dtype=np.float64)
    X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
    near = nearest(X, 1)[0][:, 0]
    causal = causal_models.load(model, device=device)
    asked = prompts(layout, ordered, causal.tokenizer)
    outputs = ordered["output"].tolist()
    alone = causal_models.encode(causal, asked, outputs)
    shots = [asked[at] + outputs[at] + BETWEEN for at in near]
    before = causal_models.encode(causal, shots, asked)
    shown = [
        Piece([*shot.context, *shot.target], piece.target)
        for shot, piece in zip(before, alone, strict=True)
    ]
    losses = mean_losses(causal, [*alone, *shown], max_tokens=max_tokens)
    change = losses[len(alone) :] - losses[: len(alone)]
    return pd.Series(change, index=ordered.index, name="miwv").reindex(pool.index)
