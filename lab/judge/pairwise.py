"""Ask judges for the better of two answers: each pair in both orders, by one judge or several.

Source: Chen et al. 2024, arXiv:2307.08701; Zheng et al. 2023, arXiv:2306.05685; Dubois et al.
2024, arXiv:2404.04475.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lab.judge import prompting, verdicts
from lab.judge.forms import SCORES, Form
from lab.llm import Client, prompts


def pairwise(
    a: "pd.Series[Any]",
    b: "pd.Series[Any]",
    client: Client | Mapping[str, Client],
    *,
    questions: pd.DataFrame,
    prompt: Form = SCORES,
    samples: int = 1,
) -> pd.DataFrame:
    """Ask for the better of `a` and `b`, each pair in both orders.

    Parameters
    ----------
    a, b : Series of str (prompts,)
        The answers of two systems on the same ids; their names become `system` and `reference`.
    client : Client, or mapping from name to Client
        One judge, named after its model, or several.
    questions : DataFrame
        A pool that holds the ids; its history, instruction and input are the question.
    prompt : Form
        What is asked.
    samples : int
        Verdicts per judge and order, >= 1; more than one needs a temperature above 0.

    Returns
    -------
    DataFrame
        A table of verdicts. A reply that cannot be read, or a call that failed, is "invalid" and
        keeps its raw reply or error; nothing is dropped. Lengths are in characters, `words_a` and
        `words_b` in words.

    Raises
    ------
    ValueError
        If the ids of `a` and `b` differ, are not in `questions`, or an answer is missing; if both
        have one name; or if several samples would be equal.

    Examples
    --------
    >>> from lab import judge, testbed
    >>> asked = testbed.prompts(3)
    >>> good, bad = asked["output"].rename("good"), asked["output"].str[:8].rename("cut")
    >>> table = pairwise(good, bad, testbed.client(), questions=asked)
    >>> len(table), table["verdict"].unique().tolist()  # three prompts in both orders
    (6, ['a'])
    """
    system, reference = _names(a, b)
    b = _checked(a, b, questions)
    if samples < 1 or (samples > 1 and prompt.temperature == 0):
        raise ValueError(
            f"samples must be 1, or more at a temperature above 0; got {samples} samples at "
            f"temperature {prompt.temperature}"
        )
    template = prompts.load("judge", prompt.prompt, prompt.language)
    texts = {"a": a.astype("object").to_dict(), "b": b.astype("object").to_dict()}
    examples = prompting.rows_of(questions, a.index)
    cells = [(key, first, draw) for key in a.index for first in "ab" for draw in range(samples)]
    requests = []
    for key, first, draw in cells:
        fields = _fields(texts, examples[key], key, first)
        if "reference" in template.fields:
            fields["reference"] = str(examples[key]["output"])
        requests.append(prompting.request(prompt, template.messages(**fields), draw))
    names = {"system": system, "reference": reference, "form": prompt.prompt}
    rows = []
    for judge, one in prompting.judges(client).items():
        for (key, first, draw), reply in zip(cells, one.complete(requests), strict=True):
            keys = {"prompt": str(key), "judge": judge, "first": first, "sample": draw}
            sizes = prompting.sizes(str(texts["a"][key]), str(texts["b"][key]))
            said = prompting.columns(prompt.read(reply), first) | prompting.reply_columns(reply)
            rows.append(keys | names | sizes | said)
    return verdicts.table(rows)


def _fields(
    texts: Mapping[str, Mapping[Any, Any]], example: Mapping[str, Any], key: Any, first: str
) -> dict[str, str]:
    """Return what a prompt shows of a pair, with one of them first."""
    second = "b" if first == "a" else "a"
    return {
        "question": prompting.question(example),
        "first": str(texts[first][key]),
        "second": str(texts[second][key]),
    }


def _names(a: "pd.Series[Any]", b: "pd.Series[Any]") -> tuple[str, str]:
    names = ("a" if a.name is None else str(a.name), "b" if b.name is None else str(b.name))
    if names[0] == names[1]:
        raise ValueError(f"a and b must have different names, got {names[0]!r} twice")
    return names


def _checked(a: "pd.Series[Any]", b: "pd.Series[Any]", questions: pd.DataFrame) -> "pd.Series[Any]":
    if not a.index.is_unique or set(a.index) != set(b.index):
        raise ValueError(f"a and b must have the same distinct ids, got {len(a)} and {len(b)} rows")
    prompting.check_answers(a, questions)
    prompting.check_answers(b, questions)
    return b.loc[a.index]
