"""All methods at one budget, best first, each with its difference from a random draw."""

import pandas as pd

from lab.ablate.setups import Setup
from lab.ablate.verdict import more, verdicts
from lab.judge.intervals import bootstrap


def leaderboard(
    table: pd.DataFrame, setup: Setup, *, against: str = "random", matters: float = 0.05
) -> pd.DataFrame:
    """Rank arms, and judge the claim that each beats the arm `against`.

    Parameters
    ----------
    table : DataFrame
        From `setup.run`.
    setup : Setup
        Its measure ranks.
    against : str
        The arm to beat.
    matters : float
        The least difference that would matter, in the unit of the measure.

    Returns
    -------
    DataFrame
        Index arm, best first: mean, examples, difference, low, high (the 95 % interval of the
        difference from `against`), verdict, p_holm (corrected for all arms). The arm `against`
        has no verdict.

    Raises
    ------
    ValueError
        If `against` is no arm, or is the only one.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, paths, testbed, tune
    >>> recipe = tune.Recipe(model=str(paths.base_model()), steps=1, batch_size=4)
    >>> asked = testbed.prompts(3)
    >>> grade = partial(ablate.exact_answers, prompts=asked, max_new_tokens=4)
    >>> study = ablate.Setup(testbed.pool, asked, recipe, grade, "exact")
    >>> draws = {"random": partial(testbed.pool, 4), "noisy": partial(testbed.pool, 4, noise=1.0)}
    >>> made = ablate.arms(draws, recipe, seeds=[0, 1])
    >>> table = ablate.run(made, tune=tune.sft, evaluate=grade, workers=1)
    >>> sorted(leaderboard(table, study).index)
    ['noisy', 'random']
    """
    outcomes = setup.outcomes(table)
    arms = list(dict.fromkeys(table["arm"]))
    others = [arm for arm in arms if arm != against]
    if against not in arms or not others:
        raise ValueError(f"against must be one of several arms {arms}, got {against!r}")
    claims = {arm: more(f"{arm} beats {against}.", arm, against, by=matters) for arm in others}
    judged = verdicts(claims, outcomes)[["difference", "low", "high", "verdict", "p_holm"]]
    means = {arm: bootstrap(outcomes[[arm]].to_numpy()).estimate for arm in arms}
    board = pd.DataFrame({"mean": means, "examples": table.groupby("arm")["examples"].median()})
    return board.join(judged).sort_values("mean", ascending=False).rename_axis("arm")
