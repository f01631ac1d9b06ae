import pandas as pd
import pytest

from lab.judge import exact_match
from lab.judge.exact import normal


def test_by_hand():
    answers = pd.Series([" Red. ", "3.5", "", "two\n apples", "猫。"], index=list("edcba"))
    references = pd.Series(["猫", "two apples", "", "3 5", "red"], index=list("abcde"))
    found = exact_match(answers, references)
    assert found.to_dict() == {"e": True, "d": False, "c": False, "b": True, "a": True}
    assert found.name == "exact_match"
    assert found.dtype == bool


def test_inner_stops_stay():
    assert normal("St. John. ") == "st. john"


def test_no_answers_give_no_verdicts():
    empty = pd.Series([], dtype="str")
    assert exact_match(empty, empty).tolist() == []


@pytest.mark.parametrize(
    ("answers", "references", "message"),
    [
        (pd.Series(["a"]), pd.Series(["a", "b"]), "got 1 and 2 rows, 1 in both"),
        (pd.Series(["a", "b"], index=[0, 0]), pd.Series(["a"]), "same distinct ids"),
        (pd.Series(["a", None]), pd.Series(["a", "b"]), "answers has 1 missing texts.*is 1"),
        (pd.Series(["a", "b"]), pd.Series([None, "b"]), "references has 1 missing texts.*is 0"),
    ],
)
def test_errors_say_what_came(answers, references, message):
    with pytest.raises(ValueError, match=message):
        exact_match(answers, references)
