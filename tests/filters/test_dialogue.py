import pytest

from lab import filters, records


def turn(role, ids=(), key=None):
    made = {"role": role, "content": "x"}
    if ids:
        made["tool_calls"] = [{"id": i, "name": "f", "arguments": {}} if i else CALL for i in ids]
    return made if key is None else {**made, "tool_call_id": key}


CALL = {"name": "f", "arguments": {}}
SYSTEM, DEVELOPER, USER, TOOL = (turn(r) for r in ("system", "developer", "user", "tool"))
SAID, CALLED, TWICE = turn("assistant"), turn("assistant", [None]), turn("assistant", [None, None])
NAMED = turn("assistant", ["a", "b"])
A, B, C = (turn("tool", key=key) for key in "abc")


@pytest.mark.parametrize(
    ("history", "steps", "keep"),
    [
        ([], [], True),
        ([SYSTEM], [], True),
        ([SYSTEM, DEVELOPER, USER, SAID], [], True),
        ([USER, SYSTEM, SAID], [], False),
        ([USER, SAID, SYSTEM], [], False),
        ([SAID], [], False),  # the user is first
        ([USER], [], False),  # twice the user
        ([USER, SAID, SAID], [], False),
        ([USER, SAID, TOOL], [], False),  # no call before it
        ([USER, TOOL, SAID], [], False),
        ([], [CALLED, TOOL], True),
        ([], [CALLED], False),  # no reply
        ([], [CALLED, TOOL, TOOL], False),
        ([], [TWICE, TOOL], True),  # one for both
        ([], [TWICE, TOOL, TOOL], True),
        ([], [CALLED, TOOL, CALLED, TOOL], True),
        ([], [NAMED, A, B], True),
        ([], [NAMED, B, A], True),
        ([], [NAMED, A], False),
        ([], [NAMED, A, C], False),
        ([], [NAMED, A, A], False),
        ([USER, CALLED, TOOL], [], False),  # the user before the answer
        ([USER, CALLED, TOOL, SAID], [CALLED, TOOL], True),
    ],
)
def test_turns(history, steps, keep):
    row = {"instruction": "?", "output": "!", "history": history, "steps": steps}
    assert filters.valid_turns(records.frame([row])).tolist() == [keep]


def test_calls_of_the_last_turn_are_open():
    row = {"instruction": "?", "output": "", "calls": [CALL, CALL]}
    assert filters.valid_turns(records.frame([row])).tolist() == [True]


@pytest.mark.parametrize(
    ("output", "keep"),
    [
        ("", True),
        ("As of 2023-09-30.", True),
        ("As of 2023-10-01.", False),
        ("As of 2023-10-01T12:00.", False),
        ("As of 2023/10.", False),
        ("On 30.9.2023 or 2023.09.30.", True),
        ("On 2023.11.02.", False),
        ("The channel is at 2187.5 kHz.", True),
        ("Sep 30, 2023", True),
        ("October 1st, 2023", False),
        ("1 October 2023", False),
        ("The 2nd of November 2023", False),
        ("In 2023.", True),  # not all of it lies after the cut-off
        ("In 2024.", False),
        ("since 2024", False),
        ("(Smith, 2024)", False),
        ("from 2019-2024", False),
        ("2024: the third season", False),
        ("the 2024 election", False),
        ("2024 tokens", True),
        ("a GeForce RTX 2080", True),
        ("It costs $2067.", True),
        ("in 2024 % of", True),
        ("2023年9月30日", True),
        ("2023年10月1日", False),
        ("2024年", False),
        ("自2023 年 12 月起", False),
        ("共有2024个", True),
    ],
)
def test_dates(output, keep):
    rows = records.frame([{"instruction": "When?", "output": output}])
    assert filters.no_later_dates(rows, cutoff="2023-09-30").tolist() == [keep]
    assert filters.no_later_dates(rows, cutoff="2023-09").tolist() == [keep]


def test_other_cutoffs_and_fields():
    rows = records.frame([{"instruction": "In 2024?", "output": "On 2023-10-02."}])
    assert filters.no_later_dates(rows, cutoff="2023").tolist() == [True]
    assert filters.no_later_dates(rows, cutoff="2023-10-01").tolist() == [False]
    both = filters.no_later_dates(rows, cutoff="2023", fields=("instruction", "output"))
    assert both.tolist() == [False]


@pytest.mark.parametrize("cutoff", ["", "23", "2023-13", "May 2023", "2023-9"])
def test_a_cutoff_that_is_no_date(cutoff):
    rows = records.frame([{"instruction": "?", "output": "!"}])
    with pytest.raises(ValueError, match="cutoff must be YYYY, YYYY-MM or YYYY-MM-DD, got"):
        filters.no_later_dates(rows, cutoff=cutoff)
