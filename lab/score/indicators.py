"""Nine measurable traits of an example, and a rule from them to the loss after tuning.

Source: Cao et al. 2024, arXiv:2307.06290 (Instruction Mining): the indicators, and a least-squares
rule fitted on the inference loss of models tuned on many subsets. MTLD: McCarthy & Jarvis 2010,
doi:10.3758/BRM.42.2.381.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lab import texts
from lab.score.ifd import perplexity
from lab.score.length import length_tokens
from lab.score.nearest import nearest
from lab.score.reward import reward
from lab.score.unieval import unieval

MTLD_RATIO = 0.72


@dataclass(frozen=True)
class Rule:
    """A linear rule for the logarithm of a loss: intercept, weights, and how well it fitted.

    Examples
    --------
    >>> Rule(intercept=1.0, weights={"reward": -0.5}, r_squared=0.9).weights["reward"]
    -0.5
    """

    intercept: float
    weights: Mapping[str, float]
    r_squared: float
    rows: int | None = None
    errors: Mapping[str, float] = field(default_factory=dict)  # standard errors of the weights


# The published rule. Its weight on understandability has the sign one would not expect: the
# three readings go together, so no weight means anything by itself.
PUBLISHED_RULE = Rule(
    0.0274,
    {"reward": -0.0078, "understandability": 0.4421, "naturalness": -0.3212, "coherence": -0.1520},
    r_squared=0.522,
)


def indicators(
    pool: pd.DataFrame,
    vectors: pd.DataFrame,
    *,
    model: str,
    reward_model: str,
    reading_model: str,
    device: str | None = None,
) -> pd.DataFrame:
    """Nine traits of each example; only reward and the three readings have a better side: higher.

    Columns: `input_length` and `output_length` (tokens of `model`), `reward`, `perplexity`,
    `mtld`, `knn_6` (distance to the sixth neighbour), `naturalness`, `coherence`,
    `understandability`. What a model cannot take is NaN.

    Source: Cao et al. 2024, arXiv:2307.06290 (Instruction Mining).
    Cost: five model passes per row, and exact neighbours: n squared times d.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    vectors : DataFrame (n, d)
        One embedding per example, on the pool's index; the paper takes Sentence-BERT's.
    model : str
        A causal model for perplexity; the paper's is `meta-llama/Llama-2-7b-hf`.
    reward_model : str
        As in `reward`; the paper's is `OpenAssistant/oasst-rm-2.1-pythia-1.4b-epoch-2.5`.
    reading_model : str
        As in `unieval`.
    device : str, optional
        As torch names it; the default is a GPU if there is one.

    Examples
    --------
    >>> from lab import embed, testbed  # the models are downloaded
    >>> pool = testbed.pool(10)
    >>> made = embed.lexical(embed.texts(pool))
    >>> models = {"reward_model": "OpenAssistant/reward-model-deberta-v3-large-v2"}
    >>> models["reading_model"] = "MingZhong/unieval-dialog"
    >>> table = indicators(pool, made, model="gpt2", **models)  # doctest: +SKIP
    """
    if not vectors.index.equals(pool.index):
        raise ValueError("vectors must have the pool's index, row by row")
    asked = (pool["instruction"] + "\n" + pool["input"]).str.strip()
    columns = {
        "input_length": length_tokens(pool.assign(output=asked), model=model),
        "output_length": length_tokens(pool, model=model),
        "reward": reward(pool, model=reward_model, device=device),
        "perplexity": perplexity(pool, model=model, device=device),
        "mtld": mtld(pool),
        "knn_6": knn_distance(vectors, neighbour=6),
    }
    return pd.DataFrame(columns).join(unieval(pool, model=reading_model, device=device))


def mtld(pool: pd.DataFrame) -> "pd.Series[float]":
    """Lexical diversity of the output (MTLD), >= 0; higher is more varied.

    The mean number of words over which the share of distinct words stays above 0.72, read forth
    and back. NaN without a word; short texts are unreliable.

    Source: McCarthy & Jarvis 2010, doi:10.3758/BRM.42.2.381.
    Cost: some seconds for 100,000 rows.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": "?", "output": "a a a a"}])
    >>> mtld(pool).tolist()
    [2.0]
    """
    values = [_mtld(texts.terms(text)) for text in pool["output"]]
    return pd.Series(values, index=pool.index, name="mtld", dtype="float64")


def knn_distance(vectors: pd.DataFrame, *, neighbour: int = 6) -> "pd.Series[float]":
    """Distance to the k-th nearest other example, 0 to 2 for unit rows; higher is lonelier.

    Source: Cao et al. 2024, arXiv:2307.06290 (KNN-i, with i = 6).
    Cost: exact, n squared times d, in blocks: about a minute for 50,000 rows of 384.

    Parameters
    ----------
    vectors : DataFrame (n, d)
        One embedding per example.
    neighbour : int
        Which neighbour, itself not counted: 1 <= neighbour < n.

    Examples
    --------
    >>> knn_distance(pd.DataFrame({"x": [0.0, 1.0, 3.0]}), neighbour=1).tolist()
    [1.0, 1.0, 2.0]
    """
    if not 1 <= neighbour < max(len(vectors), 1):
        raise ValueError(
            f"neighbour must be between 1 and the {len(vectors) - 1} others, got {neighbour}"
        )
    distance = nearest(vectors.to_numpy(dtype=np.float64), neighbour)[1][:, -1]
    return pd.Series(distance, index=vectors.index, name=f"knn_{neighbour}")


def predicted_loss(table: pd.DataFrame, *, rule: Rule = PUBLISHED_RULE) -> "pd.Series[float]":
    """Logarithm of the loss that a rule predicts, any number; lower is better.

    For ranking: the published rule's scale holds for its authors' models only.

    Source: Cao et al. 2024, arXiv:2307.06290, the fitted rule (R squared 0.522).
    Cost: none beyond the indicators.

    Parameters
    ----------
    table : DataFrame
        Indicators per example (or their means per subset); those in the rule are read.
    rule : Rule
        What `fit_rule` gives; the default is the published one.

    Examples
    --------
    >>> names = ["reward", "understandability", "naturalness", "coherence"]
    >>> table = pd.DataFrame([[1.0, 0.9, 0.8, 0.9], [3.0, 0.9, 0.8, 0.9]], columns=names)
    >>> predicted_loss(table).round(3).tolist()  # of an answer rated 1 and one rated 3
    [0.024, 0.008]
    """
    missing = sorted(set(rule.weights) - set(table.columns))
    if missing:
        raise ValueError(f"the rule needs {missing}, the table has {list(table.columns)}")
    weights = pd.Series(dict(rule.weights), dtype="float64")
    total = (table[list(weights.index)] * weights).sum(axis=1, skipna=False)
    return (total + rule.intercept).rename("predicted_loss")


def fit_rule(table: pd.DataFrame, losses: ArrayLike) -> Rule:
    """Fit the logarithm of losses on mean indicators by least squares.

    Parameters
    ----------
    table : DataFrame (m, p)
        Mean indicators of each of m subsets.
    losses : float (m,)
        Inference loss of the model tuned on each subset, above 0.

    Returns
    -------
    Rule
        With R squared, m, and the standard error of each weight.

    Raises
    ------
    ValueError
        If there are too few subsets, a value is missing, a loss is not above 0, or the
        indicators are linearly dependent.

    Examples
    --------
    >>> table = pd.DataFrame({"reward": [0.0, 1.0, 2.0, 3.0]})
    >>> rule = fit_rule(table, [2.0, 1.5, 1.0, 0.5])
    >>> round(rule.intercept, 3), round(rule.weights["reward"], 3)
    (0.786, -0.456)
    """
    y = np.asarray(losses, dtype=np.float64)
    X = np.column_stack([np.ones(len(table)), table.to_numpy(dtype=np.float64)])
    rows, columns = X.shape
    if y.shape != (rows,):
        raise ValueError(f"losses must have one value per subset ({rows}), got shape {y.shape}")
    if rows <= columns:
        raise ValueError(f"{columns - 1} indicators need more than {columns} subsets, got {rows}")
    if not np.isfinite(X).all() or not (np.isfinite(y) & (y > 0)).all():
        raise ValueError("indicators must be finite, and losses finite and above 0")
    if np.linalg.matrix_rank(X) < columns:
        raise ValueError(f"the indicators depend on each other linearly: {list(table.columns)}")
    y = np.log(y)
    weights = np.linalg.lstsq(X, y, rcond=None)[0]
    left = y - X @ weights
    spread = np.linalg.inv(X.T @ X) * (left @ left) / (rows - columns)
    names = [str(name) for name in table.columns]
    return Rule(
        float(weights[0]),
        dict(zip(names, map(float, weights[1:]), strict=True)),
        r_squared=float(1 - left @ left / ((y - y.mean()) @ (y - y.mean()))),
        rows=rows,
        errors=dict(zip(names, map(float, np.sqrt(np.diag(spread))[1:]), strict=True)),
    )


def _mtld(words: list[str]) -> float:
    """Return words per factor, the mean of reading forth and back."""
    if not words:
        return float("nan")
    both: NDArray[np.float64] = np.array([_one_way(words), _one_way(words[::-1])])
    return float(both.mean())


def _one_way(words: list[str]) -> float:
    """Return words per factor; a factor ends when the share of distinct words falls below 0.72."""
    factors, seen, count = 0.0, set[str](), 0
    for word in words:
        seen.add(word)
        count += 1
        if len(seen) / count < MTLD_RATIO:
            factors, seen, count = factors + 1, set(), 0
    if count:
        factors += (1 - len(seen) / count) / (1 - MTLD_RATIO)
    return len(words) / factors if factors else float(len(words))
