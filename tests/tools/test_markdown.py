import pandas as pd

from tools import markdown


def test_a_block_is_filled_and_filling_twice_changes_nothing():
    text = "a\n<!-- n -->\nold\n<!-- /n -->\nb"
    once = markdown.fill(text, "n", "1\\2")
    assert once == "a\n<!-- n -->\n1\\2\n<!-- /n -->\nb"
    assert markdown.fill(once, "n", "1\\2") == once
    assert markdown.block(once, "n") == "1\\2"


def test_a_text_without_the_block_stays_as_it_is():
    assert markdown.fill("a", "n", "1") == "a"
    assert markdown.block("a", "n") is None


def test_missing_values_and_line_breaks():
    table = pd.DataFrame({"x": [float("nan")], "text": ["a\nb | c"]})
    assert markdown.table(table).splitlines()[-1] == "| - | a b \\| c |"


def test_rows_are_read_back_as_they_were_written():
    table = pd.DataFrame({"a": ["x | y", "z"], "b": ["", "2"]})
    assert markdown.rows(markdown.table(table)) == table.to_dict("records")
    assert markdown.rows("no table") == []
