"""Textbooks: passages, exercises, and programs that pass their tests."""

import pytest

from lab import testbed
from lab.errors import SandboxError
from lab.synth import Terms, sandbox, textbook
from lab.synth.textbook import programs
from lab.testbed import chains, chinese

TOPICS = ["arithmetic", "geography", "the lists of things", "calendar"]


def teacher(**settings):
    return testbed.client(testbed.Teacher(**settings), store=":memory:")


def test_passages_and_exercises_of_every_topic_for_several_readers():
    made = textbook(TOPICS, teacher(), keep=40)
    kinds = made.examples["kind"].value_counts()
    assert set(kinds.index) == {"passage", "exercise"}
    assert set(made.examples["topic"]) == set(TOPICS)
    assert made.examples["audience"].nunique() == 8
    asked = made.examples[made.examples["kind"] == "exercise"]
    told = zip(asked["instruction"].map(chains.read), asked["output"], strict=True)
    assert all(one is not None and one.answer == text for one, text in told)
    assert "for a farmer" in made.examples["instruction"].str.cat(sep=" ")


def test_exercises_of_one_topic_are_of_its_domain():
    made = textbook(["arithmetic"], teacher(), keep=20)
    asked = made.examples[made.examples["kind"] == "exercise"]["instruction"]
    assert {chains.read(text).task.family.domain for text in asked} == {"arithmetic"}


def test_chinese_textbooks():
    made = textbook(["数学"], teacher(), keep=12, terms=Terms(language="zh"))
    asked = made.examples[made.examples["kind"] == "exercise"]["instruction"]
    assert len(asked) > 3
    assert all(chinese.answer(text) is not None for text in asked)


@pytest.mark.skipif(bool(sandbox.unfit()), reason="this machine cannot hold code back")
def test_programs_are_kept_if_they_are_right_and_only_then():
    made = textbook(
        ["functions"], teacher(skill=0.6, laziness=0.3), keep=20, tested=sandbox.Limits()
    )
    kept = made.examples[made.examples["kind"] == "program"]
    assert len(kept) >= 5
    assert not kept["output"].str.contains("return None|/etc/hosts").any()
    fell = made.rejects[made.rejects["reason"] == "does not pass its tests"]
    assert fell["output"].str.contains("return None|/etc/hosts").all()
    assert fell["evidence"].str.startswith("error: ").all()
    assert made.reasons["its tests use nothing that it defines"] > 0
    with_tests = kept["tests"].map(programs)
    assert with_tests.str.contains("assert ").all()


def test_code_is_not_asked_for_where_it_cannot_be_run(monkeypatch):
    monkeypatch.setattr(sandbox, "unfit", lambda: "no kernel")
    asked = teacher()
    with pytest.raises(SandboxError, match="no kernel"):
        textbook(["x"], asked, keep=1, tested=sandbox.Limits())
    assert asked.server_log.summary()["calls"] == 0
    with pytest.raises(ValueError, match=r"topics must hold at least one, got none"):
        textbook([], asked, keep=1)
