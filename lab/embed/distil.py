"""A table of token vectors made from an encoder: each token goes through it once, alone.

Source: Tulkens & van Dongen 2024, github.com/MinishLab/model2vec (Model2Vec): the mean over the
token with the marks around it, principal components, and weights that fall with the rank of a token
as smooth inverse frequencies do (Arora, Liang & Ma 2017, openreview.net/forum?id=SyK00v5xx).
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab import files, paths
from lab.embed import encoder, sentences
from lab.errors import DataError

UNUSED = re.compile(r"\[unused\d+\]")
TOKENS_AT_ONCE = 2048
FloatArray = NDArray[np.float64]


def distil(
    model: str | Path,
    *,
    dimensions: int = 256,
    smoothing: float = 1e-4,
    device: str | None = None,
) -> Path:
    """Make a static model of an encoder, and return its folder for `static`.

    The folder has the form of Model2Vec's, in the store: it is made once for an encoder and
    settings, and again if it is deleted. Ids of a vocabulary are taken for ranks of frequency, as
    Model2Vec does. Its own tokens of added vocabularies and its quantisation are not here.

    Parameters
    ----------
    model : str or Path
        Folder or hub name of an encoder, as `sentences` takes it.
    dimensions : int
        Principal components that are kept; fewer where the encoder has fewer.
    smoothing : float
        Of the weights smoothing / (smoothing + frequency), above 0.
    device : str, optional
        By default a GPU if there is one.

    Returns
    -------
    Path
        A folder with `model.safetensors`, `tokenizer.json` and `config.json`.

    Raises
    ------
    ValueError
        If `dimensions` is below 1 or `smoothing` not above 0.
    DataError
        If the encoder's tokenizer cannot be written as one file.

    Examples
    --------
    >>> folder = distil(paths.base_model(), dimensions=32)
    >>> sorted(path.name for path in folder.iterdir())
    ['config.json', 'model.safetensors', 'tokenizer.json']
    """
    from safetensors.numpy import save_file

    if dimensions < 1:
        raise ValueError(f"dimensions must be at least 1, got {dimensions}")
    if not smoothing > 0:
        raise ValueError(f"smoothing must be above 0, got {smoothing}")
    path = encoder.folder(model)
    name = encoder.fingerprint(path, "static", dimensions, smoothing)
    made = paths.store() / "embed" / f"static-{name}"
    if (made / "config.json").exists():  # written last
        return made
    loaded = sentences.encoder_of(path, device=device)
    backend = getattr(loaded.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise DataError("has no fast tokenizer, which a static model needs", file=path)
    vectors = components(_alone(loaded), dimensions) * weights(_ranks(loaded), smoothing)[:, None]
    made.mkdir(parents=True, exist_ok=True)
    with files.replacing(made / "model.safetensors") as part:
        save_file({"embeddings": np.ascontiguousarray(vectors, dtype=np.float32)}, part)
    with files.replacing(made / "tokenizer.json") as part:
        backend.save(str(part))
    about = {"model_type": "model2vec", "normalize": True, "hidden_dim": vectors.shape[1]}
    with files.replacing(made / "config.json") as part:
        part.write_text(json.dumps(about), encoding="utf-8")
    return made


def weights(ranks: NDArray[np.intp], smoothing: float) -> FloatArray:
    """Return smoothing / (smoothing + chance) of tokens of a rank from 0, chances as Zipf's law.

    Examples
    --------
    >>> weights(np.array([0, 1]), 1.0).round(3).tolist()  # chances 0.6 and 0.4
    [0.625, 0.714]
    """
    inverse = 1 / (np.arange(ranks.max() + 1) + 2.0)
    chances = inverse / inverse.sum()
    found: FloatArray = smoothing / (smoothing + chances[ranks])
    return found


def components(X: FloatArray, k: int) -> FloatArray:
    """Return the first k principal components of rows (n, k), the largest entry of each positive.

    Examples
    --------
    >>> components(np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 1.0]]), 1).shape
    (3, 1)
    """
    centred = X - X.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    found = centred @ axes[:, ::-1][:, : min(k, X.shape[1])]
    top = found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])]
    signed: FloatArray = found * np.where(top < 0, -1.0, 1.0)
    return signed


def _ranks(loaded: encoder.Encoder) -> NDArray[np.intp]:
    """Return the rank of each token, unused ones at the end of all."""
    tokens = loaded.tokenizer.convert_ids_to_tokens(range(len(loaded.tokenizer)))
    unused = np.array([bool(token and UNUSED.fullmatch(token)) for token in tokens])
    order = np.argsort(unused, kind="stable")
    ranks = np.empty(len(tokens), dtype=np.intp)
    ranks[order] = np.arange(len(tokens))
    ranks[unused] = max(int((~unused).sum()) - 1, 0)  # they take no chance from the others
    return ranks


def _alone(loaded: encoder.Encoder) -> FloatArray:
    """Return what the encoder makes of each token (vocabulary, d), with the marks around it."""
    import torch

    before, after = _marks(loaded.tokenizer)
    rows = []
    for start in range(0, len(loaded.tokenizer), TOKENS_AT_ONCE):
        ids = range(start, min(start + TOKENS_AT_ONCE, len(loaded.tokenizer)))
        batch = torch.tensor([[*before, one, *after] for one in ids], device=loaded.device)
        with torch.inference_mode():
            rows.append(loaded.forward(batch).double().cpu().numpy())
    made: FloatArray = np.nan_to_num(np.concatenate(rows))
    return made


def _marks(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the tokens that stand before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a")["input_ids"]
    start = next(at for at in range(len(whole)) if whole[at : at + len(bare)] == bare)
    return whole[:start], whole[start + len(bare) :]
