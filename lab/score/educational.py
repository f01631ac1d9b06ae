"""Educational value: a classifier over embeddings, trained on rows that somebody labelled.

Source: Gunasekar et al. 2023, arXiv:2306.11644 (phi-1), section 2.1: a model labels a hundred
thousand files, and a random forest is trained on their embeddings; here a logistic regression is.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lab.errors import DataError, MissingPackageError


@dataclass(frozen=True, eq=False)
class Educational:
    """A trained classifier: weights over the dimensions of an embedding, and an intercept.

    Examples
    --------
    >>> Educational(weights=np.array([1.0, -1.0]), intercept=0.5).intercept
    0.5
    """

    weights: NDArray[np.float64]  # (d,)
    intercept: float

    def __call__(self, vectors: pd.DataFrame) -> "pd.Series[float]":
        """Return the probability, 0 to 1, that each row is of value; higher is better.

        Parameters
        ----------
        vectors : DataFrame (n, d)
            Embeddings as those that were trained on.

        Raises
        ------
        DataError
            If they have another number of dimensions.
        """
        if vectors.shape[1] != len(self.weights):
            raise DataError(
                f"vectors must have {len(self.weights)} dimensions, got {vectors.shape[1]}"
            )
        rows = np.ascontiguousarray(vectors.to_numpy(dtype=np.float64))
        logits = (rows * self.weights).sum(axis=1) + self.intercept  # row by row, not by blocks
        chances = 0.5 * (1 + np.tanh(logits / 2))  # the logistic function, without overflow
        return pd.Series(chances, index=vectors.index, name="educational", dtype="float64")


def fit_educational(
    vectors: pd.DataFrame, labels: "pd.Series[bool]", *, strength: float = 1.0
) -> Educational:
    """Train the classifier of educational value on labelled rows, both classes weighing the same.

    Source: Gunasekar et al. 2023, arXiv:2306.11644.
    Cost: well under a second for thousands of rows.

    Parameters
    ----------
    vectors : DataFrame (n, d)
        Embeddings, such as `embed.sentences` gives.
    labels : Series of bool
        Whether a row is of value; on rows of `vectors`, not necessarily on all.
    strength : float
        Inverse of the strength of the L2 penalty, above 0.

    Returns
    -------
    Educational
        Called with vectors, it gives a probability for each row.

    Raises
    ------
    DataError
        If a labelled row has no vector, or only one class is there.

    Examples
    --------
    >>> from lab import embed
    >>> texts = pd.Series(["why tides rise", "why leaves turn red", "buy now", "buy here now"])
    >>> vectors = embed.lexical(texts, dimensions=3)
    >>> worth = fit_educational(vectors, pd.Series([True, True, False, False]))
    >>> (worth(vectors) > 0.5).tolist()
    [True, True, False, False]
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingPackageError("scikit-learn", needed_by="score.fit_educational") from error
    if strength <= 0:
        raise ValueError(f"strength must be above 0, got {strength}")
    missing = labels.index.difference(vectors.index)
    if len(missing):
        raise DataError("a labelled row has no vector", row=str(missing[0]))
    given = labels.sort_index().astype(bool)  # the order of the rows does not matter
    if given.nunique() < 2:
        raise DataError(f"labels must hold both classes, got {len(given)} of one")
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000, tol=1e-8)
    model.fit(vectors.loc[given.index].to_numpy(dtype=np.float64), given.to_numpy())
    return Educational(model.coef_[0].astype(np.float64), float(model.intercept_[0]))
