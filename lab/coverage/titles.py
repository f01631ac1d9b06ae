"""Names of clusters by a language model, from keywords and examples; keywords where it fails.

Source: Grootendorst 2022, arXiv:2203.05794 (keywords by c-TF-IDF); the request is our own.
"""

import re
from typing import TYPE_CHECKING

import pandas as pd

from lab.coverage.clusters import names
from lab.llm import prompts
from lab.llm.request import Request

if TYPE_CHECKING:
    from lab.llm import Client

KEYWORDS = 8
LONGEST = 60  # characters of a name
SHOWN = 300  # characters of an example
MAX_TOKENS = 32
COLON = ":\N{FULLWIDTH COLON}"
QUOTES = "\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}《》「」"
AROUND = f" \t*#-.。{COLON}{QUOTES}"
SAID = re.compile(rf"^(?:name|名称)\s*[{COLON}]\s*", re.IGNORECASE)


def titles(
    texts: "pd.Series[str]",
    labels: "pd.Series[int]",
    namer: "Client",
    *,
    examples: int = 8,
    seed: int = 0,
    prompt: prompts.Prompt | None = None,
) -> pd.DataFrame:
    """Name each cluster by a language model that reads its keywords and some of its texts.

    Parameters
    ----------
    texts, labels : Series
        On the same index; rows labelled -1 are left out.
    namer : Client
        Which model names; one call per cluster.
    examples : int
        Texts shown of each cluster, at least 1.
    seed : int
        Draws the examples.
    prompt : Prompt, optional
        With the fields `keywords` and `examples`; the default is
        `llm.prompts.load("coverage", "title")`, which is there in Chinese ("zh") as well.

    Returns
    -------
    DataFrame
        One row per cluster, on the sorted labels: `name`; `keywords` (c-TF-IDF), which are the name
        where the reply is none; `reason` (None, "failed" or "unparsed") and `reply`.

    Raises
    ------
    ValueError
        If the indexes differ or `examples` is below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from lab import testbed
    >>> texts = pd.Series(["Add 1 and 2.", "Add 3 and 4.", "What is the capital of Peru?"])
    >>> titles(texts, pd.Series([0, 0, -1]), testbed.client()).columns.tolist()
    ['name', 'keywords', 'reason', 'reply']
    """
    if examples < 1:
        raise ValueError(f"examples must be at least 1, got {examples}")
    prompt = prompt or prompts.load("coverage", "title")
    short, words = names(texts, labels), names(texts, labels, words=KEYWORDS)
    requests = []
    for label, keywords in words.items():
        inside = texts[labels == label]
        drawn = inside.sample(min(examples, len(inside)), random_state=seed)
        shown = "\n".join(f"- {' '.join(text.split())[:SHOWN]}" for text in drawn)
        turns = prompt.messages(keywords=keywords, examples=shown)
        requests.append(Request(turns, max_tokens=MAX_TOKENS))
    replies = [reply.text for reply in namer.complete(requests)]
    found = [parse_title(text) for text in replies]
    reasons = [
        "failed" if text is None else "unparsed" if title is None else None
        for text, title in zip(replies, found, strict=True)
    ]
    chosen = [title or keywords for title, keywords in zip(found, short, strict=True)]
    columns = {"name": chosen, "keywords": short, "reason": reasons, "reply": replies}
    return pd.DataFrame(columns, index=short.index, dtype="object")


def parse_title(reply: str | None) -> str | None:
    r"""Return the name in a reply: its only line, without quotation marks; None if it is none.

    Examples
    --------
    >>> parse_title('Name: "Capitals of countries".')
    'Capitals of countries'
    >>> parse_title("Sure! Here are\nsome names") is None
    True
    """
    lines = [line for line in (reply or "").splitlines() if line.strip()]
    if len(lines) != 1:
        return None
    title = SAID.sub("", lines[0].strip(AROUND)).strip(AROUND)
    return title if 0 < len(title) <= LONGEST else None
