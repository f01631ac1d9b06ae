"""What a request is about and asks for, as open-set tags, and how many there are.

Source: Lu et al. 2024, arXiv:2308.07074 (InsTag): a model tags every query freely; the tags are
made one by frequency, spelling, meaning and association. Complexity is the number of tags.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lab import records
from lab.llm import prompts
from lab.llm.request import Request
from lab.llm.thoughts import answer_text
from lab.score.layout import rows

if TYPE_CHECKING:
    from lab.llm import Client

MAX_TOKENS = 512
NOT_A_LETTER = re.compile(r"[\W_]+")


def tags(
    pool: pd.DataFrame, tagger: "Client", *, prompt: prompts.Prompt | None = None
) -> pd.DataFrame:
    """Tag every request by a language model.

    Parameters
    ----------
    pool : DataFrame
        A pool of n examples.
    tagger : Client
        Which model tags.
    prompt : Prompt, optional
        A prompt with the field `request`; the default is `llm.prompts.load("score", "tags")`.

    Returns
    -------
    DataFrame
        On the pool's index: `tags` (a list of texts as they came, None if missing), `reason`
        (None, "failed" or "unparsed") and `reply`.

    Examples
    --------
    >>> from lab import testbed
    >>> tags(testbed.pool(2), testbed.client()).columns.tolist()
    ['tags', 'reason', 'reply']
    """
    prompt = prompt or prompts.load("score", "tags")
    asked = [prompt.messages(request=records.user_turn(example)) for example in rows(pool)]
    replies = tagger.complete([Request(turns, max_tokens=MAX_TOKENS) for turns in asked])
    texts = [reply.text for reply in replies]
    found = [parse_tags(text) for text in texts]
    reasons = [
        "failed" if text is None else "unparsed" if some is None else None
        for text, some in zip(texts, found, strict=True)
    ]
    columns = {"tags": found, "reason": reasons, "reply": texts}
    return pd.DataFrame(columns, index=pool.index, dtype="object")


def tag_count(tags: "pd.Series[Any]") -> "pd.Series[float]":
    """Distinct tags of the request, >= 0; higher is more complex.

    NaN where the tags are missing.

    Source: Lu et al. 2024, arXiv:2308.07074 (InsTag complexity).
    Cost: none beyond one call per row for the tags.

    Parameters
    ----------
    tags : Series of lists
        As they came, or normalised.

    Examples
    --------
    >>> tag_count(pd.Series([["geography", "facts"], []])).tolist()
    [2.0, 0.0]
    """
    counts = [float(len(set(some))) if isinstance(some, list) else np.nan for some in tags]
    return pd.Series(counts, index=tags.index, name="tag_count", dtype="float64")


def normalise_tags(
    tags: "pd.Series[Any]",
    *,
    min_rows: int = 20,
    encode: Callable[[list[str]], ArrayLike] | None = None,
    max_distance: float = 0.05,
    min_support: int = 40,
    min_confidence: float = 0.99,
) -> "pd.Series[Any]":
    """Make one tag of those that mean the same, in the paper's order.

    Rare tags are dropped; lower case, no punctuation, plain plurals; tags within `max_distance`
    in cosine are one (DBSCAN), named after the most frequent; a tag that nearly always comes with
    another one becomes that one (association between pairs; the paper mines longer ones too).

    Parameters
    ----------
    tags : Series of lists
        As `tags` gives them; None stays None.
    min_rows : int
        Tags in fewer rows are dropped, >= 1.
    encode : function, optional
        Gives one vector per text (such as `embed.sentences` on a Series); None leaves meaning out.
    max_distance : float
        Cosine distance under which tags are one, 0 to 2.
    min_support : int
        Rows in which two tags come together, at least, to be associated.
    min_confidence : float
        Share of a tag's rows in which the other one comes too, at least, above 0.5.

    Returns
    -------
    Series of lists
        Distinct tags in the order in which they came.

    Raises
    ------
    ValueError
        If a bound is out of range.

    Examples
    --------
    >>> tags = pd.Series([["Maths"], ["maths"], ["geography"]])
    >>> found = normalise_tags(tags, min_rows=2)  # what only one row has is dropped
    """
    if min(min_rows, min_support) < 1:
        least = min(min_rows, min_support)
        raise ValueError(f"min_rows and min_support must be 1 or more, got {least}")
    if not 0.5 < min_confidence <= 1:
        raise ValueError(f"min_confidence must be above 0.5 and at most 1, got {min_confidence}")
    counts = _rows_of(tags)
    named = {tag: tag if count >= min_rows else None for tag, count in counts.items()}
    tags = _rename(tags, named)
    tags = _rename(tags, {tag: plain(tag) for tag in _rows_of(tags)})
    if encode is not None:
        tags = _rename(tags, _by_meaning(_rows_of(tags), encode, max_distance))
    return _rename(tags, _by_association(tags, min_support, min_confidence))


def parse_tags(reply: str | None) -> list[str] | None:
    """Return the tags in a reply: a JSON list of texts or of objects with a `tag`; else None.

    The last such list counts. What a model thought aloud before does not, and a reply that was cut
    inside its thoughts or its list has no tags.

    Examples
    --------
    >>> parse_tags('Here: [{"tag": "math", "explanation": "sums"}, "art"]')
    ['math', 'art']
    """
    text = answer_text(reply or "") or ""
    found, at = None, text.find("[")
    while at >= 0:
        items, end = _list_at(text, at)
        some = None if items is None else _texts(items)
        found = found if some is None else some
        at = text.find("[", end)
    return found


def plain(tag: str) -> str | None:
    """Return a tag in lower case, without punctuation and plain plurals; None if nothing is left.

    Examples
    --------
    >>> plain("Math-Problems"), plain("analysis"), plain("?")
    ('math problem', 'analysis', None)
    """
    words = NOT_A_LETTER.sub(" ", tag.lower()).split()
    return " ".join(map(_singular, words)) or None


def _list_at(text: str, start: int) -> tuple[list[Any] | None, int]:
    """Return the JSON list that begins at `start`, or None, and where to look on."""
    try:
        items, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError:
        return None, start + 1
    return items, end


def _texts(items: list[Any]) -> list[str] | None:
    """Return the distinct tags of a list; None if anything in it is no tag."""
    texts = [item.get("tag") if isinstance(item, dict) else item for item in items]
    good = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
    return list(dict.fromkeys(good)) if len(good) == len(texts) else None


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "is", "us")):
        return word[:-1]
    return word


def _rows_of(tags: "pd.Series[Any]") -> Counter[str]:
    """Count the rows in which each tag stands."""
    return Counter(tag for some in tags if isinstance(some, list) for tag in set(some))


def _rename(tags: "pd.Series[Any]", names: Mapping[str, str | None]) -> "pd.Series[Any]":
    """Rename tags, drop those without a name, and keep each once."""
    renamed = [
        list(dict.fromkeys(name for tag in some if (name := names[tag]) is not None))
        if isinstance(some, list)
        else None
        for some in tags
    ]
    return pd.Series(renamed, index=tags.index, name="tags", dtype="object")


def _by_meaning(
    counts: Counter[str], encode: Callable[[list[str]], ArrayLike], max_distance: float
) -> dict[str, str | None]:
    from sklearn.cluster import DBSCAN

    names = sorted(counts, key=lambda tag: (-counts[tag], tag))
    if not names:
        return {}
    vectors = np.asarray(encode(names), dtype=np.float64)
    found = DBSCAN(eps=max_distance, min_samples=1, metric="cosine").fit_predict(vectors)
    first: dict[int, str] = {}
    return {tag: first.setdefault(int(group), tag) for tag, group in zip(names, found, strict=True)}


def _by_association(
    tags: "pd.Series[Any]", min_support: int, min_confidence: float
) -> dict[str, str | None]:
    counts = _rows_of(tags)
    pairs: Counter[tuple[str, str]] = Counter()
    for some in tags:
        if isinstance(some, list):
            pairs.update(combinations(sorted(tag for tag in some if counts[tag] >= min_support), 2))
    into: dict[str, str] = {}
    for (one, two), together in sorted(pairs.items(), key=lambda item: (-item[1], item[0])):
        rare, frequent = sorted((one, two), key=lambda tag: (counts[tag], tag))
        if together >= min_support and together >= min_confidence * counts[rare]:
            into.setdefault(rare, frequent)
    return {tag: _end(tag, into) for tag in counts}


def _end(tag: str, into: Mapping[str, str]) -> str:
    """Follow a tag to the one that it ends in; each step goes to a more frequent one."""
    while tag in into:
        tag = into[tag]
    return tag
