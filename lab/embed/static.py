"""Vectors of texts as means of the vectors of their tokens: no model runs, so a CPU is enough.

Word order is lost, and what a token means beside others; `benchmarks/embed.py` says how far
neighbours and clusters are those of the encoder that a table was distilled from.

Source: Tulkens & van Dongen 2024, github.com/MinishLab/model2vec (Model2Vec), whose folders are
read as they are.
"""

import json
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.embed import encoder
from lab.embed.vectors import check_texts
from lab.errors import DataError

AT_ONCE = 4096  # texts tokenised at a time
LAYOUTS = {  # folder of the table -> its name there: Model2Vec's own, and sentence-transformers'
    "": "embeddings",
    "0_StaticEmbedding": "embedding.weight",
}


class Table(NamedTuple):
    """A vector for each token, and the tokenizer."""

    vectors: NDArray[np.float32]  # (vocabulary, d)
    tokenizer: Any
    unknown: int | None  # id of the token that stands for all unknown ones


def static(
    texts: "pd.Series[str]", *, model: str | Path, max_tokens: int | None = None
) -> pd.DataFrame:
    """Embed texts by the mean of their tokens' vectors; a product of two rows is their cosine.

    Nothing is kept in the store: all of Alpaca takes seconds.

    Parameters
    ----------
    texts : Series of str
        None of them blank.
    model : str or Path
        Folder or hub name of a static model, such as `minishlab/potion-base-8M`, or what `distil`
        made of an encoder.
    max_tokens : int, optional
        Longer texts are cut there; by default they are read whole.

    Returns
    -------
    DataFrame float32 (n, d)
        Unit rows on the index of `texts`. Unknown tokens are left out; a text of nothing else gets
        the vector of the unknown token.

    Raises
    ------
    DataError
        If a text is blank or has no token with a vector, or the folder holds no static model.

    Examples
    --------
    >>> from lab import paths  # any encoder; here the testbed's model
    >>> from lab.embed import distil
    >>> texts = pd.Series(["Name a river.", "The Elbe."])
    >>> static(texts, model=distil(paths.base_model(), dimensions=32)).shape
    (2, 32)
    """
    from scipy.sparse import csr_array

    check_texts(texts)
    if max_tokens is not None and max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, got {max_tokens}")
    table = load(encoder.folder(model))
    if max_tokens is not None:
        table.tokenizer.enable_truncation(max_tokens)
    made = np.empty((len(texts), table.vectors.shape[1]), dtype=np.float32)
    every = texts.tolist()
    for start in range(0, len(every), AT_ONCE):
        ids, ends = _tokens(table, every[start : start + AT_ONCE])
        ones = np.ones(len(ids), dtype=np.float32)
        counts = csr_array((ones, ids, ends), shape=(len(ends) - 1, len(table.vectors)))
        made[start : start + AT_ONCE] = counts @ table.vectors
    length = np.linalg.norm(made, axis=1, keepdims=True)
    if not length.all():
        row = str(texts.index[np.flatnonzero(length[:, 0] == 0)[0]])
        raise DataError("no token of the text has a vector", row=row, field="text")
    return pd.DataFrame(made / length, index=texts.index)


def load(folder: Path) -> Table:
    """Read a static model from its folder.

    Raises
    ------
    DataError
        If there is none: an encoder is distilled first.
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    for place, name in LAYOUTS.items():
        file = folder / place / "model.safetensors"
        if not file.exists():
            continue
        tensors = load_file(file)
        if name not in tensors:
            continue
        vectors = tensors[name].astype(np.float32)
        if "mapping" in tensors:  # several tokens share a vector
            vectors = vectors[tensors["mapping"]]
        if "weights" in tensors:
            vectors = vectors * tensors["weights"].astype(np.float32)[:, None]
        path = next(p for p in (file.parent, folder) if (p / "tokenizer.json").exists())
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return Table(np.ascontiguousarray(vectors), tokenizer, _unknown(tokenizer))
    raise DataError("holds no static model; an encoder becomes one by embed.distil", file=folder)


def _unknown(tokenizer: Any) -> int | None:
    model = json.loads(tokenizer.to_str())["model"]
    if model.get("unk_token"):
        return int(tokenizer.token_to_id(model["unk_token"]))
    return int(model["unk_id"]) if model.get("unk_id") is not None else None


def _tokens(table: Table, texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the known tokens of texts end to end, and where each text starts, and the end.

    A text of nothing but unknown tokens keeps them.
    """
    read = [each.ids for each in table.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    lengths = np.fromiter(map(len, read), dtype=np.int64, count=len(read))
    ids = np.fromiter(chain.from_iterable(read), dtype=np.int64, count=int(lengths.sum()))
    if table.unknown is not None:
        row = np.repeat(np.arange(len(read)), lengths)
        known = ids != table.unknown
        known |= np.bincount(row[known], minlength=len(read))[row] == 0
        ids, lengths = ids[known], np.bincount(row[known], minlength=len(read))
    return ids, np.concatenate([[0], np.cumsum(lengths)])
