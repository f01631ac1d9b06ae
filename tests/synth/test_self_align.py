"""SELF-ALIGN: what is stripped, what falls, and what the principles change."""

import pytest

from lab import testbed
from lab.synth import Terms, answer, self_align
from lab.synth.self_align import KINDS, split
from lab.testbed import redteam

POOL = testbed.pool(40, seed=3)


def teacher(**settings):
    return testbed.client(testbed.Teacher(**settings), store=":memory:")


@pytest.mark.parametrize(
    ("reply", "told", "wrong"),
    [
        ("Thoughts: it is live (9).\nAnswer: I cannot see that.", "I cannot see that.", ""),
        ("**Internal thoughts:** (9)\n\n**Answer:** No.\nReally.", "No.\nReally.", ""),
        ("思考：实时数据（9）。\n回答：我不知道。", "我不知道。", ""),
        ("Thoughts: (3)\nAnswer: Two.\n\nQuestion: And now?\nThoughts: (1)", "Two.", ""),
        ("Thoughts: (3)", "", "no answer after the thoughts"),
        ("Thoughts: (3)\nAnswer:", "", "no answer after the thoughts"),
        ("Answer: Two.", "", "no thoughts before the answer"),
        ("Two.", "", "no answer after the thoughts"),
        ("Thoughts: (7)\nAnswer: By principle 7, no.", None, "speaks of the principles"),
        ("思考：（7）\n回答：根据原则7，不行。", None, "speaks of the principles"),
        ("Thoughts: (2)\nAnswer: It is unknown (2).", None, "speaks of the principles"),
        ("Thoughts: (2)\nAnswer: (1) is odd, and (2) is even.", "(1) is odd, and (2) is even.", ""),
    ],
)
def test_thoughts_are_stripped_and_what_is_wrong_has_a_name(reply, told, wrong):
    _, found, why = split(reply)
    assert why == wrong
    assert told is None or found == told


def test_half_is_of_the_pool_and_half_is_made_of_every_kind():
    made = self_align(POOL, teacher(), keep=100)
    kinds = made.examples["kind"]
    assert (kinds == "").sum() == 40  # all of the pool
    assert made.examples.loc[kinds == "", "parent"].isin(POOL.index).all()
    assert kinds[kinds != ""].nunique() > 5
    assert (made.examples.loc[kinds != "", "topic"] != "").all()
    assert set(made.examples["principles"]) == {"3, 8", "7, 9"}
    only = self_align(POOL, teacher(), keep=60, kinds=())
    assert only.stopped_because == "nothing left to ask"
    assert len(only.examples) == 40


@pytest.mark.parametrize("language", ["en", "zh"])
def test_principles_make_a_bluffing_teacher_candid(language):
    made = self_align(POOL, teacher(), keep=60, terms=Terms(language=language))
    asked = made.examples[made.examples["kind"] != ""]
    assert len(asked) >= 20
    assert asked["instruction"].map(redteam.unanswerable).all()
    assert asked["output"].map(redteam.candid).all()
    plain = answer(asked, teacher(), keep=len(asked))
    assert not plain.examples["output"].map(redteam.candid).any()


def test_a_lazy_teacher_falls_by_name_and_no_thought_gets_through():
    made = self_align(POOL, teacher(laziness=0.5), keep=80)
    reasons = set(made.reasons.index)
    assert reasons >= {
        "no answer after the thoughts",
        "speaks of the principles",
        "not novel",
    }
    assert not made.examples["output"].str.contains(r"Thoughts|principle").any()


def test_a_clone_answers_again_at_length():
    short = self_align(POOL, teacher(), keep=20)
    long = self_align(POOL, teacher(), keep=20, clone=teacher(laziness=0.3))
    assert long.examples["output"].str.len().mean() > short.examples["output"].str.len().mean() + 50
    assert long.reasons["no longer than the short answer"] > 0
    assert (long.examples["thoughts"] != "").all()


def test_every_kind_is_told_in_both_languages():
    assert len({one.name for one in KINDS}) == 20
    assert len({one.en for one in KINDS} | {one.zh for one in KINDS}) == 40
