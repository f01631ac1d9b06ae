"""Tables for notebooks and pages: examples read in full, estimates, and what a part offers."""

import html
import inspect
import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from lab import records
from lab.report import told

SHOWN = ("history", "instruction", "input", "output")
WRONG = ("reason", "wrong", "error")  # columns that say what was wrong with an example
MORE = 200  # characters of another column
NOT_EXAMPLES = {*SHOWN, *records.STRUCTURE, "parent", "recipe"}


@dataclass(frozen=True)
class Examples:
    """A few examples in full, as HTML in a notebook; every text in it is escaped."""

    rows: tuple[tuple[str, dict[str, Any]], ...]
    of: int

    def _repr_html_(self) -> str:
        cards = "".join(_card(key, row) for key, row in self.rows)
        return f'<div class="examples"><p>{len(self.rows)} of {self.of:,} examples</p>{cards}</div>'

    def __repr__(self) -> str:
        return f"Examples({len(self.rows)} of {self.of} rows)"


def examples(pool: pd.DataFrame, *, rows: int = 3, seed: int | None = None) -> Examples:
    """Show `rows` examples of `pool` in full: the first ones, or drawn with `seed`.

    Parameters
    ----------
    pool : DataFrame
        A pool; extra columns are shown below the texts.
    rows : int
        How many, at least 1; fewer if the pool is smaller.
    seed : int, optional
        Draws the rows, which does not depend on their order in the pool.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, got {rows}")
    count = min(rows, len(pool))
    if seed is None:
        chosen = pool.index[:count]
    else:
        order = np.random.default_rng(seed).permutation(len(pool))[:count]
        chosen = pool.index.sort_values()[order]
    picked = pool.loc[chosen]
    held: list[dict[Any, Any]] = picked.to_dict("records")
    return Examples(tuple(zip(map(str, picked.index), held, strict=True)), len(pool))


@dataclass(frozen=True)
class Texts:
    """Named texts read in full, as HTML in a notebook; every text in it is escaped."""

    rows: tuple[tuple[str, str], ...]

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th>'
            f'<td style="text-align: left; white-space: normal">{html.escape(text)}</td></tr>'
            for name, text in self.rows
        )
        return f"<table><tbody>{cells}</tbody></table>"


def texts(values: "pd.Series[str]") -> Texts:
    """Show named texts in full, however long, such as what `ablate.paper` tells.

    Parameters
    ----------
    values : Series of str
        A text by name.

    Examples
    --------
    >>> texts(pd.Series({"paper": "<b>"})).rows
    (('paper', '<b>'),)
    """
    return Texts(tuple((str(name), str(text)) for name, text in values.items()))


def show_series() -> None:
    """Let the running kernel show a Series as the table of one column that it is.

    Pandas shows a Series as plain text that ends in its dtype. Outside a kernel nothing is done.

    Examples
    --------
    >>> show_series()
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and shell.display_formatter is not None:
        formatter = shell.display_formatter.formatters["text/html"]
        formatter.for_type(
            pd.Series, lambda values: values.to_frame(name=values.name or "")._repr_html_()
        )


@dataclass(frozen=True)
class Answer:
    """One sentence that a page puts at its top."""

    sentence: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        shown = f'<p class="answer"><b>{html.escape(self.sentence)}</b></p>'
        plain = self.sentence
        return {told.ANSWER: plain, "text/html": shown, "text/plain": plain}


def answer(sentence: str, **values: float | tuple[float, float, float]) -> Answer:
    """Answer a notebook's question in one sentence, whose numbers are computed and not typed.

    Parameters
    ----------
    sentence : str
        With a field for each value, such as "k-center misses {share}".
    values : float, or (estimate, low, high)
        Three numbers are written as an estimate with its interval. Shares stay shares.

    Raises
    ------
    ValueError
        If a field has no value.

    Examples
    --------
    >>> answer("A gains {gain} over B.", gain=(0.12, 0.08, 0.16)).sentence
    'A gains 0.12 [0.08, 0.16] over B.'
    """
    written = {
        name: f"{value[0]:.3g} [{value[1]:.3g}, {value[2]:.3g}]"
        if isinstance(value, tuple)
        else f"{value:,}"
        if isinstance(value, int)
        else f"{value:.3g}"
        for name, value in values.items()
    }
    try:
        return Answer(sentence.format_map(written))
    except KeyError as error:
        raise ValueError(f"sentence has the field {error} without a value") from None


def register(part: ModuleType) -> pd.DataFrame:
    """List the public functions of a part, such as `lab.filters`, from their own words.

    Returns
    -------
    DataFrame
        Indexed by `name`: `what` (the first line of the docstring), `parameters` (those with a
        default, by name), `source` and `cost` (what follows `Source:` and `Cost:`; "" if none).
    """
    rows = []
    for name in sorted(part.__all__):
        function = getattr(part, name)
        if inspect.isfunction(function):
            text = inspect.getdoc(function) or ""
            signature = inspect.signature(function).parameters.values()
            given = [
                f"{item.name}={_shown(item.default)}"
                if item.default is not item.empty
                else item.name
                for item in signature
                if item.kind is item.KEYWORD_ONLY
            ]
            rows.append(
                {
                    "name": name,
                    "what": _first_line(text),
                    "parameters": ", ".join(given),
                    "source": _after("Source", text) or _after("Source", _module_doc(function)),
                    "cost": _after("Cost", text),
                }
            )
    columns = ["name", "what", "parameters", "source", "cost"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def estimates(
    table: pd.DataFrame, *, value: str, low: str, high: str, digits: int = 2
) -> "pd.Series[str]":
    """Write estimates with their intervals, `0.46 [0.41, 0.51]`, one per row of `table`.

    Examples
    --------
    >>> frame = pd.DataFrame({"mean": [0.5], "low": [0.4], "high": [0.6]}, index=["diverse"])
    >>> estimates(frame, value="mean", low="low", high="high")["diverse"]
    '0.50 [0.40, 0.60]'
    """
    for name in (value, low, high):
        if name not in table.columns:
            raise ValueError(f"table has no column {name!r} (has {list(table.columns)})")
    written = [
        f"{middle:.{digits}f} [{below:.{digits}f}, {above:.{digits}f}]"
        for middle, below, above in zip(table[value], table[low], table[high], strict=True)
    ]
    return pd.Series(written, index=table.index, name=value)


def _card(key: str, row: dict[str, Any]) -> str:
    """Return an example as a card: its texts, then what else is known of it, and what was wrong."""
    turns = "".join(_said(*turn) for turn in _turns(row))
    wrong = [(name, _text(row.get(name))) for name in WRONG]
    more = [
        (name, _text(value)) for name, value in row.items() if name not in (*NOT_EXAMPLES, *WRONG)
    ]
    known = " · ".join(
        f"{html.escape(str(name))} <b>{html.escape(text[:MORE])}</b>" for name, text in more if text
    )
    faults = "".join(
        f'<p class="wrong" dir="auto">{name}: {html.escape(text)}</p>'
        for name, text in wrong
        if text
    )
    style = "border:1px solid;padding:8px;margin:8px 0"
    foot = f'<p class="more">{known}{" · " if known else ""}<code>{html.escape(key)}</code></p>'
    return f'<div class="example" style="{style}">{turns}{faults}{foot}</div>'


def _turns(row: dict[str, Any]) -> list[records.Turn]:
    """Return the turns of an example, those of its last exchange by the names of their columns."""
    said = {name: _text(row.get(name)) for name in records.TEXTS}
    history = row.get("history")
    history = history if isinstance(history, list) else []
    turns = records.turns({**row, **said, "history": history})
    last = len(history) + (turns[0][0] == "tools")
    asked: list[records.Turn] = [(name, said[name], []) for name in ("instruction", "input")]
    *steps, (_, output, folded) = turns[last + 1 :]
    return [*turns[:last], *asked, *steps, ("output", output, folded)]


def _said(who: str, text: str, folded: list[tuple[str, str]]) -> str:
    """Return a turn as HTML: thinking and tools folded above what is said."""
    if not text and not folded:
        return ""
    said = 'class="said" style="white-space:pre-wrap" dir="auto"'
    parts = [
        f"<details><summary>{html.escape(name)}</summary>"
        f"<p {said}>{html.escape(inner)}</p></details>"
        for name, inner in folded
    ]
    parts += [f"<p {said}>{html.escape(text)}</p>"] if text else []
    name = html.escape(who)
    return f'<div class="turn {name}"><p class="who">{name}</p><div>{"".join(parts)}</div></div>'


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(value)


def _shown(default: object) -> str:
    """Return a default as it is written: a function by its name, not by its address."""
    written = str(getattr(default, "__name__", None) or repr(default))
    return re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", written)


def _first_line(text: str) -> str:
    return " ".join(text.split("\n\n", 1)[0].split())


def _module_doc(function: Any) -> str:
    return inspect.getdoc(inspect.getmodule(function)) or ""


def _after(word: str, text: str) -> str:
    found = re.search(
        rf"^{word}:\s*(.+?)(?=\n\s*\n|\n[A-Z][a-z]+:|\Z)", text, re.MULTILINE | re.DOTALL
    )
    return " ".join(found[1].split()) if found else ""
