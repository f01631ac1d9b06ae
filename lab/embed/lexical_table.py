"""Lexical vectors for pools larger than memory: fitted on a sample, then a table of word vectors.

Of the sample's TF-IDF matrix a truncated SVD is kept, as in `lexical`. The projection of a text is
the sum of a vector for each of its words, so that it is a static model: `static` embeds any text by
it, on any machine, and neither the shard nor the other rows change a vector.

Source: Deerwester et al. 1990, doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lab import files, invocation, runs
from lab.embed.lexical import OUTSIDE
from lab.embed.vectors import check_texts

UNKNOWN = "[UNK]"


def lexical_table(
    texts: "pd.Series[str]", *, dimensions: int = 64, words: int = 50_000, seed: int = 0
) -> Path:
    """Fit word vectors on a sample of texts, and return their folder for `static`.

    A word is a run of letters and digits, in lower case, a run of other marks, or a Chinese
    character. Texts of which the sample knows no word all get the same vector, on the last axis.

    Cost: 100,000 texts in seconds.

    Parameters
    ----------
    texts : Series of str
        The sample, such as the texts of a shard; at least two distinct ones.
    dimensions : int
        Columns wanted, at least 2; fewer come back when there are fewer texts or words.
    words : int
        Vectors at most: those of the most frequent words.
    seed : int
        Of the randomised SVD.

    Returns
    -------
    Path
        A folder with `model.safetensors`, `tokenizer.json` and `config.json`, in a run.

    Raises
    ------
    DataError
        If a text is blank.
    ValueError
        If `dimensions` is below 2, `words` below 1, or all texts are the same.

    Examples
    --------
    >>> from lab.embed import static
    >>> sample = pd.Series(["red apple", "green apple", "two plus two"])
    >>> static(pd.Series(["two red apples"]), model=lexical_table(sample, dimensions=3)).shape
    (1, 3)
    """
    check_texts(texts)
    for name, value, least in (("dimensions", dimensions, 2), ("words", words, 1)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    distinct = pd.Series(np.unique(texts.to_numpy(dtype=object).astype(str)), dtype="str")
    if len(distinct) < 2:
        raise ValueError(f"texts must hold at least 2 distinct ones, got {len(distinct)}")
    params = {"dimensions": dimensions, "words": words, "seed": seed}
    inputs = [invocation.content(distinct)]
    done = runs.find("embed", "lexical_table", params, inputs)
    if done is None:
        with runs.start("embed", "lexical_table", params, inputs) as done:
            _write(done.folder, distinct.tolist(), dimensions, words, seed)
    return done.folder


def _write(folder: Path, texts: list[str], dimensions: int, words: int, seed: int) -> None:
    from safetensors.numpy import save_file

    tokenizer = _tokenizer(texts, words)
    vectors = _vectors(tokenizer, texts, dimensions, seed)
    with files.replacing(folder / "model.safetensors") as part:
        save_file({"embeddings": vectors}, part)
    with files.replacing(folder / "tokenizer.json") as part:
        tokenizer.save(str(part))
    about = {"model_type": "model2vec", "normalize": True, "hidden_dim": vectors.shape[1]}
    files.write_text(folder / "config.json", json.dumps(about))


def _tokenizer(texts: list[str], words: int) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer: Any = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=False, lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(
        vocab_size=words + 1, special_tokens=[UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _vectors(tokenizer: Any, texts: list[str], dimensions: int, seed: int) -> Any:
    """Return a vector for each word: its weight times its row of the right singular vectors."""
    from scipy.sparse import csr_array
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer

    ids = [each.ids for each in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    flat, ends = np.concatenate(ids).astype(np.int32), np.cumsum([0, *map(len, ids)])
    shape = (len(texts), tokenizer.get_vocab_size())
    counts = csr_array((np.ones(len(flat)), flat, ends), shape=shape)
    counts.sum_duplicates()
    weigh = TfidfTransformer()
    weights = weigh.fit_transform(counts)
    rank = max(min(dimensions - 1, shape[0] - 1, shape[1] - 1), 1)
    axes = TruncatedSVD(rank, n_iter=7, random_state=seed).fit(weights).components_
    vectors = np.zeros((shape[1], rank + 1), dtype=np.float32)
    vectors[:, :-1] = weigh.idf_[:, None] * axes.T
    outside = np.linalg.norm(vectors, axis=1) < OUTSIDE
    outside[tokenizer.token_to_id(UNKNOWN)] = True
    vectors[outside] = 0.0
    vectors[outside, -1] = 1.0
    return vectors
