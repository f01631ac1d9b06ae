"""Ask judges for the better of two answers: each pair in both orders, by one judge or several.

Three forms from the literature, or a `Form` of one's own:

- `SCORES`: two scores from 1 to 10 in one call (Vicuna, AlpaGasus);
- `VERDICT`: reasons, then [[A]], [[B]] or [[C]] for a tie (MT-bench), `VERDICT_WITH_REFERENCE`
  with the pool's output as reference answer;
- `LOGPROBS`: one token whose log-probabilities give a preference in [0, 1] (AlpacaEval 2).

Source: Chen et al. 2024, arXiv:2307.08701; Zheng et al. 2023, arXiv:2306.05685; Dubois et al.
2024, arXiv:2404.04475.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab import records
from lab.judge import readings, verdicts
from lab.judge.readings import Reading
from lab.llm import Client, Completion, Request, prompts

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # written without spaces
WORD = re.compile(rf"[{CJK}]|[^\s{CJK}]+")
SPEAKER = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}


@dataclass(frozen=True)
class Form:
    """How a judge is asked for a verdict, and how its reply is read.

    Parameters
    ----------
    prompt : str
        A prompt file of this part with the fields `question`, `first`, `second`, and `reference`
        if the pool's output is shown.
    read : function
        From a completion to a `Reading`, in the order shown.
    max_tokens : int
        Longest reply.
    top_logprobs : int
        How many likeliest tokens are asked for.
    temperature : float
        Above 0 if several samples are to differ.
    language : str
        "en" or "zh".
    """

    prompt: str
    read: Callable[[Completion], Reading]
    max_tokens: int = 256
    top_logprobs: int = 0
    temperature: float = 0.0
    language: str = "en"


SCORES = Form("scores", readings.scores)
VERDICT = Form("verdict", readings.verdict, max_tokens=1024)
VERDICT_WITH_REFERENCE = Form("verdict_reference", readings.verdict, max_tokens=1024)
LOGPROBS = Form("logprobs", readings.logprobs, max_tokens=1, top_logprobs=5)


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
    """
    system, reference = _names(a, b)
    b = _checked(a, b, questions)
    if samples < 1 or (samples > 1 and prompt.temperature == 0):
        raise ValueError(
            f"samples must be 1, or more at a temperature above 0; got {samples} samples at "
            f"temperature {prompt.temperature}"
        )
    template = prompts.load("judge", prompt.prompt, prompt.language)
    cells = [(key, first, draw) for key in a.index for first in "ab" for draw in range(samples)]
    requests = []
    for key, first, draw in cells:
        shown = (a.loc[key], b.loc[key]) if first == "a" else (b.loc[key], a.loc[key])
        example = _example(questions, key)
        fields = {"question": question(example), "first": str(shown[0]), "second": str(shown[1])}
        if "reference" in template.fields:
            fields["reference"] = str(example["output"])
        requests.append(request(prompt, template.messages(**fields), draw))
    rows = []
    for judge, one in judges(client).items():
        replies = one.complete(requests)
        for (key, first, draw), reply in zip(cells, replies, strict=True):
            keys = {"prompt": str(key), "judge": judge, "first": first, "sample": draw}
            names = {"system": system, "reference": reference, "form": prompt.prompt}
            sizes = _sizes(str(a.loc[key]), str(b.loc[key]))
            rows.append(keys | names | sizes | said(prompt.read(reply), first) | account(reply))
    return verdicts.table(rows)


def question(example: Mapping[str, Any]) -> str:
    """Return what is asked in an example as one text, earlier turns with their speakers."""
    if not example["history"]:
        return records.user_turn(example)
    turns = records.prompt(example)
    return "\n\n".join(f"{SPEAKER[turn['role']]}: {turn['content']}" for turn in turns)


def request(form: Any, messages: list[dict[str, str]], draw: int) -> Request:
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


def said(reading: Reading, first: str) -> dict[str, Any]:
    """Turn a reading of what was shown into columns about a and b."""
    second = "b" if first == "a" else "a"
    names = {"first": first, "second": second}
    scores = {f"score_{first}": reading.score_first, f"score_{second}": reading.score_second}
    preference = reading.preference if first == "a" else 1 - reading.preference
    verdict = names.get(reading.winner, reading.winner)
    return {"verdict": verdict, "preference": preference, **scores}


def account(reply: Completion) -> dict[str, Any]:
    """Return the columns that say what came back, and what it cost."""
    text = reply.text if reply.text is not None else reply.raw
    return {"reply": text, "error": reply.error, "cost_usd": reply.cost_usd, "key": reply.key}


def words(text: str) -> int:
    """Count words; each Chinese character or Japanese kana is one."""
    return len(WORD.findall(text))


def _sizes(a: str, b: str) -> dict[str, float]:
    lengths = {"length_a": float(len(a)), "length_b": float(len(b))}
    return lengths | {"words_a": float(words(a)), "words_b": float(words(b))}


def _names(a: "pd.Series[Any]", b: "pd.Series[Any]") -> tuple[str, str]:
    names = ("a" if a.name is None else str(a.name), "b" if b.name is None else str(b.name))
    if names[0] == names[1]:
        raise ValueError(f"a and b must have different names, got {names[0]!r} twice")
    return names


def _checked(a: "pd.Series[Any]", b: "pd.Series[Any]", questions: pd.DataFrame) -> "pd.Series[Any]":
    if not a.index.is_unique or set(a.index) != set(b.index):
        raise ValueError(f"a and b must have the same distinct ids, got {len(a)} and {len(b)} rows")
    check_answers(a, questions)
    check_answers(b, questions)
    return b.loc[a.index]


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


def _example(questions: pd.DataFrame, key: Any) -> dict[str, Any]:
    return {str(name): value for name, value in questions.loc[key].items()}
