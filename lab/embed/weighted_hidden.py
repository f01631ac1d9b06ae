"""RDS+: hidden states of a causal model, later tokens weighing more.

Source: Ivison et al. 2025, arXiv:2503.01807 (the states of the last layer of the model that will be
tuned, over prompt and answer; token i of L weighs i / (1 + 2 + … + L)).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.embed.hidden import pooled
from lab.embed.vectors import Embedding

if TYPE_CHECKING:
    import pandas as pd

TOKENS = 2048  # the paper's limit


def weighted_hidden(
    texts: "pd.Series[str]",
    *,
    model: str | Path,
    max_tokens: int = TOKENS,
    batch_tokens: int = 16_384,
    device: str | None = None,
) -> Embedding:
    """Embed texts by the position-weighted mean of a causal model's last hidden states (RDS+).

    For `select.round_robin` and the other methods that take queries.

    Parameters
    ----------
    texts : Series of str
        None of them blank: whole examples, answers included, and queries in the same form; see
        `texts`. The paper writes them in the form of the tuning, with the token that ends a turn.
    model : str or Path
        Folder or hub name of a causal language model and its tokenizer.
    max_tokens : int
        Longer texts are cut there, or at the model's own limit, and counted as `truncated`.
    batch_tokens : int
        Tokens in one forward pass, at most; decides memory, not values: the weights count the
        tokens of each text alone, as no batch is padded.
    device : str, optional
        By default a GPU if there is one.

    Returns
    -------
    Embedding
        `vectors`, unit rows float32 (n, width of the model) on the index of `texts`; beside them
        how many were made, found and truncated.

    Raises
    ------
    DataError
        If a text is blank.

    Examples
    --------
    >>> import pandas as pd
    >>> from lab import paths
    >>> weighted_hidden(pd.Series(["Name a river.", "The Elbe."]), model=paths.base_model())
    Embedding(2 rows of 128 numbers: 2 distinct texts made, 0 found in the store, 0 truncated)
    """
    return pooled(
        texts,
        "weighted",
        _weighted,
        (model, device),
        max_tokens=max_tokens,
        batch_tokens=batch_tokens,
    )


def _weighted(states: Any) -> Any:
    """Return the weighted mean (batch, width) of states (batch, tokens, width)."""
    import torch

    weights = torch.arange(1, states.shape[1] + 1, device=states.device, dtype=torch.float32)
    weights /= weights.sum()
    return torch.einsum("t,btd->bd", weights, states.float())
