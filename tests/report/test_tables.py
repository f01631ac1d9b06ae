import html
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from IPython.core import getipython
from IPython.core.formatters import DisplayFormatter

from lab import records
from lab.report import tables


@pytest.fixture
def pool():
    rows = [{"instruction": f"Say {n}.", "output": str(n), "votes": n} for n in range(20)]
    return records.frame(rows, source="me")


def test_examples_are_the_first_rows_in_full(pool):
    shown = tables.examples(pool, rows=2)._repr_html_()
    assert "Say 0." in shown
    assert "Say 1." in shown
    assert "Say 2." not in shown
    assert "2 of 20 examples" in shown
    assert "votes" in shown


def test_drawn_examples_do_not_depend_on_the_order_of_the_pool(pool):
    one = tables.examples(pool, rows=4, seed=3)
    other = tables.examples(pool.sample(frac=1, random_state=1), rows=4, seed=3)
    assert one == other
    assert one != tables.examples(pool, rows=4, seed=4)


def test_texts_are_escaped():
    row = {"instruction": "<script>alert(1)</script>", "output": "<b>", "<i>": "<u>"}
    shown = tables.examples(records.frame([row]))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "&lt;i&gt;" in shown
    assert "<u>" not in shown


def test_a_history_is_shown_turn_by_turn():
    history = [{"role": "system", "content": "Be brief."}]
    pool = records.frame([{"history": history, "instruction": "Go.", "output": "Gone."}])
    shown = tables.examples(pool)._repr_html_()
    assert shown.index('<p class="who">system</p>') < shown.index("Be brief.") < shown.index("Go.")


def test_tools_calls_and_thinking_are_folded_and_escaped():
    call = {"name": "add<b>", "arguments": {"a": "<i>1"}}
    steps = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "<u>2"},
    ]
    row = {"instruction": "1+1?", "output": "2", "thinking": "<s>it said 2", "steps": steps}
    tool = {"type": "function", "function": {"name": "add<b>"}}
    shown = tables.examples(records.frame([{**row, "tools": [tool]}]))._repr_html_()
    folds = [part.split("</summary>")[0] for part in shown.split("<summary>")[1:]]
    assert folds == [
        "1 tool: add&lt;b&gt;",
        "calls add&lt;b&gt;",
        "replies &lt;u&gt;2",
        "thinking",
    ]
    assert "&lt;i&gt;1" in shown
    assert "&lt;s&gt;it said 2" in shown
    assert not {"<b>", "<i>", "<u>", "<s>"} & {part + ">" for part in shown.split(">")}


def test_rows_that_are_no_whole_examples_are_shown_too():
    table = pd.DataFrame({"instruction": ["Go.", None], "reason": ["empty", "none"]})
    shown = tables.examples(table)._repr_html_()
    assert "reason: empty" in shown
    assert "Go." in shown


def test_an_empty_pool_shows_nothing(pool):
    assert repr(tables.examples(pool.iloc[:0])) == "Examples(0 of 0 rows)"


def test_rows_must_be_positive(pool):
    with pytest.raises(ValueError, match="rows must be at least 1, got 0"):
        tables.examples(pool, rows=0)


def test_register_reads_the_docstrings():
    def short(pool, *, max_words: int = 5, min_words):
        """Keep short rows.

        A second paragraph.

        Source: Somebody 2023,
        arXiv:0000.00000.
        Cost: one pass.
        """

    part = ModuleType("part")
    part.short, part.LIMIT, part.__all__ = short, 3, ["short", "LIMIT"]
    table = tables.register(part)
    assert table.loc["short"].tolist() == [
        "Keep short rows.",
        "max_words=5, min_words",
        "Somebody 2023, arXiv:0000.00000.",
        "one pass.",
    ]
    assert table.index.tolist() == ["short"]


def test_estimates_by_hand():
    table = pd.DataFrame(
        {"m": [1.0, 2.0], "a": [0.5, np.nan], "b": [1.5, np.nan]}, index=["x", "y"]
    )
    assert tables.estimates(table, value="m", low="a", high="b", digits=1).tolist() == [
        "1.0 [0.5, 1.5]",
        "2.0 [nan, nan]",
    ]
    with pytest.raises(ValueError, match="no column 'mean'"):
        tables.estimates(table, value="mean", low="a", high="b")


def test_texts_are_shown_in_full_and_escaped():
    long = "word " * 100 + "<script>"
    shown = tables.texts(pd.Series({"<a>": long}))._repr_html_()
    assert html.escape(long) in shown
    assert "<script>" not in shown
    assert "<a>" not in shown


def test_a_series_is_shown_as_a_table(monkeypatch):
    kernel = SimpleNamespace(display_formatter=DisplayFormatter())
    monkeypatch.setattr(getipython, "get_ipython", lambda: kernel)
    tables.show_series()
    named = pd.Series({"<b>": 3}, name="rows")
    for values, head in ((named, "rows"), (named.rename(None), "")):
        shown, _ = kernel.display_formatter.format(values)
        assert f"<th>{head}</th>" in shown["text/html"]
        assert "&lt;b&gt;" in shown["text/html"]
        assert "dtype" not in shown["text/html"]
