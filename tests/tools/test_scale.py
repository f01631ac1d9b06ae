import re

import pytest

from lab import paths
from tools import markdown, scale

LINES = """
| rows | stage | CPU s | s | peak memory, MB | found |
|---:|---|---:|---:|---:|---|
| 100,000 | filters | 2.00 | 4.00 | 400 | 99,000 rows |
| 1,000,000 | filters | 1,021.50 | 40.00 | 500 | 990,000 rows |
| 100,000 | novelty_shards | 3.00 | 4.00 | 400 | 9 kept |
"""


def test_seconds_are_read_by_rows():
    lines = markdown.rows(LINES)
    assert scale.seconds(lines, "filters") == {10**5: 2.0, 10**6: 1021.5}
    assert scale.seconds(lines, "none") == {}


@pytest.mark.parametrize(
    ("stage", "rows", "expected"),
    [
        ("filters", 10**8, 2000.0),
        ("vectors, fit", 10**8, 2.0),
        # five shards of 20,000, 15 tasks; ten of 100,000, 55: each task is five times as large
        ("novelty_shards", 10**6, 2.0 * 55 / 15 * 5),
    ],
)
def test_a_stage_is_carried_on_by_hand(stage, rows, expected):
    assert scale.carried_on(stage, 2.0, 10**5, rows) == pytest.approx(expected)


def test_what_was_foretold_stands_beside_what_was_measured(monkeypatch):
    monkeypatch.setattr(scale, "measured", lambda: markdown.rows(LINES))
    (row,) = markdown.rows(scale.checked())
    assert row == {
        "stage": "filters",
        "rows": "1,000,000",
        "foretold, CPU s": "20.0",
        "measured, CPU s": "1,021.5",
        "ratio": "51.08",
    }


def test_costs_by_hand(monkeypatch):
    monkeypatch.setattr(scale, "measured", lambda: markdown.rows(LINES.replace("1,021.50", "36")))
    rows = {row["stage"]: row for row in markdown.rows(scale.costs())}
    # 36 s for a million: 360,000 s for ten billion, on 256 machines of 16 cores, 0.04 $ an hour
    assert rows["filters, from 1,000,000"]["10,000,000,000 rows"] == "1.5 min, 4.00 $"
    # 4e9 FLOPs a token, 200 tokens, a million rows at 0.3 of 989e12 a second, 2.5 $ an hour
    assert rows["IFD, by FLOPs"]["1,000,000 rows"] == "44.9 min, 1.87 $"


def test_the_limits_by_hand():
    rows = {row["what"]: row for row in markdown.rows(scale.limits())}
    ids = rows["pairs of different rows with one id, expected of 64 bits"]
    assert ids["10,000,000,000 rows"] == "3"  # 1e20 / 2 / 1.8e19
    assert rows["tasks of novelty"]["1,000,000 rows"] == "55"


def test_the_page_holds_what_the_model_says():
    text = scale.page()
    assert (paths.docs() / scale.PAGE).read_text(encoding="utf-8") == text, "run `lab docs`"
    for name in re.findall(r"<!-- (\w+) -->", text):
        assert markdown.rows(markdown.block(text, name)), name


def test_the_page_is_there_before_anything_was_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "benchmark_results", lambda: tmp_path)
    assert scale.measured() == []
    assert scale.calls_per_second() == 0
    assert "IFD, by FLOPs" in scale.costs()
