"""Questions and answers of Stack Exchange from `Posts.xml`, whatever its size.

Source: the data dump (CC BY-SA), and LIMA's use of it (Zhou et al. 2023, arXiv:2305.11206, section
2.1): the top answer of a question, title or description as the prompt, links and HTML stripped but
code and lists kept. LIMA's other rules are filters and `select.stratified`, one by one.

The file is read once, row by row; question and answer meet in a temporary database on the disk, so
that the memory does not grow with the dump. A document type declaration (the way of entity bombs)
is refused.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pandas as pd

from lab import hashing, records
from lab.errors import DataError
from lab.load import content, markup
from lab.load.loaded import Example, Loaded, gather
from lab.load.rows import Row, opened

TITLE_SHARE = 0.4  # of the released 400 prompts, some 40 in 100 are titles
LONGEST = 64 * 2**20  # bytes without the end of a row: no post is that long
_CHUNK = 2**20
_QUESTION, _ANSWER = "1", "2"
_TABLES = """
CREATE TABLE question (id INTEGER PRIMARY KEY, post TEXT);
CREATE TABLE answer (id INTEGER PRIMARY KEY, parent INTEGER, votes INTEGER, post TEXT);
CREATE UNIQUE INDEX best ON answer (parent{all});
"""


def stack_exchange(
    path: str | Path,
    *,
    site: str | None = None,
    every_answer: bool = False,
    least_votes: int | None = None,
    title_share: float = TITLE_SHARE,
    seed: int = 0,
) -> Loaded:
    """Read the pairs of a question and its top answer, or all of its answers.

    Parameters
    ----------
    path : path
        `Posts.xml`, packed as gzip or zstd or not.
    site : str, optional
        The column `category`; the name of the folder by default.
    every_answer : bool
        All answers of a question, not the top one alone.
    least_votes : int, optional
        Answers with fewer are refused while reading. For large dumps; smaller ones are better
        filtered afterwards, where every rule is counted.
    title_share : float
        The share of questions that are asked by their title, drawn by `seed`; the others are asked
        by their description. The column `asked_by` says which.
    seed : int
        Of that draw; it depends on the question alone.

    Returns
    -------
    Loaded
        Columns `category`, `title`, `tags`, `question_votes`, `votes` (of the answer), `accepted`,
        `answer_rank` (0 = top), `question`, `answer` (the ids of the dump), and `output_html`, the
        answer before its markup was stripped. Posts that are neither, and questions without an
        answer that is wanted, are refused.

    Raises
    ------
    DataError
        If the file cannot be read, or holds no pair.

    Examples
    --------
    >>> from lab import paths
    >>> file = paths.samples() / "Posts.xml"
    >>> found = stack_exchange(file, site="tea", title_share=1.0)
    >>> found.pool[["instruction", "votes", "accepted"]].values.tolist()
    [['Why does my tea turn bitter?', 34, True]]
    """
    path = Path(path)
    opened(path)
    draw = _Draw(site or path.parent.name, title_share, seed)
    return gather(
        _rows(path, every_answer=every_answer, least_votes=least_votes),
        draw.example,
        source=path.name,
        hint="is it a Posts.xml of a dump?",
    )


def stream(
    path: str | Path, *, rows: int = 10_000, least_votes: int | None = None, seed: int = 0
) -> Iterator[pd.DataFrame]:
    """Yield the same pairs as pools of at most `rows` rows, for dumps larger than the memory."""
    path = Path(path)
    opened(path)
    draw = _Draw(path.parent.name, TITLE_SHARE, seed)
    pairs = (
        row.value
        for row in _rows(path, every_answer=False, least_votes=least_votes)
        if not row.reason
    )
    examples = (draw.example(pair) for pair in pairs)
    while part := list(islice(examples, rows)):
        yield records.frame(part, source=path.name)


def posts(path: str | Path) -> Iterator[dict[str, str]]:
    """Yield the attributes of every `<row>` of a dump's file, one megabyte of it in memory.

    Raises
    ------
    DataError
        If it is no XML, or declares a document type.
    """
    path = Path(path)
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            found.append(attributes)

    def refuse(*_: Any) -> None:
        raise DataError("declares a document type, which no dump does", file=path)

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    silent = 0
    with content.unpacked(path) as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                yield from found
                raise DataError(f"broken XML: {error}", file=path) from error
            silent = 0 if found else silent + len(chunk)
            if silent > LONGEST:
                raise DataError(f"holds no row in {LONGEST:,} bytes", file=path)
            yield from found
            found.clear()
            if not chunk:
                return


def _rows(path: Path, *, every_answer: bool, least_votes: int | None) -> Iterator[Row]:
    """Yield pairs as rows, and before them the posts that are in none, with their reason."""
    with closing(sqlite3.connect("")) as base:
        base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;"
            + _TABLES.format(all=", id" if every_answer else "")
        )
        yield from _sorted_in(path, base, least_votes)
        for (key,) in base.execute(
            "SELECT id FROM question WHERE id NOT IN (SELECT parent FROM answer)"
        ):
            yield Row(key, None, "", "a question without an answer that is wanted", file=path.name)
        rank, last = 0, None
        for key, asked, said in base.execute(
            "SELECT q.id, q.post, a.post FROM answer a LEFT JOIN question q ON q.id = a.parent "
            "ORDER BY a.parent, a.votes DESC, a.id"
        ):
            answer = json.loads(said)
            number = int(answer["Id"])
            if key is None:
                yield Row(number, None, said, "an answer without its question", file=path.name)
                continue
            rank, last = (rank + 1 if key == last else 0), key
            pair = {"question": json.loads(asked), "answer": answer, "rank": rank}
            yield Row(number, pair, "", file=path.name)


def _sorted_in(path: Path, base: sqlite3.Connection, least_votes: int | None) -> Iterator[Row]:
    least = {_QUESTION: None, _ANSWER: least_votes}
    try:
        for post in posts(path):
            kind, votes = post.get("PostTypeId", ""), int(post.get("Score", 0))
            bound = least.get(kind)
            number = int(post.get("Id", 0))
            if kind not in least:
                yield Row(number, None, "", f"a post of type {kind}", file=path.name)
            elif bound is not None and votes < bound:
                yield Row(number, None, "", f"has fewer than {bound} votes", file=path.name)
            elif kind == _QUESTION:
                base.execute("INSERT OR IGNORE INTO question VALUES (?, ?)", (number, _kept(post)))
            else:
                parent = int(post.get("ParentId", 0))
                base.execute(
                    "INSERT INTO answer VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "id = excluded.id, votes = excluded.votes, post = excluded.post "
                    "WHERE excluded.votes > votes",
                    (number, parent, votes, _kept(post)),
                )
    except DataError as error:
        if not str(error.reason).startswith("broken XML"):
            raise
        yield Row(0, None, "", error.reason, file=path.name)


def _kept(post: dict[str, str]) -> str:
    names = ("Id", "Title", "Body", "Tags", "Score", "AcceptedAnswerId", "CreationDate")
    return json.dumps({name: post[name] for name in names if name in post}, ensure_ascii=False)


class _Draw:
    """Makes examples of pairs; the draw of the prompt depends on the question alone."""

    def __init__(self, site: str, title_share: float, seed: int) -> None:
        if not 0 <= title_share <= 1:
            raise ValueError(f"title_share must be between 0 and 1, got {title_share}")
        self._site, self._share, self._seed = site, title_share, seed

    def example(self, pair: dict[str, Any]) -> Example:
        question, answer = pair["question"], pair["answer"]
        body = markup.to_text(question.get("Body", ""))
        title = question.get("Title", "")
        drawn = int(hashing.digest([self._seed, self._site, question["Id"]], digits=8), 16) / 16**8
        by_title = bool(title) and (drawn < self._share or not body)
        tags = question.get("Tags", "").strip("<>|").replace("><", "|")
        return {
            "instruction": title if by_title else body,
            "input": "",
            "output": markup.to_text(answer.get("Body", "")),
            "history": [],
            "category": self._site,
            "title": title,
            "asked_by": "title" if by_title else "description",
            "tags": [tag for tag in tags.split("|") if tag],
            "question_votes": int(question.get("Score", 0)),
            "votes": int(answer.get("Score", 0)),
            "accepted": question.get("AcceptedAnswerId") == answer["Id"],
            "answer_rank": pair["rank"],
            "question": int(question["Id"]),
            "answer": int(answer["Id"]),
            "output_html": answer.get("Body", ""),
        }
