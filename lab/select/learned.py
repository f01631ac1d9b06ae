"""A learned selector: what a cluster was worth after tuning teaches a small network to rate rows.

Source: Wei et al. 2023, arXiv:2308.12067 (InstructionGPT-4), as in the authors' code: k-means
clusters, a model tuned on each, every row labelled with its cluster's value; a regressor with two
self-attention layers of four heads; then quotas by spectral clusters, best predicted value first.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.select.selection import (
    FloatArray,
    Selection,
    by_score,
    check_budget,
    check_matrix,
    check_scores,
)

HEADS = 4
WIDTH = 32
BATCH = 256
SPECTRAL = 5_000  # rows; a larger pool is clustered by k-means


def learn_value(
    features: Sequence[ArrayLike], values: ArrayLike, *, epochs: int = 20, seed: int = 0
) -> FloatArray:
    """Predict the value of every row from its features, by a small attention regressor.

    Parameters
    ----------
    features : sequence of float (n, d_i)
        Groups of features, such as embeddings of the instruction, of the answer, and the scores;
        each group becomes one token that attends to the others. Columns are standardised.
    values : float (n,)
        The label of each row, such as the tuned score of its cluster; NaN where there is none.
    epochs : int
        Passes over the labelled rows; the paper's is 20.
    seed : int
        Of the first weights and of the batches.

    Returns
    -------
    float (n,)
        The predicted value of every row, in the unit of `values`.

    Raises
    ------
    ValueError
        If shapes differ, fewer than two rows are labelled, or `epochs` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(0, 1, 40)[:, None]
    >>> values = np.where(np.arange(40) % 2 == 0, X[:, 0], np.nan)
    >>> learn_value([X], values, epochs=5).shape
    (40,)
    """
    import torch

    groups = [_standard(check_matrix(group)) for group in features]
    n = len(groups[0]) if groups else 0
    y = check_scores(values, n)
    known = np.flatnonzero(~np.isnan(y))
    if not groups or any(len(group) != n for group in groups) or len(known) < 2 or epochs < 1:
        raise ValueError(
            "features must be groups of equal length with at least 2 labelled rows, and epochs at "
            f"least 1; got lengths {[len(group) for group in groups]}, {len(known)} labelled rows "
            f"and {epochs} epochs"
        )
    middle, spread = y[known].mean(), y[known].std() or 1.0
    target = torch.tensor((y[known] - middle) / spread, dtype=torch.float32)
    inputs = [torch.tensor(group, dtype=torch.float32) for group in groups]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network([group.shape[1] for group in groups])
        optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
        for _ in range(epochs):
            order = torch.randperm(len(known))
            for at in range(0, len(known), BATCH):
                batch = order[at : at + BATCH]
                rows = known[batch.numpy()]
                loss = ((network([x[rows] for x in inputs]) - target[batch]) ** 2).mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            schedule.step()
        network.eval()
        with torch.inference_mode():
            predicted = network(inputs).numpy()
    result: FloatArray = predicted.astype(np.float64) * spread + middle
    return result


def learned(
    X: ArrayLike, predicted: ArrayLike, k: int, *, clusters: int = 10, seed: int = 0
) -> Selection:
    """Pick the rows of highest predicted value, each cluster by its share of the pool; nested.

    Parameters
    ----------
    X : float (n, d)
        Vectors to cluster; spectrally up to 5,000 rows, by k-means above.
    predicted : float (n,)
        From `learn_value`; NaN is never picked.
    k : int
        Rows to pick.
    clusters : int
        The paper's is 10.
    seed : int
        Of the clustering.

    Returns
    -------
    Selection
        `trace` is the mean predicted value so far.

    Raises
    ------
    ValueError
        If a shape is wrong, or `k` or `clusters` is out of range.

    Examples
    --------
    >>> X = [[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]]
    >>> learned(X, [0.9, 0.8, 0.7, 0.1, 0.3, 0.2], 2, clusters=2).indices.tolist()
    [0, 4]
    """
    from sklearn.cluster import KMeans, SpectralClustering

    from lab.select.stratified import stratified

    X = check_matrix(X)
    values = check_scores(predicted, len(X))
    check_budget(k, len(by_score(values)))
    if not 1 <= clusters <= len(X):
        raise ValueError(f"clusters must be between 1 and the {len(X)} rows, got {clusters}")
    if clusters == 1:
        labels = np.zeros(len(X), dtype=int)
    elif clusters + 1 < len(X) <= SPECTRAL:
        model = SpectralClustering(
            clusters,
            affinity="nearest_neighbors",
            n_neighbors=min(10, len(X) - 1),
            random_state=seed,
        )
        with warnings.catch_warnings():  # clusters far apart are not joined, and need not be
            warnings.filterwarnings("ignore", message="Graph is not fully connected")
            labels = model.fit_predict(X)
    else:
        labels = KMeans(clusters, n_init=1, random_state=seed).fit_predict(X)
    picked = stratified(labels.tolist(), k, scores=values).indices
    trace = np.cumsum(values[picked]) / np.arange(1, k + 1)
    params = {"k": k, "clusters": clusters, "seed": seed}
    return Selection(picked, trace, n=len(X), method="learned", params=params)


def _standard(group: FloatArray) -> FloatArray:
    spread = group.std(axis=0)
    result: FloatArray = (group - group.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return result


def _network(widths: list[int]) -> Any:
    """Return a module: one token per group, two self-attention layers, a linear head."""
    import torch
    from torch import nn

    class Regressor(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.enter = nn.ModuleList([nn.Linear(width, WIDTH) for width in widths])
            self.attend = nn.ModuleList(
                [nn.MultiheadAttention(WIDTH, HEADS, batch_first=True) for _ in range(2)]
            )
            self.norm = nn.ModuleList([nn.LayerNorm(WIDTH) for _ in range(2)])
            self.leave = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))

        def forward(self, inputs: list[Any]) -> Any:
            tokens = torch.stack(
                [enter(group) for enter, group in zip(self.enter, inputs, strict=True)], dim=1
            )
            for attend, norm in zip(self.attend, self.norm, strict=True):
                tokens = norm(tokens + attend(tokens, tokens, tokens, need_weights=False)[0])
            return self.leave(tokens.mean(dim=1)).squeeze(-1)

    return Regressor()
