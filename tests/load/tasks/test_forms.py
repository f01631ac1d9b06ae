import pytest

from lab.errors import DataError
from lab.load.tasks.forms import BARE, Form, Task, examples

PAIRS = [("Peru", ["Lima"]), ("Chad", ["N'Djamena"])]
TASK = Task("capital", "Name the capital.", PAIRS, [("Cuba", "Havana")])


def only(form, task=TASK):
    made = examples(task, form)[0]
    return made["instruction"], made["input"], made["output"]


def test_with_and_without_the_description():
    assert only(Form()) == ("Name the capital.", "Peru", "Lima")
    assert only(BARE) == ("Peru", "", "Lima")


def test_inverted_asks_for_the_input():
    instruction, material, output = only(Form(inverted=True))
    assert instruction.endswith("The task: Name the capital.")
    assert (material, output) == ("Lima", "Peru")
    assert examples(TASK, Form(inverted=True))[0]["inverted"] is True


def test_shots_and_options():
    instruction, material, _ = only(Form(shots=1, options=True))
    assert instruction == "Name the capital.\n\nInput: Cuba\nOutput: Havana"
    assert material == "Peru\n\nOptions:\n- Lima\n- N'Djamena"
    with pytest.raises(DataError, match="has 1 solved examples, 2 are to be shown"):
        examples(TASK, Form(shots=2))


def test_a_cap_draws_by_seed():
    many = Task("t", "d", [(str(n), ["x"]) for n in range(50)])
    forms = [Form(per_task=5, seed=seed) for seed in (0, 0, 1)]
    drawn = [[one["input"] for one in examples(many, form)] for form in forms]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) == 5


def test_a_chinese_task_is_asked_in_chinese():
    task = Task("t", "翻译。", [("猫", ["cat"])], language="Chinese")
    assert only(Form(inverted=True), task)[0].startswith("下面是一道任务的答案。")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shots": -1}, "shots must be at least 0"),
        ({"per_task": 0}, "per_task must be at least 1"),
        ({"inverted": True, "shots": 1}, "an inverted form has no shots"),
    ],
)
def test_forms_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        Form(**options)
