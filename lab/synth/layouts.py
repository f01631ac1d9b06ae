"""How lists and examples are laid out in prompts, and how they are found again in replies.

Both languages are read everywhere, since a model may answer in another one than it was asked in.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

NUMBERED = re.compile(r"^\s*(?:[-*]\s*)?(\d{1,3})\s*[.):\uff0e\u3001\uff1a]\s*(.*)$")
COLON = "[:\uff1a]"
EXAMPLE = re.compile(rf"^\s*(?:Example|例子?|示例)\s*\d*\s*{COLON}?\s*$", re.IGNORECASE)
FIELDS = {
    "instruction": "Instruction|指令|任务|Task",
    "input": "Input|输入",
    "output": "Output|输出|解答",
    "label": "Label|Class label|标签|类别",
}
NONE = frozenset({"", "<noinput>", "noinput", "none", "n/a", "无", "<无输入>"})
BULLET = re.compile(
    r"^\s*(?:(?:[-*•]|\(?\d{1,3}[.)])\s+|[-•](?=[^\W\d_])|\(?\d{1,3}[\u3001\uff0e]\s*)"
)
NOUN = r"(?:instruction|prompt|question|task|request)s?\b"
LEAD = re.compile(
    rf"""^\W*(?:(?:sure|certainly|of\ course|okay|ok|yes|absolutely)\b[^\n:]{{0,60}}?[,.!:]\s*)?
    (?:(?:here(?:['\u2019]s|\ is|\ are)|this\ is)\b[^\n:]{{0,80}}?
    |(?:the|an?|your)\s(?:\w+\s){{0,2}})?\b{NOUN}
    (?:\s+(?:is|are|could|would|might|can|for|that|which|to|i|you)\b[^\n:]{{0,60}})?\W*[:\uff1a]\W*
    |^\W*(?:好的|当然|可以)?\W*(?:(?:以下|下面|这)就?是[^\n:\uff1a]{{0,20}})?
    (?:指令|问题|任务|请求)[^\n:\uff1a]{{0,10}}[:\uff1a]\W*""",
    re.IGNORECASE | re.VERBOSE,
)
SPEAKS = re.compile(
    r"^\W*(?:(?:the|this|that|these|your)\s+(?:\w+\s+)?(?:instruction|prompt|question|request)s?\b"
    r"|(?:这|该|上述)[条个]?(?:指令|问题|请求))",
    re.IGNORECASE,
)
OPENING = re.compile(r"[:\uff1a][\s*_]*$")
WORD = re.compile(r"[^\W_]")
NAMED = re.compile(
    rf"^\W*(?:question|task|topic|prompt|instruction|问题|任务|话题|主题|指令)\s*\d*\s*{COLON}\W*",
    re.IGNORECASE,
)
QUOTES = {'"': '"', "\u201c": "\u201d", "'": "'", "「": "」"}


def numbered(texts: Sequence[str], first: int = 1) -> str:
    r"""Return texts as a numbered list, one a line.

    Examples
    --------
    >>> numbered(["Add.", "Sort."])
    '1. Add.\n2. Sort.'
    """
    lines = (" ".join(text.split()) for text in texts)
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, first))


def items(reply: str, *, first: int) -> list[str]:
    r"""Return the items of a numbered list that goes on from `first`; numbers below it are old.

    Lines without a number belong to the item above them. A reply without numbers has none.

    Examples
    --------
    >>> items("9. Sort these.\n10. Count\nthe words.", first=9)
    ['Sort these.', 'Count the words.']
    """
    found: list[tuple[int, str]] = []
    for line in reply.splitlines():
        start = NUMBERED.match(line)
        if start:
            found.append((int(start[1]), start[2].strip()))
        elif found and line.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}".strip())
    if found and all(number < first for number, _ in found):  # it began to count anew
        return [text for _, text in found if text]
    return [text for number, text in found if number >= first and text]


def alone(reply: str) -> tuple[str, str]:
    r"""Return the instruction in a reply that should be nothing else, and what is wrong with it.

    A lead-in that ends with a colon ("Here is an instruction: ...", "Instruction: ...") is taken
    off, and so are quotation marks around all of the rest. A reply that goes on to speak of an
    instruction in place of giving one ("The instruction is about ...") is wrong.

    Examples
    --------
    >>> alone('Sure! Here is an instruction for this text: "Name a fruit."')
    ('Name a fruit.', '')
    >>> alone("The instruction to which it refers is to sort.")[1]
    'speaks of the instruction'
    """
    text = reply.strip()
    lead = LEAD.match(text)
    if lead and not text[: lead.end()].rstrip().endswith((":", "\uff1a")):
        text = text[lead.end() - 1 :]  # the mark that opens a quotation belongs to the rest
    elif lead:
        text = text[lead.end() :]
    text = text.strip(" \t\n*" if lead else None)
    if len(text) > 1 and QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text, "speaks of the instruction" if SPEAKS.match(text) else ""


def lines(reply: str, *, cut: bool = False) -> list[str]:
    r"""Return the lines of a reply without bullets, numbers and labels, empty ones left out.

    A line that ends in a colon ("Here are three tasks:") opens a list and is no item of it; "Task:
    Sort." is one, without its label. The last line of a `cut` reply is left out, too.

    Examples
    --------
    >>> lines("Here are two:\n- a nurse\n2. a baker")
    ['a nurse', 'a baker']
    """
    bare = (NAMED.sub("", BULLET.sub("", line)).strip() for line in reply.splitlines())
    found = [line for line in bare if WORD.search(line) and not OPENING.search(line)]
    return found[:-1] if cut else found


def examples(reply: str, fields: Mapping[str, str] = FIELDS) -> list[dict[str, str]]:
    r"""Return the examples in a reply as their fields: `instruction`, `input`, `output`, `label`.

    A new example begins at its head, at `###`, or where a field comes that the present one has.
    Text before the first field is passed over; an input that says that there is none is "".
    A field may be numbered or bold; in a fenced block there are none.

    Parameters
    ----------
    reply : str
        What a model wrote.
    fields : mapping of name to pattern
        The words that stand for each field, in any language.

    Examples
    --------
    >>> examples("Example 1\nInput: 2 3\nOutput: 5")
    [{'input': '2 3', 'output': '5'}]
    """
    heads = _heads(tuple(fields.items()))
    found: list[dict[str, list[str]]] = [{}]
    field, fenced = "", False
    for line in reply.splitlines():
        fence = line.lstrip().startswith("```")
        fenced ^= fence
        plain = not fenced and not fence
        start = heads.match(line) if plain else None
        if plain and not start and (EXAMPLE.match(line) or line.strip().startswith("###")):
            found.append({})
            field = ""
            continue
        if start:
            field = str(start.lastgroup)
            if field in found[-1]:
                found.append({})
            found[-1][field] = [line[start.end() :]]
        elif field:
            found[-1][field].append(line)
    joined = [{name: "\n".join(part).strip() for name, part in one.items()} for one in found if one]
    for one in joined:
        if one.get("input", "").lower() in NONE:
            one["input"] = ""
    return joined


@lru_cache(maxsize=8)
def _heads(fields: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """Return what begins a field: its name, maybe numbered or bold, and a colon."""
    names = "|".join(f"(?P<{name}>{words})" for name, words in fields)
    number = r"(?:\d{1,3}\s*[.)\u3001]\s*)?"
    return re.compile(
        rf"^[\s#>*_]*{number}[*_]*(?:{names})(?:\s*\d{{1,2}})?[\s*_]*{COLON}[*_]*\s*", re.IGNORECASE
    )
