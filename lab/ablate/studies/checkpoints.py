"""Every checkpoint of a fine-tuning as an outcome, to see which one a rule would choose.

Source: Zhou et al. 2023, arXiv:2305.11206, section 3 and appendix B: held-out perplexity rises
while answers get better, so that checkpoints were picked by what they write.
"""

from pathlib import Path

import pandas as pd

from lab import judge, tune
from lab.ablate.run import details
from lab.tune.checkpoints import saved


def checkpoint_answers(
    model: Path, *, prompts: pd.DataFrame, max_new_tokens: int = 48
) -> pd.DataFrame:
    """Let every checkpoint in a tuned model's folder answer, and take the loss of the truth.

    Parameters
    ----------
    model : path
        Folder of a model tuned with a recipe that keeps its checkpoints.
    prompts : DataFrame
        A pool whose outputs are the truth.
    max_new_tokens : int
        Answers are cut there.

    Returns
    -------
    DataFrame
        Index of `prompts`; for the k-th checkpoint, counted from 1: `exact_k` (0 or 1), `loss_k`
        (nats per token of the true answer, lower is better).

    Raises
    ------
    ValueError
        If the folder holds no checkpoint.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> when = tune.Checkpoints(every_steps=1)
    >>> model = str(paths.base_model())
    >>> recipe = tune.Recipe(model=model, steps=2, batch_size=4, checkpoints=when)
    >>> folder = tune.sft(testbed.pool(4), recipe, paths.data() / "tuned")
    >>> checkpoint_answers(folder, prompts=testbed.prompts(2), max_new_tokens=4).columns.tolist()
    ['exact_1', 'loss_1', 'exact_2', 'loss_2']
    """
    folders = saved(model)
    if not folders:
        raise ValueError(f"{model} must hold checkpoints; tune with Recipe(checkpoints=...)")
    columns: dict[str, pd.Series[float]] = {}
    for number, folder in enumerate(folders, 1):
        answers = tune.generate(folder, prompts, max_new_tokens=max_new_tokens)
        said = tune.answer_losses(folder, prompts)
        columns[f"exact_{number}"] = judge.exact_match(answers, prompts["output"]).astype("float64")
        columns[f"loss_{number}"] = said["loss"] / said["tokens"]
    return pd.DataFrame(columns)


def chosen_checkpoints(table: pd.DataFrame, dev: "pd.Index[str]") -> pd.DataFrame:
    """Let three rules choose a checkpoint of every seed, looking at some prompts.

    Parameters
    ----------
    table : DataFrame
        From `ablate.run` with `checkpoint_answers`, of one arm.
    dev : Index
        The prompts that the rules may look at.

    Returns
    -------
    DataFrame
        Index seed, one column per rule, the number of a checkpoint: `by_loss` (lowest loss of the
        true answers), `by_answers` (most right answers; ties to the earlier), `last`.

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, paths, testbed
    >>> when = tune.Checkpoints(every_steps=1)
    >>> model = str(paths.base_model())
    >>> recipe = tune.Recipe(model=model, steps=2, batch_size=4, checkpoints=when)
    >>> made = ablate.arms({"clean": partial(testbed.pool, 4)}, recipe, seeds=[0])
    >>> grade = partial(checkpoint_answers, prompts=testbed.prompts(4), max_new_tokens=4)
    >>> table = ablate.run(made, tune=tune.sft, evaluate=grade, workers=1)
    >>> chosen_checkpoints(table, testbed.prompts(4).index[:2])["last"].tolist()
    [2]
    """
    numbers = [name.rpartition("_")[2] for name in table.columns if name.startswith("loss_")]
    losses = {int(k): details(table, f"loss_{k}").loc[dev].mean() for k in numbers}
    right = {int(k): details(table, f"exact_{k}").loc[dev].mean() for k in numbers}
    loss, exact = pd.DataFrame(losses).droplevel("arm"), pd.DataFrame(right).droplevel("arm")
    rules = {
        "by_loss": loss.idxmin(axis=1),
        "by_answers": exact.idxmax(axis=1),
        "last": pd.Series(max(losses), index=loss.index),
    }
    return pd.DataFrame(rules)


def checkpoint_outcomes(
    table: pd.DataFrame, chosen: pd.DataFrame, prompts: "pd.Index[str]", *, measure: str
) -> pd.DataFrame:
    """Return what the chosen checkpoints do on other prompts: columns (rule, seed), for `verdicts`.

    Parameters
    ----------
    table : DataFrame
        As in `chosen_checkpoints`.
    chosen : DataFrame
        From `chosen_checkpoints`.
    prompts : Index
        Prompts that no rule has looked at.
    measure : str
        "exact" or "loss".

    Examples
    --------
    >>> from functools import partial
    >>> from lab import ablate, paths, testbed
    >>> when = tune.Checkpoints(every_steps=1)
    >>> model = str(paths.base_model())
    >>> recipe = tune.Recipe(model=model, steps=2, batch_size=4, checkpoints=when)
    >>> made = ablate.arms({"clean": partial(testbed.pool, 4)}, recipe, seeds=[0])
    >>> grade = partial(checkpoint_answers, prompts=testbed.prompts(4), max_new_tokens=4)
    >>> table = ablate.run(made, tune=tune.sft, evaluate=grade, workers=1)
    >>> asked = testbed.prompts(4).index
    >>> chosen = chosen_checkpoints(table, asked[:2])
    >>> checkpoint_outcomes(table, chosen, asked[2:], measure="exact").shape
    (2, 3)
    """
    known = {
        int(number): details(table, f"{measure}_{number}").droplevel("arm", axis=1).loc[prompts]
        for number in set(chosen.to_numpy().ravel())
    }
    columns = {
        (rule, seed): known[int(number)][seed]
        for rule in chosen.columns
        for seed, number in chosen[rule].items()
    }
    return pd.DataFrame(columns).rename_axis(columns=["arm", "seed"])
