import pandas as pd
import pytest

from lab.report import figures_arms

SUMMARY = pd.DataFrame(
    {"mean": [0.5, 0.2], "low": [0.4, 0.15], "high": [0.55, 0.3]},
    index=pd.Index(["<b>diverse", "narrow"], name="arm"),
)
TABLE = pd.DataFrame({"arm": ["narrow", "other", "narrow"], "exact": [0.1, 0.9, 0.3]})


def test_means_and_ends_of_the_intervals_are_drawn():
    (trace,) = figures_arms.means(SUMMARY, measure="exact_held_out").data
    assert list(trace.x) == [0.5, 0.2]
    assert list(trace.error_x.array) == pytest.approx([0.05, 0.1])
    assert list(trace.error_x.arrayminus) == pytest.approx([0.1, 0.05])


def test_names_are_escaped_and_the_first_is_on_top():
    figure = figures_arms.means(SUMMARY)
    assert figure.layout.yaxis.categoryarray[-1] == "&lt;b&gt;diverse"


def test_seeds_are_drawn_behind_for_the_arms_shown():
    seeds, _ = figures_arms.means(SUMMARY, table=TABLE, measure="exact").data
    assert list(seeds.x) == [0.1, 0.3]


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="summary must have the column 'low'"):
        figures_arms.means(SUMMARY.drop(columns="low"))
