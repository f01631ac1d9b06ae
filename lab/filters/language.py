"""Keep examples in wanted languages, told apart offline.

Source: Lui & Baldwin 2012, langid.py, ACL demo P12-3005; here its maintained successor py3langid.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from lab.compiled import njit
from lab.filters import text
from lab.filters.shingles import Ints, buffers, joined
from lab.filters.wording import patterns
from lab.texts import CJK, arrow

# The languages that data sets for tuning come in. Fewer to choose from errs less on short texts.
COMMON = (
    *("ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu"),
    *("id", "it", "ja", "ko", "nl", "no", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "ur"),
    *("vi", "zh"),
)
UNKNOWN = "und"  # ISO 639 for undetermined
READ = 200  # characters that are looked at in each text of an example
FEWEST_CJK = 4
LETTERS_PER_HIT = 15  # of English, on average, for each of its common words
FIELDS = ("instruction", "input", "output")


def language(
    pool: pd.DataFrame,
    *,
    languages: tuple[str, ...] = ("en",),
    min_letters: int = 20,
    fields: tuple[str, ...] = FIELDS,
) -> "pd.Series[bool]":
    """Keep examples in one of `languages`, and those with too few letters to tell.

    The language is that of the openings of an example's texts together, 200 characters each; code
    and formulas have none. An example in two languages counts for the one with more of it.

    Source: langid.py, ACL 2012, P12-3005; the model of py3langid.
    Cost: about 300,000 rows a second where most are English or Chinese, 9,000 in other languages.

    Parameters
    ----------
    pool : DataFrame
        Examples, indexed by id.
    languages : tuple of str
        Two-letter codes such as `en` and `zh`.
    min_letters : int
        Examples with fewer letters are kept, since nobody could tell; a Chinese character counts
        as four.
    fields : tuple of str
        The text columns to read, as one text.

    Returns
    -------
    Series of bool
        True = keep.

    Raises
    ------
    ValueError
        If `languages` is empty or holds a code that the model does not know.

    Examples
    --------
    >>> rows = {"output": ["The weather is nice today.", "今天天气很好, 我们去公园。"]}
    >>> language(pd.DataFrame(rows), languages=("zh",), fields=("output",)).tolist()
    [False, True]
    """
    if not languages:
        raise ValueError("languages must hold at least one code, such as 'en'")
    candidates = (*COMMON, *languages)
    found = language_of(pool, candidates=candidates, min_letters=min_letters, fields=fields)
    return found.isin([*languages, UNKNOWN]).rename("keep")


def language_of(
    pool: pd.DataFrame,
    *,
    candidates: tuple[str, ...] = COMMON,
    min_letters: int = 20,
    fields: tuple[str, ...] = FIELDS,
) -> "pd.Series[str]":
    """Return the most likely language of each example among `candidates`, "und" if it has none.

    The evidence for `language`; a category column too.

    Examples
    --------
    >>> rows = {"output": ["The weather is nice today.", "今天天气很好, 我们去公园。", "1 + 1"]}
    >>> language_of(pd.DataFrame(rows), fields=("output",)).tolist()
    ['en', 'zh', 'und']
    """
    texts = joined(pool, fields, read=READ)
    found = signs(texts)
    codes = _plain(texts, found, set(candidates))
    codes[found.letters + 3 * found.cjk < min_letters] = UNKNOWN
    open_rows = np.flatnonzero(codes == "")
    left = arrow(texts.iloc[open_rows])
    spelled = pc.replace_substring_regex(left, pattern=r"[^\pL\pM]+", replacement=" ")
    model = _model(tuple(sorted(set(candidates))))
    codes[open_rows] = [model.classify(value)[0] for value in spelled.to_pylist()]
    return pd.Series(codes, index=pool.index, name="language", dtype="str")


@dataclass(frozen=True, eq=False)
class _Signs:
    """What each of n texts is made of; every field holds n counts."""

    letters: Ints  # of any script
    latin: Ints  # of these, those from A to Z
    words: Ints  # runs of letters
    cjk: Ints
    kana: Ints


def signs(texts: "pd.Series[str]") -> _Signs:
    """Count by bytes, which is fast, and by patterns in the texts that are not all ASCII."""
    data, ends = buffers(arrow(texts))
    latin, words, foreign = _ascii(data, ends)
    found = _Signs(latin.copy(), latin, words, np.zeros_like(latin), np.zeros_like(latin))
    rest = texts[foreign]
    for counts, pattern in (
        (found.letters, r"\pL"),
        (found.words, r"\pL+"),
        (found.cjk, f"[{CJK}]"),
        (found.kana, "[\u3041-\u30ff]"),
    ):
        counts[foreign] = text.matches(rest, pattern)
    return found


@njit(cache=True, nogil=True)
def _ascii(data: NDArray[np.uint8], ends: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return of each text its letters from A to Z, the runs of these, and if it has other bytes."""
    letters = np.zeros(len(ends) - 1, dtype=np.int64)
    runs = np.zeros(len(ends) - 1, dtype=np.int64)
    foreign = np.zeros(len(ends) - 1, dtype=np.bool_)
    for row in range(len(ends) - 1):
        inside = False
        for at in range(ends[row], ends[row + 1]):
            lower = data[at] | 0x20
            letter = 0x61 <= lower <= 0x7A
            letters[row] += letter
            runs[row] += letter and not inside
            foreign[row] |= data[at] >= 0x80
            inside = letter
    return letters, runs, foreign


def _plain(texts: "pd.Series[str]", signs: _Signs, candidates: set[str]) -> NDArray[np.object_]:
    """Return the language of the texts where a look at their words is enough, "" elsewhere.

    Common English words against those of other languages, and Chinese characters (a word of
    English is about as long as four) against both; code has neither, and so does not count.
    """
    english = _hits(texts, "en")
    other = _hits(texts, "other")
    cjk, kana = signs.cjk, signs.kana
    foreign = signs.letters - signs.latin - cjk  # neither Latin without accents nor CJK
    eastern = (cjk >= FEWEST_CJK) & (4 * cjk > LETTERS_PER_HIT * english)
    eastern &= foreign <= signs.letters / 30
    plain = (foreign <= signs.letters / 10) & ~eastern
    opening = text.contains(texts, patterns("imperatives")).to_numpy()
    plain &= (english + opening >= 1) & (other <= english)
    plain &= (other == 0) | (12 * (english + 2 * opening) >= signs.words - cjk)
    codes = np.full(len(texts), "", dtype=object)
    for code, rows in (
        ("en", plain),
        ("zh", eastern & (6 * kana <= cjk)),
        ("ja", eastern & (6 * kana > cjk)),
    ):
        if code in candidates:
            codes[rows] = code
    return codes


def _hits(texts: "pd.Series[str]", group: str) -> Ints:
    pattern = f"(?i)(?:{text.either(patterns('common_words', group))})"
    return text.matches(texts, pattern).to_numpy()


@cache
def _model(candidates: tuple[str, ...]) -> Any:
    """Return an identifier that knows only these languages, with weights of its own."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    unknown = sorted(set(candidates) - set(model.labels))
    if unknown:
        raise ValueError(f"no language {unknown[0]!r}; the model knows {sorted(model.labels)}")
    model.set_languages(candidates)
    return model
