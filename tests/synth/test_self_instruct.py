"""Self-Instruct and Alpaca: each rule, the whole loop against the truth of the testbed."""

import pytest

from lab import filters, testbed
from lab.errors import DataError
from lab.synth import Quirks, Terms, alpaca, load_seeds, self_instruct
from lab.synth.layouts import examples, items, lines, numbered
from lab.synth.self_instruct import wrong_instance, wrong_tasks
from lab.testbed import chains, chinese

SEEDS = load_seeds()


def teacher(**settings):
    return testbed.client(testbed.Teacher(**settings), store=":memory:")


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("Sort these numbers.", "length of the instruction"),
        ("Sort these four numbers.", ""),
        ("word " * 151, "length of the instruction"),
        ("Describe what the picture shows here.", "asks for more than text"),
        ("Explain what photography is about today.", ""),
        ("Write a program that adds two numbers.", "asks for a program"),
        ("(Optional) Tell me a short story.", "starts with no letter"),
        ("Élan is what word class, please?", "starts with no letter"),
    ],
)
def test_each_rule_on_instructions(task, reason):
    assert wrong_tasks([task], "en", words=filters.SELF_INSTRUCT_WORDS) == [reason]


def test_chinese_lengths_are_in_characters():
    tasks = ["写首诗吧。", "写一首关于春天的诗。"]
    assert wrong_tasks(tasks, "zh", words=("图片",)) == ["length of the instruction", ""]


def test_each_rule_on_instances():
    assert wrong_instance({"input": "a", "output": ""}) == "no output"
    assert wrong_instance({"input": "a", "output": "a"}) == "the output is the input"
    assert wrong_instance({"input": "List:", "output": "b"}) == "ends with a colon"
    assert wrong_instance({"output": "结果如下："}) == "ends with a colon"
    assert wrong_instance({"input": "a", "output": "b"}) == ""


def test_lists_and_examples_are_read_in_both_languages():
    assert items("9. Add them.\n10) Sort\nthem.", first=9) == ["Add them.", "Sort them."]
    assert items("1. Shown.\n9、写诗。", first=9) == ["写诗。"]
    assert items("1. Anew.\n2. Again.", first=9) == ["Anew.", "Again."]
    assert items("No list.", first=9) == []
    assert lines("- a\n\n2. b") == ["a", "b"]
    assert numbered(["a\nb"], 3) == "3. a b"
    assert examples("例 1\n输入：无\n输出：好") == [{"input": "", "output": "好"}]
    found = examples("Example 1\nLabel: odd\nInput: 3\nExample 2\nLabel: even\nInput: 4\n5")
    assert found == [{"label": "odd", "input": "3"}, {"label": "even", "input": "4\n5"}]


def test_a_perfect_teacher_gives_right_answers_and_the_pool_stays_novel():
    result = self_instruct(SEEDS, teacher(), keep=80)
    found = [chains.read(text) for text in result.examples["instruction"]]
    assert all(found)
    assert [one.answer for one in found] == result.examples["output"].tolist()
    seeds = SEEDS["instruction"].tolist()
    assert filters.novelty(result.examples.drop_duplicates("instruction"), seeds=seeds).all()


def test_a_lazy_and_unskilled_teacher_is_seen_in_the_reasons_and_in_the_truth():
    good = self_instruct(SEEDS, teacher(), keep=60)
    bad = self_instruct(SEEDS, teacher(laziness=0.4, skill=0.6), keep=60)
    assert bad.acceptance < good.acceptance
    known = [chains.read(text) for text in bad.examples["instruction"]]
    right = [
        one is not None and one.answer == output
        for one, output in zip(known, bad.examples["output"], strict=True)
    ]
    assert 0.2 < sum(right) / len(right) < 0.85
    assert {"asks for more than text", "not novel", "no output"} <= set(bad.reasons.index)


def test_it_takes_both_ways_to_instances():
    result = self_instruct(SEEDS, teacher(), keep=80)
    assert 0 < result.examples["classification"].mean() < 0.8


def test_machine_tasks_are_shown_after_the_first_round():
    shown = []

    def watch(now):
        shown.extend(request.messages[-1]["content"] for request in now.asking)

    self_instruct(SEEDS, teacher(), keep=90, terms=Terms(watch=watch))
    lists = [text for text in shown if text.startswith("Tasks so far:")]
    people = set(SEEDS["instruction"])

    def own(text):
        tasks = [line.partition(". ")[2] for line in text.splitlines() if line[:1].isdigit()]
        return len(tasks), sum(task not in people for task in tasks)

    assert own(lists[0]) == (8, 0)
    assert own(lists[-1]) == (8, 2)


def test_the_quirk_of_capitals_is_off_unless_named():
    plain = self_instruct(SEEDS, teacher(), keep=20)
    quirk = self_instruct(SEEDS, teacher(), keep=20, quirks=Quirks(capitalize=True))
    assert any(text[1:] != text[1:].lower() for text in plain.examples["instruction"])
    assert all(text[1:] == text[1:].lower() for text in quirk.examples["instruction"])


def test_alpaca_shows_seeds_alone_and_makes_one_instance_a_task():
    shown = []

    def watch(now):
        shown.extend(request.messages[-1]["content"] for request in now.asking)

    result = alpaca(SEEDS, teacher(laziness=0.2), keep=40, terms=Terms(watch=watch))
    assert len(result.examples) == 40
    assert result.examples["instruction"].is_unique
    people = set(SEEDS["instruction"])
    for text in shown:
        tasks = [line.partition("Instruction: ")[2] for line in text.splitlines()]
        assert {task for task in tasks if task} <= people


@pytest.mark.parametrize("method", [self_instruct, alpaca])
def test_chinese_from_seeds_to_answers(method):
    result = method(load_seeds("zh"), teacher(), keep=25, terms=Terms(language="zh"))
    assert len(result.examples) == 25
    truths = [chinese.answer(text) for text in result.examples["instruction"]]
    assert truths == result.examples["output"].tolist()
    assert result.reasons.get("not novel", 0) > 0


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"machine must be between 0 and 8, got 9"):
        self_instruct(SEEDS, teacher(), keep=1, machine=9)
    with pytest.raises(DataError, match=r"seeds must hold at least one row, got none"):
        self_instruct(SEEDS.head(0), teacher(), keep=1)
    with pytest.raises(ValueError, match=r"seeds must hold at least 3 tasks, got 2"):
        alpaca(SEEDS.head(2), teacher(), keep=1)
