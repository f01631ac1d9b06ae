"""Tables as Markdown, and the blocks of a Markdown file that a command fills."""

import math
import re

import pandas as pd

DIGITS = 3


def table(frame: pd.DataFrame) -> str:
    r"""Return a frame as a Markdown table; numbers with three digits, bars escaped.

    Examples
    --------
    >>> print(table(pd.DataFrame({"arm": ["a|b"], "mean": [0.5]})))
    | arm | mean |
    | --- | ---: |
    | a\|b | 0.500 |
    """
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    head = "| " + " | ".join(_cell(name) for name in frame.columns) + " |"
    rule = "| " + " | ".join("---:" if number else "---" for number in numeric) + " |"
    rows = [
        "| " + " | ".join(_cell(value) for value in row) + " |"
        for row in frame.itertuples(index=False)
    ]
    return "\n".join([head, rule, *rows])


def rows(text: str) -> list[dict[str, str]]:
    r"""Return the rows of a table that `table` wrote, as texts by column; [] if there is none.

    Examples
    --------
    >>> rows("| arm | mean |\n| --- | ---: |\n| a\\|b | 0.500 |")
    [{'arm': 'a|b', 'mean': '0.500'}]
    """
    table = [line for line in text.splitlines() if line.startswith("|")]
    lines = [line for line in table if set(line) - set("|-: ")]  # all but the rule
    cells = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
    ]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]] if cells else []


def block(text: str, name: str) -> str | None:
    r"""Return what stands between `<!-- name -->` and `<!-- /name -->`, None without them.

    Examples
    --------
    >>> block("<!-- sum -->\n3\n<!-- /sum -->", "sum")
    '3'
    """
    found = re.search(rf"<!-- {name} -->(.*?)<!-- /{name} -->", text, re.DOTALL)
    return found[1].strip("\n") if found else None


def fill(text: str, name: str, content: str) -> str:
    r"""Return `text` with the block `name` filled anew; a text without the block stays.

    Examples
    --------
    >>> fill("<!-- sum -->old<!-- /sum -->", "sum", "3")
    '<!-- sum -->\n3\n<!-- /sum -->'
    """
    pattern = re.compile(rf"(<!-- {name} -->).*?(<!-- /{name} -->)", re.DOTALL)
    return pattern.sub(lambda found: f"{found[1]}\n{content}\n{found[2]}", text)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:,.{DIGITS}f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
