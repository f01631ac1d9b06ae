"""Mean hidden states of a causal language model: what the model itself makes of a text.

Source: Li et al. 2024, arXiv:2308.12032 (the mean last-layer state as an instruction's vector).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from lab import models
from lab.embed import encoder
from lab.embed.vectors import Embedding

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 4096  # tokens, when a model names no limit of its own


def hidden(
    texts: "pd.Series[str]",
    *,
    model: str | Path,
    max_tokens: int | None = None,
    batch_tokens: int = 16_384,
    device: str | None = None,
) -> Embedding:
    """Embed texts by the mean over tokens of a causal model's last hidden states.

    Parameters
    ----------
    texts : Series of str
        None of them blank.
    model : str or Path
        Folder or hub name of a causal language model and its tokenizer.
    max_tokens : int, optional
        Longer texts are cut there and counted as `truncated`; by default the model's
        own limit.
    batch_tokens : int
        Tokens in one forward pass, at most; decides memory, not values.
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
    >>> hidden(pd.Series(["Name a river.", "The Elbe."]), model=paths.base_model())
    Embedding(2 rows of 128 numbers: 2 distinct texts made, 0 found in the store, 0 truncated)
    """
    return pooled(
        texts,
        "mean",
        lambda states: states.mean(1),
        (model, device),
        max_tokens=max_tokens,
        batch_tokens=batch_tokens,
    )


def pooled(
    texts: "pd.Series[str]",
    name: str,
    pool: encoder.Pool,
    place: tuple[str | Path, str | None],
    *,
    max_tokens: int | None,
    batch_tokens: int,
) -> Embedding:
    """Embed texts by a pooling of last hidden states; `place` is a model and its device."""
    from transformers import AutoModel

    model, device = place
    path = encoder.folder(model)
    found = models.load(path, AutoModel, device=device, dtype="auto")
    window = found.window or LONGEST
    limit = window if max_tokens is None else min(max_tokens, window)
    loaded = encoder.Encoder(
        name=encoder.fingerprint(path, "hidden", name, limit),
        tokenizer=found.tokenizer,
        forward=lambda ids: pool(found.model(input_ids=ids, use_cache=False).last_hidden_state),
        max_tokens=limit,
        device=found.device,
    )
    return encoder.embed(texts, loaded, batch_tokens=batch_tokens)
