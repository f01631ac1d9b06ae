"""Words in any script, a history as text, Alpaca's text: one definition for every part.

Two questions are asked about words. *How long is it?* `count` measures as `len(text.split())` does,
but signs that stand alone are none, and each Chinese character or Japanese kana is one. *What is it
about?* `terms` gives the words themselves, in lower case: as Unicode's rules cut them, and by a
dictionary where a script writes no spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese).

Source: Unicode Standard Annex 29 (word boundaries), by ICU; Stanford Alpaca's train.py (its text).
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SPACE = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # of str.split
CJK = (  # ideographs, kana, bopomofo and their compatibility forms; Hangul is written with spaces
    "\u3005-\u3007\u3041-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
CJK_MARKS = (  # their punctuation, but for the quotes and dashes that they share with others
    "\u3001-\u3004\u3008-\u3020\u3030\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
    "\uff5b-\uff65"
)
UNSPACED = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0edf\u1000-\u109f\u1780-\u17dd"  # Thai to Khmer
RUN = rf"[^{SPACE}]*[\pL\pN][^{SPACE}]*"  # between white space, with a letter or digit in it
# Scripts whose words a plain pattern cannot cut: vowel signs that are no letters, or no spaces.
INTRICATE = re.compile(
    "[\u0590-\u10ff\u1200-\u1dff\u2e80-\uabff\uf900-\ufdff\ufe70-\uffef"
    "\U00010000-\U0001efff\U00020000-\U0010ffff]"
)
LETTER = "[^\\W_][\\w\u0300-\u036f]*"
TERM = f"{LETTER}(?:['\u2019.]{LETTER}|(?<=\\d),\\d+)*"
TERM_OR_SIGN = re.compile(rf"{TERM}|[^\w\s]")
TERM_ONLY = re.compile(TERM)
CUT = (  # where the Penn Treebank cuts a run: contractions, dashes, dots, quotes, full stop
    r"n't\b|'(?:s|m|d|ll|re|ve)\b|--|\.{2,}|'(?!\w)"
    "|\\.['\u2019)\\]\"\u201d]*(?:\\s|$)"
)
TREEBANK = re.compile(
    "\\.{2,}|--|n't\\b|\u2019|'(?:s|m|d|ll|re|ve)\\b"
    rf"|(?:(?!{CUT})[\w\-/*+=~^\\|'.]|(?<=\d)[,:](?=\d))+|\S",
    re.IGNORECASE,
)
SPEAKERS = {
    "system": "System",
    "developer": "Developer",
    "user": "User",
    "assistant": "Assistant",
    "tool": "Tool",
}
ALPACA = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Response:"
)
ALPACA_WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further "
    "context. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:"
)


def count(texts: "pd.Series[str]") -> "pd.Series[int]":
    """Count the words of each text: runs between white space, and each CJK character.

    A run needs a letter or a digit, so signs that stand alone are no words; a text of nothing else
    ("👍", ">") counts as one word, since it says something. Thai, Lao, Khmer and Burmese are cut by
    a dictionary. About 400,000 short texts a second; 4,000 where a dictionary is needed.

    Examples
    --------
    >>> count(pd.Series(["It's 3.5 km - about.", "三个字", "用 Python 写。", "", ">"])).tolist()
    [4, 3, 3, 0, 1]
    """
    array = arrow(texts)
    mixed = match(array, f"[{CJK}{UNSPACED}]")
    counts = _numbers(pc.count_substring_regex(array, pattern=RUN))
    if mixed.any():
        spaced = [_spaced(text) for text in array.filter(mixed).to_pylist()]
        parted = pc.replace_substring_regex(
            pa.array(spaced, type=pa.large_string()),
            pattern=f"([{CJK}])|[{CJK_MARKS}]",
            replacement=r" \1 ",
        )
        counts[mixed] = _numbers(pc.count_substring_regex(parted, pattern=RUN))
    inked = match(array, f"[^{SPACE}]")
    return pd.Series(np.maximum(counts, inked), index=texts.index, dtype="int64")


def terms(text: str, *, signs: bool = False) -> list[str]:
    """Return the words of a text in lower case; with `signs`, each other sign with ink too.

    Words are cut as Unicode's rules do, and by ICU's dictionaries where a script writes no spaces;
    words of scripts with vowel signs (Hindi, Thai) stay whole.

    Examples
    --------
    >>> terms("It's 3.5 km, about.")
    ["it's", '3.5', 'km', 'about']
    >>> terms("北京的天气怎么样")
    ['北京', '的', '天气', '怎么', '样']
    >>> terms("1 + 1", signs=True)
    ['1', '+', '1']
    """
    text = text.lower()
    if not INTRICATE.search(text):
        return (TERM_OR_SIGN if signs else TERM_ONLY).findall(text)
    from icu4py.breakers import WordBreaker  # 40 MB of dictionaries; most pools need none

    found = [part for part in WordBreaker(text, "en") if not part.isspace()]
    return found if signs else [part for part in found if any(map(str.isalnum, part))]


def treebank_count(text: str) -> int:
    """Count words and signs as the Penn Treebank's tokenizer does: "don't" is two, a comma one.

    Close to the words of NLTK's tokenizer, which published selections by length were counted in,
    and needs no data: it picks 995 of the 1,000 rows that were
    published as Alpaca's longest. About 2,000 texts a second.

    Examples
    --------
    >>> treebank_count("It's 3.5 km, and I don't care.")
    11
    """
    return sum(1 for _ in TREEBANK.finditer(text))


def transcript(turns: Iterable[Mapping[str, Any]]) -> str:
    r"""Return messages as one text: who speaks, what is said and called, a blank line between.

    Examples
    --------
    >>> transcript([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}])
    'User: Hi\n\nAssistant: Hello'
    """
    lines = []
    for turn in turns:
        parts = [turn["content"]] if turn["content"] else []
        for call in turn.get("tool_calls") or ():
            arguments = json.dumps(call["arguments"], ensure_ascii=False)
            parts.append(f"[calls {call['name']} with {arguments}]")
        lines.append(f"{SPEAKERS[turn['role']]}: " + "\n".join(parts))
    return "\n\n".join(lines)


def alpaca(example: Mapping[str, Any] | pd.Series, *, end_of_turn: str = "") -> str:
    """Return Alpaca's prompt up to and with `### Response:`, which the output follows directly.

    Each earlier request stands above in the same form, followed by its answer, `end_of_turn` and a
    blank line; a system prompt stands before all, as text. Tuning and scoring both use this.

    Parameters
    ----------
    example : row of a pool
        Its history, instruction and input are used.
    end_of_turn : str
        The token that ends an answer, such as the tokenizer's end-of-sequence token.

    Examples
    --------
    >>> text = alpaca({"history": [], "instruction": "Add.", "input": "1 2"})
    >>> text.splitlines()[-5:]
    ['', '### Input:', '1 2', '', '### Response:']
    """
    parts = []
    for turn in example["history"]:
        if turn["role"] == "assistant":
            parts.append(f"{turn['content']}{end_of_turn}\n\n")
        elif turn["role"] in {"system", "developer"}:
            parts.append(f"{turn['content']}\n\n")
        else:
            parts.append(_request(turn["content"], ""))
    return "".join([*parts, _request(str(example["instruction"]), str(example["input"]))])


def arrow(texts: "pd.Series[str]") -> Any:
    """Return texts as one Arrow array of strings."""
    array = pa.array(texts, type=pa.large_string())
    # what was concatenated comes in chunks
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def match(array: Any, pattern: str, *, ignore_case: bool = False) -> NDArray[np.bool_]:
    """Tell which texts of an Arrow array hold a match of an RE2 pattern."""
    found = pc.match_substring_regex(array, pattern=pattern, ignore_case=ignore_case)
    return found.to_numpy(zero_copy_only=False).astype(bool)  # type: ignore[no-any-return]


def _request(instruction: str, input: str) -> str:
    """Fill Alpaca's text; braces in what is filled in are left alone."""
    before, slot, after = (ALPACA_WITH_INPUT if input else ALPACA).partition("{input}")
    text = before.replace("{instruction}", instruction)
    return text + input + after if slot else text


def _spaced(text: str) -> str:
    """Return a text with spaces between words that a dictionary has to find."""
    if not re.search(f"[{UNSPACED}]", text):
        return text
    return " ".join(terms(text))


def _numbers(array: Any) -> NDArray[np.int64]:
    return array.to_numpy(zero_copy_only=False).astype(np.int64)  # type: ignore[no-any-return]
