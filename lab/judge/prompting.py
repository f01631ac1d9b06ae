"""What all judges have in common: how a question is put, and what comes back with a reply."""

from collections.abc import Mapping
from typing import Any, Protocol

import pandas as pd

from lab import records, texts
from lab.judge.parsed import ParsedVerdict
from lab.llm import Client, Completion, Request


class CallSettings(Protocol):
    """The settings of a call that a form of question brings along."""

    @property
    def max_tokens(self) -> int: ...  # noqa: D102
    @property
    def top_logprobs(self) -> int: ...  # noqa: D102
    @property
    def temperature(self) -> float: ...  # noqa: D102


def question(example: Mapping[str, Any]) -> str:
    """Return what is asked in an example as one text, earlier turns with their speakers."""
    if not example["history"]:
        return records.user_turn(example)
    turns = records.prompt(example)
    return texts.transcript(turns)


def request(form: CallSettings, messages: list[dict[str, str]], draw: int) -> Request:
    """Return the request for one filled prompt, under the settings of its form."""
    return Request(
        messages,
        temperature=form.temperature,
        max_tokens=form.max_tokens,
        top_logprobs=form.top_logprobs,
        draw=draw,
    )


def judges(client: Client | Mapping[str, Client]) -> dict[str, Client]:
    """Return judges by name."""
    if isinstance(client, Mapping):
        if not client:
            raise ValueError("client must hold at least one judge, got an empty mapping")
        return dict(client)
    return {client.model: client}


def columns(verdict: ParsedVerdict, first: str) -> dict[str, Any]:
    """Turn a verdict on what was shown into columns about a and b."""
    second = "b" if first == "a" else "a"
    names = {"first": first, "second": second}
    scores = {f"score_{first}": verdict.score_first, f"score_{second}": verdict.score_second}
    preference = verdict.preference if first == "a" else 1 - verdict.preference
    winner = names.get(verdict.winner, verdict.winner)
    return {"verdict": winner, "preference": preference, **scores}


def reply_columns(reply: Completion) -> dict[str, Any]:
    """Return the columns that say what came back, and what it cost."""
    text = reply.text if reply.text is not None else reply.raw
    return {"reply": text, "error": reply.error, "cost_usd": reply.cost_usd, "key": reply.key}


def words(text: str) -> int:
    """Count words, as `texts.count` does."""
    return int(texts.count(pd.Series([text])).iloc[0])


def sizes(a: str, b: str) -> dict[str, float]:
    """Return the columns that say how long two answers are, in characters and in words."""
    lengths = {"length_a": float(len(a)), "length_b": float(len(b))}
    return lengths | {"words_a": float(words(a)), "words_b": float(words(b))}


def check_answers(answers: "pd.Series[Any]", questions: pd.DataFrame) -> None:
    """Raise ValueError unless all answers are there, on ids of `questions`."""
    unknown = answers.index.difference(questions.index)
    if len(unknown):
        raise ValueError(f"questions misses {len(unknown)} ids, the first is {unknown[0]!r}")
    missing = answers.index[answers.isna()]
    if len(missing):
        raise ValueError(
            f"{answers.name} has {len(missing)} missing answers, the first is {missing[0]!r}; "
            "leave them out and say how many"
        )


def rows_of(questions: pd.DataFrame, index: pd.Index) -> dict[Any, dict[str, Any]]:
    """Return the columns of an example that make a question, by id."""
    names = ["history", *records.TEXTS]
    columns = [questions.loc[index, name].tolist() for name in names]
    rows = zip(*columns, strict=True)
    return {key: dict(zip(names, row, strict=True)) for key, row in zip(index, rows, strict=True)}
