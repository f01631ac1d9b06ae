"""Vectors from words alone: TF-IDF reduced by a truncated SVD; needs no model.

Source: Deerwester et al. 1990, doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9
(latent semantic analysis); Halko, Martinsson & Tropp 2011, arXiv:0909.4061 (the randomised SVD).
"""

from functools import partial

import numpy as np
import pandas as pd

from lab.embed.vectors import check_texts
from lab.texts import terms

OUTSIDE = 1e-5  # a shorter projection is rounding noise, not a direction


def lexical(texts: "pd.Series[str]", *, dimensions: int = 128, seed: int = 0) -> pd.DataFrame:
    """Embed texts by the words they hold: unit rows, so that a product is a cosine.

    Words are those of `texts.terms`: by a dictionary in Chinese, Japanese and Thai.
    The fit sees the distinct texts in sorted order, so the order of the rows does not matter.
    Texts that share no term with the kept dimensions all get the same vector, on the last axis.

    Parameters
    ----------
    texts : Series of str
        At least two distinct ones.
    dimensions : int
        Columns wanted, at least 2; fewer come back when there are fewer texts or terms.
    seed : int
        Of the randomised SVD.

    Returns
    -------
    DataFrame float32 (n, d)
        Unit rows on the index of `texts`.

    Raises
    ------
    DataError
        If a text is blank.
    ValueError
        If `dimensions` is below 2 or all texts are the same.

    Examples
    --------
    >>> texts = pd.Series(["red apple", "green apple", "two plus two"])
    >>> lexical(texts, dimensions=3).shape
    (3, 3)
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    check_texts(texts)
    if dimensions < 2:
        raise ValueError(f"dimensions must be at least 2, got {dimensions}")
    distinct, rows = np.unique(texts.to_numpy(dtype=object).astype(str), return_inverse=True)
    if len(distinct) < 2:
        raise ValueError(f"texts must hold at least 2 distinct ones, got {len(distinct)}")
    # with signs, so that no text with ink is without terms
    cut = partial(terms, signs=True)
    counts = TfidfVectorizer(analyzer=cut, sublinear_tf=True, dtype=np.float64)
    weights = counts.fit_transform(distinct)
    rank = min(dimensions - 1, weights.shape[0] - 1, weights.shape[1] - 1)
    if rank < 1:
        vectors = np.zeros((len(distinct), 0))
    else:
        vectors = TruncatedSVD(rank, n_iter=7, random_state=seed).fit_transform(weights)
    length = np.linalg.norm(vectors, axis=1)
    outside = length < OUTSIDE
    unit = np.zeros((len(distinct), rank + 1), dtype=np.float32)
    unit[~outside, :-1] = vectors[~outside] / length[~outside, None]
    unit[outside, -1] = 1.0
    return pd.DataFrame(unit[rows], index=texts.index)
