"""MT-bench: two turns a question, rated one by one or compared in pairs, with reference answers.

The first turn is judged by itself, the second within its conversation, each system's own first
answer in view. Questions with reference answers (mathematics, reasoning and code) have prompts
that show them. English and Chinese.

Answers are a Series of texts, index (question number, turn 1 or 2), named after the system, as
`load.prompt_sets.mt_bench_answers` reads them; reference answers have the same form.

Source: Zheng et al. 2023, arXiv:2306.05685.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lab.judge import forms, parsed, prompting, verdicts
from lab.llm import Client, Request, prompts

RATING, VERDICT = "rating", "verdict"
TURNS = (1, 2)
PLACES = {"a": ("first", "second"), "b": ("second", "first")}  # where a and b are shown
Cell = tuple[int, int]  # question number and turn


def grade(
    answers: "pd.Series[Any]",
    client: Client | Mapping[str, Client],
    *,
    questions: pd.DataFrame,
    references: "pd.Series[Any] | None" = None,
    language: str = "en",
) -> pd.DataFrame:
    """Rate the answers of one system in both turns, 1 to 10; higher is better.

    Parameters
    ----------
    answers : Series of str, index (number, turn)
        Of one system, which it is named after; two turns a question.
    client : Client, or mapping from name to Client
        One judge, or several.
    questions : DataFrame
        A pool as `load.prompt_sets.mt_bench` reads it, with `number` and `second_turn`.
    references : Series of str, index (number, turn), optional
        Reference answers; questions that have them are judged with them.
    language : str
        Of the judge's prompt, "en" or "zh".

    Returns
    -------
    DataFrame
        As `judge.rating` gives it, one row per question, turn and judge, with `turn` and
        `with_reference`; `prompt` is such as "81-2". `judge.mean_rating` sums it up.

    Raises
    ------
    ValueError
        If a question is not in the pool, or an answer is missing.
    """
    rows = _conversations({"answer": answers}, questions, references)
    rows_made = []
    for judge, one in prompting.judges(client).items():
        replies = one.complete(_requests(rows, RATING, language))
        for row, reply in zip(rows, replies, strict=True):
            made = _keys(row, judge) | {"system": _name(answers, "a"), "sample": 0}
            made["rating"] = forms.MT_RATING.read(reply)
            made["length"] = float(len(row["fields"]["answer"]))
            rows_made.append(made | prompting.reply_columns(reply))
    return pd.DataFrame(rows_made)


def compare(
    a: "pd.Series[Any]",
    b: "pd.Series[Any]",
    client: Client | Mapping[str, Client],
    *,
    questions: pd.DataFrame,
    references: "pd.Series[Any] | None" = None,
    language: str = "en",
) -> pd.DataFrame:
    """Ask for the better of two systems in both turns of each question, in both orders.

    Parameters
    ----------
    a, b : Series of str, index (number, turn)
        The answers of two systems; their names become `system` and `reference`.
    client, questions, references, language
        As in `grade`.

    Returns
    -------
    DataFrame
        A table of verdicts, `prompt` such as "81-2", with `turn` and `with_reference`. MT-bench's
        own rule for two orders is `judge.rates.both_agree`.

    Raises
    ------
    ValueError
        As in `grade`, or if both systems have one name.
    """
    names = {"system": _name(a, "a"), "reference": _name(b, "b")}
    if names["system"] == names["reference"]:
        raise ValueError(f"a and b must have different names, got {names['system']!r} twice")
    shown = {
        "a": _conversations({"first": a, "second": b}, questions, references),
        "b": _conversations({"first": b, "second": a}, questions, references),
    }
    rows_made = []
    for judge, one in prompting.judges(client).items():
        for first, rows in shown.items():
            replies = one.complete(_requests(rows, VERDICT, language))
            for row, reply in zip(rows, replies, strict=True):
                made = _keys(row, judge) | names | {"first": first}
                made |= prompting.sizes(*(row["fields"][name] for name in PLACES[first]))
                made |= prompting.columns(parsed.verdict(reply), first)
                rows_made.append(made | prompting.reply_columns(reply))
    return verdicts.table(rows_made)


def _conversations(
    answers: Mapping[str, "pd.Series[Any]"],
    questions: pd.DataFrame,
    references: "pd.Series[Any] | None",
) -> list[dict[str, Any]]:
    """Return one row per question and turn: its number, turn, and what its prompt shows."""
    numbers = list(dict.fromkeys(number for number, _ in next(iter(answers.values())).index))
    asked = questions.set_index("number")[["instruction", "second_turn"]]
    unknown = [number for number in numbers if number not in asked.index]
    if unknown:
        raise ValueError(
            f"questions misses {len(unknown)} of the numbers, the first is {unknown[0]!r}"
        )
    cells = {name: dict(some.items()) for name, some in answers.items()}
    known = {} if references is None else dict(references.items())
    rows = []
    for number in numbers:
        turns = asked.loc[number].tolist()
        for turn in TURNS:
            fields = {"question": str(turns[turn - 1])}
            if turn > 1:
                fields["earlier_question"] = str(turns[0])
            shown = dict(cells)
            if (number, turn) in known:
                shown["reference"] = known
            for name, some in shown.items():
                fields[name] = _answer(some, (number, turn), name)
                if turn > 1:
                    fields[f"earlier_{name}"] = _answer(some, (number, 1), name)
            rows.append({"number": number, "turn": turn, "fields": fields})
    return rows


def _answer(answers: Mapping[Any, Any], cell: Cell, name: str) -> str:
    text = answers.get(cell)
    if text is None or pd.isna(text):
        raise ValueError(f"{name} misses turn {cell[1]} of question {cell[0]}")
    return str(text)


def _requests(rows: list[dict[str, Any]], kind: str, language: str) -> list[Request]:
    """Return what is asked for each row, by the prompt that fits its turn and references."""
    settings = forms.VERDICT if kind == VERDICT else forms.MT_RATING
    requests = []
    for row in rows:
        reference = "_reference" if "reference" in row["fields"] else ""
        turns = "turns_" if row["turn"] > 1 else ""
        prompt = prompts.load("judge", f"{turns}{kind}{reference}", language)
        requests.append(prompting.request(settings, prompt.messages(**row["fields"]), 0))
    return requests


def _keys(row: Mapping[str, Any], judge: str) -> dict[str, Any]:
    return {
        "prompt": f"{row['number']}-{row['turn']}",
        "judge": judge,
        "turn": row["turn"],
        "with_reference": "reference" in row["fields"],
    }


def _name(answers: "pd.Series[Any]", default: str) -> str:
    return default if answers.name is None else str(answers.name)
