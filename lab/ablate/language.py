"""Cheap measures of a tuned model on real language: no judge, no key, minutes on a CPU.

Loss on what people answered, whether an answer ends by itself, how long and how repetitive it is,
and what the model knows, by multiple choice: tuning should teach a form of answering, and leave
knowledge where it is (LIMA's hypothesis, arXiv:2305.11206, section 2).
"""

from pathlib import Path

import pandas as pd

from lab import texts, tune
from lab.tune.templates import Template

RUN = 4  # words; a run of them that comes again is repetition


def open_answers(
    model: Path | str,
    *,
    prompts: pd.DataFrame,
    questions: pd.DataFrame | None = None,
    template: Template | None = None,
    max_new_tokens: int = 96,
) -> pd.DataFrame:
    """Let `model` answer prompts that people wrote, and measure the answers without a judge.

    Parameters
    ----------
    model : path or name
        Of a tuned model; of any other with `template`.
    prompts : DataFrame
        A pool whose outputs are answers by people.
    questions : DataFrame, optional
        A pool of multiple choice, one row per choice: `question` (which rows belong together) and
        `right` (bool), with the choice as output.
    template : TextTemplate or ChatTemplate, optional
        By default the one the model was tuned with.
    max_new_tokens : int
        Answers are cut there.

    Returns
    -------
    DataFrame
        Index of `prompts`, then the questions. Of a prompt: `answer`, `loss` (nats per token of the
        person's answer; lower is better), `ends` (1 if the answer ended by itself), `words`,
        `repetition` (0 to 1: the share of runs of four words that came before in the answer). Of a
        question: `knows` (1 if the right choice has the lowest loss per token).

    Examples
    --------
    >>> from lab import paths, records, tune
    >>> pool = records.frame([{"instruction": "Name the capital of Peru.", "output": "Lima."}])
    >>> how = {"template": tune.ALPACA, "max_new_tokens": 4}
    >>> found = open_answers(paths.base_model(), prompts=pool, **how)
    >>> len(found), (found["loss"] > 0).all().item()
    (1, True)
    """
    written = tune.completions(model, prompts, max_new_tokens=max_new_tokens, template=template)
    said = tune.answer_losses(model, prompts, template=template)
    table = pd.DataFrame(
        {
            "answer": written["answer"],
            "loss": said["loss"] / said["tokens"].where(said["tokens"] > 0),
            "ends": written["stopped"].astype("float64"),
            "words": texts.count(written["answer"]).astype("float64"),
            "repetition": written["answer"].map(repetition).astype("float64"),
        }
    )
    if questions is None:
        return table
    return pd.concat([table, knows(model, questions, template=template).to_frame()])


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
    right = questions.groupby("question")["right"].sum()
    if not right.eq(1).all():
        wrong = right[right != 1]
        raise ValueError(f"question {wrong.index[0]!r} has {wrong.iloc[0]} right choices, not 1")
    found = tune.answer_losses(model, questions, template=template)
    each = pd.DataFrame(
        {
            "question": questions["question"],
            "right": questions["right"].astype(bool),
            "loss": found["loss"] / found["tokens"].where(found["tokens"] > 0),
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
