"""Cheap measures of a tuned model on real language: no judge, no key, minutes on a CPU.

Loss on what people answered, whether an answer ends by itself, how long and how repetitive it is,
and what the model knows, by multiple choice: tuning should teach a form of answering, and leave
knowledge where it is (LIMA's hypothesis, arXiv:2305.11206, section 2).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lab import records, texts, tune
from lab.ablate.constrained import met
from lab.models.decode import GREEDY, Decoding
from lab.tune.templates import Template

FIELDS = ("history", *records.TEXTS, *records.STRUCTURE)
RUN = 4  # words; a run of them that comes again is repetition


def open_answers(
    model: Path | str,
    *,
    prompts: pd.DataFrame,
    references: pd.DataFrame | None = None,
    questions: pd.DataFrame | None = None,
    template: Template | None = None,
    max_new_tokens: int = 96,
    decoding: Decoding = GREEDY,
) -> pd.DataFrame:
    """Let `model` answer prompts that people wrote, and measure the answers without a judge.

    Parameters
    ----------
    model : path or name
        Of a tuned model; of any other with `template`.
    prompts : DataFrame
        A pool whose outputs are answers by people; "" where there is none. With the columns of
        `constrained`, whether an answer meets its constraint is measured, too.
    references : DataFrame, optional
        Further rows whose answers are scored, and which the model is not asked.
    questions : DataFrame, optional
        A pool of multiple choice, one row per choice: `question` (which rows belong together) and
        `right` (bool), with the choice as output.
    template : TextTemplate or ChatTemplate, optional
        By default the one the model was tuned with.
    max_new_tokens : int
        Answers are cut there.
    decoding : Decoding
        Greedy by default.

    Returns
    -------
    DataFrame
        Index of `prompts`, then the references, then the questions. Of a prompt: `answer`, `loss`
        (nats per token of the person's answer, NaN without one; lower is better), `ends` (1 if the
        answer ended by itself), `words`, `repetition` (0 to 1: the share of runs of four words that
        came before in the answer), `format` (1 if it meets the prompt's constraint, NaN if there is
        none; no column without constraints). Of a reference: `loss`. Of a question: `knows` (1 if
        the right choice has the lowest loss per token).

    Raises
    ------
    ValueError
        If a prompt, reference or question is there twice.

    Examples
    --------
    >>> from lab import paths, records, tune
    >>> pool = records.frame([{"instruction": "Name the capital of Peru.", "output": "Lima."}])
    >>> how = {"template": tune.ALPACA, "max_new_tokens": 4}
    >>> found = open_answers(paths.base_model(), prompts=pool, **how)
    >>> len(found), (found["loss"] > 0).all().item()
    (1, True)
    """
    written = tune.completions(
        model, prompts, max_new_tokens=max_new_tokens, template=template, decoding=decoding
    )
    given = [pool for pool in (prompts, references, questions) if pool is not None]
    losses = _losses(model, given, template)
    table = pd.DataFrame(
        {
            "answer": written["answer"],
            "loss": losses[0].where(prompts["output"] != ""),
            "ends": written["stopped"].astype("float64"),
            "words": texts.count(written["answer"]).astype("float64"),
            "repetition": written["answer"].map(repetition).astype("float64"),
        }
    )
    if "constraint" in prompts.columns:
        table["format"] = met(table["answer"], prompts)
    parts: list[pd.DataFrame] = [table]
    if references is not None:
        parts.append(losses[1].to_frame())
    if questions is not None:
        parts.append(_known(questions, losses[-1]).to_frame())
    whole = pd.concat(parts)
    if not whole.index.is_unique:
        twice = whole.index[whole.index.duplicated()][0]
        raise ValueError(f"prompts, references and questions must differ, {twice!r} is there twice")
    return whole


def knows(
    model: Path | str, questions: pd.DataFrame, *, template: Template | None = None
) -> "pd.Series[float]":
    """Return 1 for each question whose right choice has the lowest loss per token, else 0.

    Parameters
    ----------
    model, questions, template
        As in `open_answers`.

    Returns
    -------
    Series of float
        Index `question`; NaN where a choice does not fit the model.

    Raises
    ------
    ValueError
        If a question has not exactly one right choice.

    Examples
    --------
    >>> from lab import paths, records, tune
    >>> pool = records.frame([
    ...     {"instruction": "Capital of Peru?", "output": city, "question": "q1", "right": fit}
    ...     for city, fit in (("Lima", True), ("Oslo", False))
    ... ])
    >>> knows(paths.base_model(), pool, template=tune.ALPACA).index.tolist()
    ['q1']
    """
    return _known(questions, *_losses(model, [questions], template))


def _known(questions: pd.DataFrame, losses: "pd.Series[float]") -> "pd.Series[float]":
    """Return `knows` from the loss of each choice."""
    right = questions.groupby("question")["right"].sum()
    if not right.eq(1).all():
        wrong = right[right != 1]
        raise ValueError(f"question {wrong.index[0]!r} has {wrong.iloc[0]} right choices, not 1")
    each = pd.DataFrame(
        {
            "question": questions["question"],
            "right": questions["right"].astype(bool),
            "loss": losses,
        }
    )
    missing = each.groupby("question")["loss"].apply(lambda losses: bool(losses.isna().any()))
    best = each.groupby("question")["loss"].min()
    own = each[each["right"]].set_index("question")["loss"]
    values = (own <= best.loc[own.index]).astype("float64").mask(missing.loc[own.index])
    return values.rename("knows")


def repetition(text: str) -> float:
    """Return the share of runs of four words that came before in the same text.

    Examples
    --------
    >>> repetition("one two three four five")
    0.0
    >>> repetition("a b c d a b c d")
    0.2
    """
    words = texts.terms(text)
    runs = [tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)]
    return (len(runs) - len(set(runs))) / len(runs) if runs else 0.0


def choices(pool: pd.DataFrame, *, others: int = 3, seed: int = 0) -> pd.DataFrame:
    """Make questions of multiple choice: each row's answer among those of other rows.

    Parameters
    ----------
    pool : DataFrame
        Rows with right answers; with a column `family`, the others are of the same one.
    others : int
        Wrong choices of a question; a row for which there are fewer makes none.
    seed : int
        Of the draw.

    Returns
    -------
    DataFrame
        A pool, one row per choice, as `open_answers` takes for `questions`.

    Examples
    --------
    >>> from lab import records
    >>> pool = records.frame([{"instruction": f"Say {c}.", "output": c} for c in "abcde"])
    >>> made = choices(pool)
    >>> len(made), int(made["right"].sum())
    (20, 5)
    """
    rng = np.random.default_rng(seed)
    rows, about = [], []
    for key, row in pool.iterrows():
        alike = pool if "family" not in pool.columns else pool[pool["family"] == row["family"]]
        wrong = sorted(set(alike["output"]) - {row["output"]})
        if len(wrong) < others:
            continue
        drawn = [wrong[place] for place in rng.permutation(len(wrong))[:others]]
        for output in (row["output"], *drawn):
            asked = {name: row[name] for name in ("history", "instruction", "input")}
            rows.append({**asked, "output": output})
            about.append((f"choices of {key}", output == row["output"]))
    made = records.frame(rows)
    return made.assign(question=[one for one, _ in about], right=[fits for _, fits in about])


def _losses(
    model: Path | str, pools: Sequence[pd.DataFrame], template: Template | None
) -> "list[pd.Series[float]]":
    """Return the loss per token of each answer of pools, NaN where it does not fit the model."""
    names = [[name for name in FIELDS if name in pool.columns] for pool in pools]
    alike = all(one == names[0] for one in names)
    rows = [pool[one] for pool, one in zip(pools, names, strict=True)]
    whole = [pd.concat(rows)] if alike else rows  # the model is loaded once for each of them
    whole = [each[~each.index.duplicated()] for each in whole]  # one id is one text
    said = pd.concat([tune.answer_losses(model, each, template=template) for each in whole])
    loss = said["loss"] / said["tokens"].where(said["tokens"] > 0)
    loss = loss[~loss.index.duplicated()].rename("loss")
    return [loss.loc[pool.index] for pool in pools]
