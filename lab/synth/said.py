"""One reply on its way to an example: what is wrong with it before any filter looks at it.

A model may answer with nothing, with one endless line, with a loop, with the prompt, with JSON that
nobody asked for, with markup that runs, or with thoughts that never end. None of these is an
example; each has a name here.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.llm import Completion

CUT = "cut at the limit of tokens"
LONGEST = 20_000  # characters of a reply that is read
LOOP_WORDS = 60  # from so many words on, a reply is looked at for a loop
LOOP_SHARE = 0.2  # distinct words over words, below which a reply is a loop
ECHO_CHARACTERS = 80  # of our own prompt that a reply may not repeat in one piece
THOUGHTS = re.compile(r"^\s*<think(?:ing)?>(.*?)</think(?:ing)?>\s*", re.DOTALL)
OPEN_THOUGHT = re.compile(r"<think(?:ing)?>")
FENCED = re.compile(r"```.*?(?:```|$)|`[^`\n]*`", re.DOTALL)
ACTIVE = re.compile(
    r"<\s*(?:script|iframe|object|embed)\b|\bon(?:error|load|click|mouseover)\s*=|javascript:",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W_]+")
OURS = frozenset({"instruction", "input", "output", "answer", "question", "task", "response"})


@dataclass(frozen=True)
class Said:
    """A reply that can be read: its text without thoughts, and where it came from."""

    text: str
    thinking: str
    raw: str
    key: str
    step: str
    asked: str  # the last message that was sent
    cut: bool  # it ended at the limit of tokens


def read(
    completion: Completion, messages: Sequence[Mapping[str, str]], step: str
) -> tuple[Said, str]:
    """Return a reply, and why it cannot be used ("" if it can).

    Examples
    --------
    >>> asked = [{"role": "user", "content": "Name a fruit."}]
    >>> read(Completion("<think>So many!"), asked, "x")[1]
    'call: thoughts'
    >>> read(Completion("<think>Red?</think> Apple."), asked, "x")[0].text
    'Apple.'
    """
    raw = completion.text if completion.text is not None else (completion.raw or "")
    found = THOUGHTS.match(raw)
    text, thinking = (raw[found.end() :], found[1].strip()) if found else (raw, "")
    thinking = thinking or str(getattr(completion, "thinking", None) or "")
    cut = completion.finish_reason == "length"
    asked = str(messages[-1]["content"])
    said = Said(text.strip(), thinking, raw, completion.key, step, asked, cut)
    if completion.error is not None:
        return said, f"call: {completion.kind}"
    return said, _wrong(said, messages)


def unusable(text: str) -> str:
    """Return why a text can be no part of an example, "" if it can.

    Examples
    --------
    >>> unusable("Run <script>alert(1)</script> now.")
    'active markup'
    >>> unusable("Write `<script>` in the head.")
    ''
    """
    if len(text) > LONGEST:
        return "too long to be read"
    words = WORD.findall(text.lower())
    if len(words) >= LOOP_WORDS and len(set(words)) < LOOP_SHARE * len(words) ** 0.9:
        return "repeats itself"
    if len(words) < LOOP_WORDS and _one_character(text):
        return "repeats itself"
    if ACTIVE.search(FENCED.sub(" ", text)):
        return "active markup"
    return ""


def _wrong(said: Said, messages: Sequence[Mapping[str, str]]) -> str:
    if OPEN_THOUGHT.search(said.text):
        return "thinking without an end"
    if not WORD.search(said.text):
        return "empty"
    if trouble := unusable(said.text):
        return trouble
    if _echoes(said.text, messages):
        return "echoes the prompt"
    return "JSON that was not asked for" if _json(said.text) else ""


def _echoes(text: str, messages: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether a reply repeats what was sent: a whole message, or how our prompt begins."""
    for message in messages:
        sent = str(message["content"]).strip()
        if text == sent or (len(sent) >= ECHO_CHARACTERS and sent in text):
            return True
        if message["role"] == "system" and sent[:ECHO_CHARACTERS] in text:
            return True
    return False


def _json(text: str) -> bool:
    if not text.startswith(("{", "[")):
        return False
    try:
        value = json.loads(text)
    except ValueError:
        return False
    rows = value if isinstance(value, list) else [value]
    return any(isinstance(row, dict) and OURS & {str(key).lower() for key in row} for row in rows)


def _one_character(text: str) -> bool:
    """Tell whether one long run has next to no different characters: aaaaaaaa, 哈哈哈哈."""
    letters = [letter for letter in text if not letter.isspace()]
    return len(letters) >= 200 and len(set(letters)) <= len(letters) * 0.02
