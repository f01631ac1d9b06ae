"""Thoughts and answer of a reply told apart, for models that think aloud in their text.

A reply may open with `<think>`, `<thinking>`, `<thought>` or `<reasoning>` (`[THINK]` and `◁think▷`
with some models), or hold the closing tag alone, where the model's template has written the opening
one into the prompt. What counts is what stands after the last closing tag: a verdict, a rating or a
refusal among the thoughts is none.
"""

import re
from typing import NamedTuple

NAMES = "(?:seed:)?(?:think(?:ing)?|thoughts?|reasoning)"
OPENING = re.compile(rf"<{NAMES}>|\[THINK\]|◁think▷", re.IGNORECASE)
CLOSING = re.compile(rf"</{NAMES}>|\[/THINK\]|◁/think▷", re.IGNORECASE)
CUT = "thoughts: the reply was cut inside its thoughts"


class Split(NamedTuple):
    """A reply's two parts; `answer` is None where the text ends inside its thoughts."""

    answer: str | None
    thinking: str | None  # None if there is none


def split(text: str, finish_reason: str | None = None) -> Split:
    r"""Return what a text says, and what it thought before.

    Parameters
    ----------
    text : str
        A reply as it came.
    finish_reason : str, optional
        Where it is `length`, thoughts that open on any line and never close count as cut; else
        only those that open the text do.

    Examples
    --------
    >>> split("<think>Score: 2? No.</think>\n\n4.5")
    Split(answer='4.5', thinking='Score: 2? No.')
    >>> split("Score: 2? No.\n</think>\n4.5").answer  # the opening tag stands in the prompt
    '4.5'
    >>> split("<think>I write [[A]] if A is better").answer is None
    True
    >>> split("Write <think> before you think.")
    Split(answer='Write <think> before you think.', thinking=None)
    """
    closings = list(CLOSING.finditer(text))
    end = closings[-1].end() if closings else 0
    before, after = text[:end], text[end:]
    for opening in OPENING.finditer(after):
        head = after[: opening.start()]
        at_start, on_a_line = not head.strip(), head.rstrip(" \t").endswith("\n")
        if at_start or (finish_reason == "length" and on_a_line):
            return Split(None, _plain(text) or None)
    if not closings:
        return Split(text, None)
    return Split(after.strip(), _plain(before) or None)


def answer_text(text: str, finish_reason: str | None = None) -> str | None:
    """Return what a text says after its thoughts; None if it was cut inside them.

    For texts that come from elsewhere: a `Completion` has done it already.

    Examples
    --------
    >>> answer_text("<reasoning>A is longer.</reasoning>[[B]]"), answer_text("<think>A is")
    ('[[B]]', None)
    """
    return split(text, finish_reason).answer


def _plain(thoughts: str) -> str:
    """Return thoughts without their tags."""
    return CLOSING.sub("", OPENING.sub("", thoughts)).strip()
