"""The question of the LIMA paper in miniature, whether diversity, quality or quantity counts.

Source: Zhou et al. 2023, arXiv:2305.11206, section 5: answers get better with more diverse prompts
and with cleaner answers, and no better with more of the same.
"""

import functools

import numpy as np
import pandas as pd

from lab import testbed


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


@functools.cache
def _large_families(prompts: int) -> tuple[str, ...]:
    return tuple(name for name in testbed.families() if _holds(name, prompts))


def _holds(name: str, prompts: int) -> bool:
    try:
        testbed.pool(prompts, families=[name], seed=0)
    except ValueError:
        return False
    return True
