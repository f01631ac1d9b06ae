"""Ask language models to rate examples, and keep what they said.

A table holds one row per example, rater, dimension and draw, with the raw reply; a reply that
failed or cannot be read has no rating and a reason. Nothing stands in for a missing rating.

Source: Chen et al. 2024, arXiv:2307.08701 (AlpaGasus): one example a call, a scale
of 0 to 5, temperature 0, at most 256 tokens.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from lab import records, texts
from lab.llm import prompts
from lab.llm.request import Request
from lab.score.replies import expected_value, parse_rating, why_unrated

if TYPE_CHECKING:
    from lab.llm import Client

MAX_TOKENS = 256
TOP_LOGPROBS = 20
KEYS = ("id", "rater", "dimension", "draw")
TOLD = ("error", "prompt_tokens", "completion_tokens", "cost_usd", "key")


def rating(
    pool: pd.DataFrame,
    rater: "Client",
    *,
    dimension: str = "accuracy",
    prompt: prompts.Prompt | None = None,
    draws: int = 1,
    temperature: float = 0.0,
) -> "pd.Series[float]":
    """Rating by a language model, 0 to 5 in half steps; higher is better.

    The mean over the draws that could be read; NaN where none could, so `.isna().sum()` counts
    them, and `ratings` tells why. AlpaGasus keeps ratings of 4.5 and above.

    Source: Chen et al. 2024, arXiv:2307.08701 (AlpaGasus).
    Cost: one call per row and draw, some 200 tokens in and up to 256 out.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    rater : Client
        Which model rates.
    dimension : str
        What is rated: `accuracy` and `helpfulness` are the paper's, any word or phrase will do.
    prompt : Prompt, optional
        A prompt with the fields `dimension`, `instruction`, `input`, `output`. The default has
        the paper's order; `llm.prompts.load("score", "rating_cached")` puts what stays the same
        first, which servers that reuse prefixes bill less.
    draws, temperature
        Replies per example, and how they are sampled; see `ratings`.

    Examples
    --------
    >>> from lab import testbed
    >>> pool = testbed.pool(3, noise=1.0)
    >>> rating(pool, testbed.client()).equals(pool["quality"].rename("rating"))
    True
    """
    table = ratings(
        pool,
        {"rater": rater},
        dimensions=(dimension,),
        prompt=prompt,
        draws=draws,
        temperature=temperature,
    )
    return table.groupby("id")["rating"].mean().reindex(pool.index).rename("rating")


def ratings(
    pool: pd.DataFrame,
    raters: "Mapping[str, Client]",
    *,
    dimensions: Sequence[str] = ("accuracy",),
    prompt: prompts.Prompt | None = None,
    draws: int = 1,
    temperature: float = 0.0,
) -> pd.DataFrame:
    """Ask every rater for every dimension of every example, `draws` times.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    raters : mapping of str to Client
        The raters by name.
    dimensions : sequence of str
        What is rated.
    prompt : Prompt, optional
        As in `rating`.
    draws : int
        Replies per example, rater and dimension, >= 1. More than one tells a rater's noise.
    temperature : float
        Of the sampling, >= 0. The paper's is 0, at which draws of most servers are alike.

    Returns
    -------
    DataFrame
        One row per rater, dimension, example and draw: `id`, `rater`, `dimension`, `draw`,
        `rating` (0 to 5, NaN if missing), `reason` (None, "failed", "unparsed" or
        "out_of_range"), `reply`, `error`, `prompt_tokens`, `completion_tokens`, `cost_usd`, `key`.

    Raises
    ------
    ValueError
        If there is no rater, no dimension, or `draws` is below 1.

    Examples
    --------
    >>> from lab import testbed
    >>> table = ratings(testbed.pool(2), {"one": testbed.client()}, draws=2, temperature=1.0)
    >>> len(table)  # two examples, two draws
    4
    """
    if not raters or not dimensions:
        raise ValueError(f"name a rater and a dimension, got {list(raters)} and {dimensions}")
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    asked = [
        (key, dimension, draw, messages)
        for dimension in dimensions
        for key, messages in _messages(pool, dimension, prompt).items()
        for draw in range(draws)
    ]
    requests = [
        Request(messages, temperature=temperature, max_tokens=MAX_TOKENS, draw=draw)
        for _, _, draw, messages in asked
    ]
    rows = []
    for name, rater in raters.items():
        replies = rater.complete(requests)
        for (key, dimension, draw, _), reply in zip(asked, replies, strict=True):
            row = dict(zip(KEYS, (key, name, dimension, draw), strict=True))
            row |= {"rating": parse_rating(reply.text), "reason": why_unrated(reply.text)}
            row |= {"reply": reply.text} | {column: getattr(reply, column) for column in TOLD}
            rows.append(row)
    return pd.DataFrame(rows, columns=[*KEYS, "rating", "reason", "reply", *TOLD])


def expected_rating(
    pool: pd.DataFrame,
    rater: "Client",
    *,
    dimension: str = "accuracy",
    prompt: prompts.Prompt | None = None,
) -> "pd.Series[float]":
    """Mean rating over what the rater might have said, 0 to 5; higher is better.

    One reply with log-probabilities tells what many draws would, without steps. NaN where the
    call failed, the server gave no log-probabilities, or the reply does not begin with a number.

    Source: the weighting of Liu et al. 2023, arXiv:2303.16634 (G-Eval), on AlpaGasus' prompt.
    Cost: one call per row, with log-probabilities.

    Examples
    --------
    >>> from lab import testbed
    >>> expected_rating(testbed.pool(2), testbed.client()).between(0, 5).all().item()
    True
    """
    asked = _messages(pool, dimension, prompt)
    replies = rater.complete(
        [
            Request(messages, max_tokens=MAX_TOKENS, top_logprobs=TOP_LOGPROBS)
            for messages in asked.values()
        ]
    )
    values = [expected_value(reply.logprobs or ()) for reply in replies]
    return pd.Series(values, index=pool.index, name="expected_rating", dtype="float64")


def _messages(
    pool: pd.DataFrame, dimension: str, prompt: prompts.Prompt | None
) -> dict[str, list[records.Message]]:
    """Return what to ask for each id; earlier turns stand above the instruction."""
    prompt = prompt or prompts.load("score", "rating")
    asked = {}
    for key, example in pool.iterrows():
        turns = texts.transcript(example["history"])
        asked[str(key)] = prompt.messages(
            dimension=dimension,
            instruction=f"{turns}\n\n{example['instruction']}" if turns else example["instruction"],
            input=example["input"],
            output=example["output"],
        )
    return asked
