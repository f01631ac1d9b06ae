"""Thinking that stands inside the text of an answer: taken out of it, and written into it.

Models write it as `<think>…</think>` before the answer (DeepSeek's template leaves the opening tag
to the prompt), others as `<thinking>`, `<reasoning>` or, as Sky-T1, between marks of their own.
"""

import re

from lab.errors import DataError

_TAGS = ("think", "thinking", "reasoning")
_OPEN = re.compile(rf"\s*<({'|'.join(_TAGS)})>\n?")
_SKY = re.compile(
    r"\s*<\|begin_of_thought\|>\n*(.*?)\n*<\|end_of_thought\|>\s*"
    r"<\|begin_of_solution\|>\n*(.*?)\n*(?:<\|end_of_solution\|>\s*)?\Z",
    re.DOTALL,
)
_CLOSE = "</think>"


def split(text: str) -> tuple[str, str]:
    r"""Return the thinking at the start of `text`, and the answer after it.

    Raises
    ------
    DataError
        If the thinking does not end: such an answer broke off before it began.

    Examples
    --------
    >>> split("<think>\n2 and 2\n</think>\n\n4")
    ('2 and 2', '4')
    >>> split("4")
    ('', '4')
    """
    found = _OPEN.match(text)
    if found:
        thinking, close, answer = text[found.end() :].partition(f"</{found[1]}>")
        if not close:
            raise DataError("its thinking does not end", value=text)
    elif sky := _SKY.match(text):
        return sky[1], sky[2]
    elif _CLOSE in text and "<think>" not in text:
        thinking, _, answer = text.partition(_CLOSE)
    else:
        return "", text
    return thinking.removesuffix("\n"), answer.removeprefix("\n").removeprefix("\n")


def join(thinking: str, answer: str) -> str:
    r"""Return the text that `split` takes apart into these two.

    Raises
    ------
    DataError
        If the thinking itself holds the closing tag.

    Examples
    --------
    >>> join("2 and 2", "4")
    '<think>\n2 and 2\n</think>\n\n4'
    """
    if not thinking:
        return answer
    if _CLOSE in thinking:
        raise DataError(f"thinking that holds {_CLOSE} cannot be written inline", value=thinking)
    return f"<think>\n{thinking}\n{_CLOSE}\n\n{answer}"
