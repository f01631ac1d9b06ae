import numpy as np
import pandas as pd
import pytest

from lab import judge
from lab.judge import panel, verdicts


def rows_for(votes, prompt="p", first="a", **more):
    return [
        {"prompt": prompt, "judge": f"j{n}", "first": first, "verdict": vote} | more
        for n, vote in enumerate(votes)
    ]


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        (("a", "a", "b"), "a"),
        (("a", "b", "tie"), "tie"),
        (("a", "b", "invalid"), "tie"),
        (("b", "invalid", "invalid"), "b"),
        (("invalid", "invalid", "invalid"), "invalid"),
        (("tie", "tie", "a"), "tie"),
    ],
)
def test_the_majority_by_hand(votes, expected):
    made = panel.majority(verdicts.table(rows_for(votes)))
    assert made["verdict"].tolist() == [expected]
    assert made["judge"].tolist() == ["majority of 3"]
    assert made["voters"].tolist() == [3 - votes.count("invalid")]


def test_the_mean_weighs_preferences():
    rows = rows_for(("a", "b", "b"))
    for row, preference in zip(rows, (1.0, 0.4, 0.4), strict=True):
        row["preference"] = preference
    made = panel.mean(verdicts.table(rows))
    assert made["verdict"].tolist() == ["a"]
    assert made["preference"].tolist() == [pytest.approx(0.6)]
    assert panel.majority(verdicts.table(rows))["verdict"].tolist() == ["b"]


@pytest.fixture
def four_judges():
    """Three judges that see the truth through noise, and one that always says a."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(80):
        truth = rng.choice(["a", "b"])
        for first in "ab":
            votes = [truth if rng.random() < 0.8 else rng.choice(["a", "b"]) for _ in range(3)]
            rows += rows_for((*votes, "a"), prompt=f"p{number}", first=first)
    return verdicts.table(rows)


def test_leaving_one_judge_out_shows_who_matters(four_judges):
    found = panel.leave_one_out(four_judges).set_index("without")
    assert found.index.tolist() == ["", "j0", "j1", "j2", "j3"]
    assert found.loc["j3", "win_rate"] < found.loc["", "win_rate"]
    assert found.loc["j3", "judge"] == "majority of 3"
    assert found.loc["", "judge"] == "majority of 4"


def test_a_panel_of_one_is_that_judge(four_judges):
    one = four_judges[four_judges["judge"] == "j0"]
    alone, joined = judge.win_rate(one).iloc[0], judge.win_rate(panel.majority(one)).iloc[0]
    assert (
        alone[["win", "tie", "lose", "low"]].tolist()
        == joined[["win", "tie", "lose", "low"]].tolist()
    )


def test_row_order_does_not_matter(four_judges):
    shuffled = four_judges.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(panel.majority(four_judges), panel.majority(shuffled))


def test_two_judges_are_no_panel(four_judges):
    with pytest.raises(ValueError, match="at least 3 judges, got"):
        panel.leave_one_out(four_judges[four_judges["judge"].isin(["j0", "j1"])])
