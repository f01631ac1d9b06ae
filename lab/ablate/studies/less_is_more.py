"""The question of the LIMA paper in miniature, whether diversity, quality or quantity counts.

Source: Zhou et al. 2023, arXiv:2305.11206, section 5: answers get better with more diverse prompts
and with cleaner answers, and no better with more of the same.
"""

import functools

import numpy as np
import pandas as pd

from lab import testbed
from lab.testbed.faults import FAULTS

WORDINGS = 8  # a family has fewer that pools use
MOST_SPOILED = 0.4


def narrow(n: int, *, families: int, nested_in: int | None = None, seed: int) -> pd.DataFrame:
    """Draw a pool of `n` examples of the testbed from a few task families, which the seed picks.

    Parameters
    ----------
    n : int
        Examples.
    families : int
        How many families, of those that hold enough distinct prompts for equal shares.
    nested_in : int, optional
        Draw this many examples and return the first `n`, so that pools of several sizes share
        their families and the larger hold the smaller; by default `n`.
    seed : int
        Picks the families and the examples.

    Raises
    ------
    ValueError
        If fewer families are large enough, or `nested_in` is below `n`.

    Examples
    --------
    >>> narrow(40, families=2, seed=0)["family"].nunique()
    2
    """
    total = n if nested_in is None else nested_in
    if total < n:
        raise ValueError(f"nested_in must be at least the {n} examples wanted, got {nested_in}")
    names = _large_families(-(-total // families)) if families >= 1 else ()
    if not 1 <= families <= len(names):
        raise ValueError(
            f"families must be between 1 and the {len(names)} that are large enough, got {families}"
        )
    chosen = np.random.default_rng(seed).choice(names, size=families, replace=False)
    return testbed.pool(total, families=[str(name) for name in chosen], seed=seed).head(n)


def one_wording(n: int, *, seed: int) -> pd.DataFrame:
    """Draw `n` examples of all families, each family in one of its wordings alone.

    Parameters
    ----------
    n : int
        Examples.
    seed : int
        Of the draw, and of which wording.

    Raises
    ------
    ValueError
        If there are not as many.

    Examples
    --------
    >>> made = one_wording(100, seed=0)
    >>> int(made.groupby("family")["phrasing"].nunique().max())
    1
    """
    pool = testbed.pool(WORDINGS * n, seed=seed)
    wordings = pool.groupby("family")["phrasing"].unique()
    rng = np.random.default_rng(seed)
    wanted = {name: rng.choice(np.sort(given)) for name, given in wordings.items()}
    kept = pool[pool["phrasing"] == pool["family"].map(wanted)]
    if len(kept) < n:
        raise ValueError(f"n must be at most the {len(kept)} examples in one wording, got {n}")
    return kept.head(n)


def spoiled(n: int, *, fault: str, share: float, seed: int) -> pd.DataFrame:
    """Draw `n` examples of which a share is bad in one way alone.

    Parameters
    ----------
    n : int
        Examples.
    fault : str
        "wrong", "empty", "ramble" or "off_topic", as a pool of the testbed names them.
    share : float
        Of bad rows, 0 to 0.4; exactly `round(share * n)` rows.
    seed : int
        Of the draw.

    Raises
    ------
    ValueError
        If `fault` or `share` is none of these.

    Examples
    --------
    >>> spoiled(20, fault="empty", share=0.25, seed=0)["fault"].value_counts().to_dict()
    {'': 15, 'empty': 5}
    """
    if fault not in FAULTS:
        raise ValueError(f"fault must be one of {FAULTS}, got {fault!r}")
    if not 0 <= share <= MOST_SPOILED:
        raise ValueError(f"share must be from 0 to {MOST_SPOILED}, got {share}")
    pool = testbed.pool(4 * n, noise=0.6, seed=seed)
    bad = pool[pool["fault"] == fault].head(round(share * n))
    good = pool[pool["fault"] == ""].head(n - len(bad))
    mixed = pd.concat([good, bad])
    return mixed.iloc[np.random.default_rng(seed).permutation(n)]


@functools.cache
def _large_families(prompts: int) -> tuple[str, ...]:
    return tuple(name for name in testbed.families() if _holds(name, prompts))


def _holds(name: str, prompts: int) -> bool:
    try:
        testbed.pool(prompts, families=[name], seed=0)
    except ValueError:
        return False
    return True
