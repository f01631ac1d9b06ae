from lab import records
from lab.report import figures_pool

ROWS = [
    {"instruction": "a" * 10, "output": "b", "source": "<b>mine"},
    {"instruction": "c" * 1000, "output": "", "thinking": "t", "source": "x" * 60},
    {"instruction": "d", "output": "e" * 30, "input": "f", "source": "<b>mine"},
]


def test_lengths_count_every_text_once_and_say_what_is_empty():
    figure = figures_pool.lengths(records.frame(ROWS))
    assert [trace.name for trace in figure.data] == [
        "instruction (3)",
        "input (1, 2 empty)",
        "output (2, 1 empty)",
    ]
    assert [int(sum(trace.y)) for trace in figure.data] == [3, 1, 2]


def test_kinds_are_bars_with_their_counts_and_names_are_escaped_and_cut():
    figure = figures_pool.composition(records.frame(ROWS))
    bars = {name: text for bar in figure.data for name, text in zip(bar.y, bar.text, strict=True)}
    assert bars == {
        "source: &lt;b&gt;mine": "2",
        f"source: {'x' * 27}…": "1",
        "turns: 1": "3",
        "holds: thinking": "1",
    }


def test_an_empty_pool_has_empty_figures():
    empty = records.frame([])
    assert len(figures_pool.lengths(empty).data) == 0
    assert len(figures_pool.composition(empty).data) == 0
