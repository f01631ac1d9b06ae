"""One condition of an ablation: a name, a subset, a training set-up and a seed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from lab.tune import Recipe


@dataclass(frozen=True, eq=False)
class Arm:
    """A subset that one model is tuned on. Arms of one name differ in their seed only.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": "Add 1 and 2.", "output": "3"}])
    >>> Arm("all", pool, Recipe(model="gpt2", steps=10)).name
    'all'
    """

    name: str
    subset: pd.DataFrame
    recipe: Recipe  # its seed is the arm's

    @property
    def seed(self) -> int:
        """Return the seed of the training, which the drawing of the subset shares."""
        return self.recipe.seed

    def __repr__(self) -> str:
        return f"Arm({self.name}, {len(self.subset)} examples, seed {self.seed})"


def arms(
    draws: Mapping[str, Callable[..., pd.DataFrame]], recipe: Recipe, *, seeds: Iterable[int]
) -> list[Arm]:
    """Draw the subset of each arm once per seed.

    Parameters
    ----------
    draws : mapping
        Name of the arm -> what gives its subset when called with `seed=`, such as
        `partial(testbed.pool, 500)`.
    recipe : Recipe
        The training set-up of all arms; its seed is replaced.
    seeds : iterable of int
        One model per arm and seed.

    Returns
    -------
    list of Arm
        All arms of the first seed, then of the second, and so on: a run that is stopped early
        has compared every arm.

    Raises
    ------
    ValueError
        If there is no arm or no seed, a seed repeats, or a subset is empty.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import testbed
    >>> draws = {"clean": partial(testbed.pool, 5), "noisy": partial(testbed.pool, 5, noise=1.0)}
    >>> made = arms(draws, Recipe(model="gpt2", steps=1), seeds=[0, 1])
    >>> [(arm.name, arm.recipe.seed) for arm in made]
    [('clean', 0), ('noisy', 0), ('clean', 1), ('noisy', 1)]
    """
    chosen = list(seeds)
    if not draws or not chosen:
        raise ValueError(f"need at least one arm and one seed, got {len(draws)} and {len(chosen)}")
    if len(set(chosen)) != len(chosen):
        raise ValueError(f"seeds must differ, got {chosen}")
    made = []
    for seed in chosen:
        for name, draw in draws.items():
            subset = draw(seed=seed)
            if len(subset) == 0:
                raise ValueError(f"arm {name!r} has no examples at seed {seed}")
            made.append(Arm(name, subset, replace(recipe, seed=seed)))
    return made
