"""Reddit: posts with their comments as questions and answers, or posts alone as prompts.

Source: dumps of submissions (Pushshift's form: `title`, `selftext`, `score`, `subreddit`), and
questions joined with their answers. LIMA takes titles of r/WritingPrompts as prompts, and picked
the answers by hand (arXiv:2305.11206, section 2.1).
"""

import re
from pathlib import Path
from typing import Any

from lab.errors import DataError
from lab.load import markup
from lab.load.loaded import Example, Loaded, collect

_TOKENS = {"<sq>": "'", "<dq>": '"', "<colon>": ":"}
_PREFIX = re.compile(r"^\s*\[[A-Z]{2,4}\]\s*")  # r/WritingPrompts marks its kinds of posts so


def reddit(path: str | Path, *, every_answer: bool = False, answered: bool = True) -> Loaded:
    """Read questions with answers, or posts without.

    Parameters
    ----------
    path : path
        JSON Lines or CSV. Rows hold `question` and `answers` (each with `text` and `score`), or
        `title` and `selftext`.
    every_answer : bool
        One example for each answer, not for the best-voted alone.
    answered : bool
        False reads posts alone as prompts: the title, with the text of the post below it.

    Returns
    -------
    Loaded
        Columns `votes` (of the answer, or of a post alone), `answer_rank` (0 = top), `category`
        (the subreddit), and the others of the file.

    Raises
    ------
    DataError
        If the file cannot be read, or not one row fits.

    Examples
    --------
    >>> from lab import paths
    >>> found = reddit(paths.samples() / "reddit.jsonl")
    >>> found.pool[["output", "votes"]].values.tolist()
    [['Yes, after its first rise; let it thaw in the fridge overnight.', 41]]
    """

    def convert(given: dict[str, Any]) -> list[Example]:
        row = dict(given)
        category = row.get("subreddit") or Path(path).name.split(".")[0]
        if not answered:
            return [_prompt(row, category)]
        answers = row.pop("answers", None)
        if not isinstance(answers, list) or not answers:
            raise DataError(
                "holds no answers; read posts alone with answered=False", field="answers"
            )
        asked = row.pop("question", row.get("title"))
        if not isinstance(asked, str):
            raise DataError("is missing", field="question", value=sorted(given))
        best = sorted(answers, key=lambda one: -int(one.get("score") or 0))
        return [
            {
                **row,
                "instruction": _plain(asked),
                "input": "",
                "output": _plain(one.get("text", one.get("body", ""))),
                "history": [],
                "category": category,
                "votes": int(one.get("score") or 0),
                "answer_rank": rank,
            }
            for rank, one in enumerate(best if every_answer else best[:1])
        ]

    return collect(path, convert)


def _prompt(row: dict[str, Any], category: str) -> Example:
    if not isinstance(row.get("title"), str):
        raise DataError("is missing", field="title", value=sorted(row))
    body = _plain(row.get("selftext") or "")
    title = _PREFIX.sub("", row["title"])
    made = {"instruction": title, "input": body, "output": "", "history": [], "answered": False}
    return {**row, **made, "category": category, "votes": int(float(row.get("score") or 0))}


def _plain(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    for token, letter in _TOKENS.items():
        text = text.replace(token, letter)
    return markup.to_text(text) if markup.is_page(text) else text.strip()
