import pandas as pd
import pytest

from lab import judge, llm, records, testbed
from lab.judge import forms
from lab.llm import prompts
from tests.judge.fakes import Fake


@pytest.fixture
def questions():
    rows = [
        {"instruction": "Name a colour.", "output": "red"},
        {"instruction": "Add.", "input": "1 2", "output": "3"},
        {
            "instruction": "And now?",
            "output": "y",
            "history": [
                {"role": "user", "content": "Before."},
                {"role": "assistant", "content": "Yes {first}."},
            ],
        },
    ]
    return records.frame(rows)


@pytest.fixture
def answers(questions):
    a = pd.Series(["blue {second}", "three", "long answer here"], index=questions.index, name="x")
    b = pd.Series(["red", "3", "猫很好"], index=questions.index[::-1], name="y")
    return a, b


def test_every_pair_is_asked_in_both_orders(questions, answers):
    client = Fake(lambda text: "9 3\nbecause")
    made = judge.pairwise(*answers, client, questions=questions)
    assert len(client.asked) == len(made) == 6
    assert made.groupby("prompt")["first"].agg("".join).tolist() == ["ab"] * 3
    assert made.groupby("first")["verdict"].unique().to_dict() == {"a": ["a"], "b": ["b"]}
    assert made["score_a"].tolist() == [9.0, 3.0] * 3
    assert made[["system", "reference", "judge"]].drop_duplicates().to_numpy().tolist() == [
        ["x", "y", "fake"]
    ]
    assert made["cost_usd"].sum() == pytest.approx(0.006)
    assert judge.win_rate(made)["tie"].tolist() == [3]  # a judge that takes the first is no judge


def test_what_a_judge_reads(questions, answers):
    client = Fake(lambda text: "1 1")
    judge.pairwise(*answers, client, questions=questions)
    text = client.asked[0].messages[-1]["content"]
    assert text.index("Name a colour.") < text.index("blue {second}") < text.index("猫很好")
    assert "Add.\n\n1 2" in client.asked[2].messages[-1]["content"]
    later = client.asked[4].messages[-1]["content"]
    assert "User: Before.\n\nAssistant: Yes {first}.\n\nUser: And now?" in later


def test_lengths_are_of_a_and_b_whatever_the_order(questions, answers):
    made = judge.pairwise(*answers, Fake(lambda text: "1 1"), questions=questions)
    row = made[made["prompt"] == questions.index[0]]
    assert row["length_a"].tolist() == [13.0, 13.0]
    assert row["words_a"].tolist() == [2.0, 2.0]
    assert row["words_b"].tolist() == [3.0, 3.0]


def test_the_reference_is_shown_only_where_it_is_asked_for(questions, answers):
    client = Fake(lambda text: "so [[C]]")
    form = forms.VERDICT_WITH_REFERENCE
    made = judge.pairwise(*answers, client, questions=questions, prompt=form)
    assert "[The Start of Reference Answer]\nred\n" in client.asked[0].messages[-1]["content"]
    assert made["verdict"].unique().tolist() == ["tie"]


def test_failures_are_invalid_and_keep_what_came(questions, answers):
    replies = iter(
        [
            llm.Completion(None, error="timeout", cost_usd=None),
            llm.Completion("8 for A"),
            llm.Completion("8 9"),
            llm.Completion(""),
            llm.Completion("11 2"),
            llm.Completion("7, 7\nwhy"),
        ]
    )
    made = judge.pairwise(*answers, Fake(lambda text: next(replies)), questions=questions)
    invalid = ["invalid", "invalid", "b", "invalid", "invalid", "tie"]
    assert made["verdict"].tolist() == invalid
    assert made["error"].iloc[0] == "timeout"
    assert made["reply"].iloc[1] == "8 for A"
    assert made["preference"].isna().sum() == 4
    rated = judge.win_rate(made).iloc[0]
    assert (rated["prompts"], rated["invalid"]) == (0, 3)


def test_several_judges_and_samples(questions, answers):
    form = forms.Form("verdict", forms.VERDICT.read, temperature=0.7)
    clients = {"one": Fake(lambda text: "[[A]]"), "two": Fake(lambda text: "[[B]]")}
    made = judge.pairwise(*answers, clients, questions=questions, prompt=form, samples=2)
    assert len(made) == 3 * 2 * 2 * 2
    assert {request.draw for request in clients["one"].asked} == {0, 1}
    assert {request.temperature for request in clients["one"].asked} == {0.7}


def test_a_chinese_judge_reads_chinese(questions, answers):
    form = forms.Form("verdict", forms.VERDICT.read, language="zh")
    client = Fake(lambda text: "我认为 [[A]]")
    made = judge.pairwise(*answers, client, questions=questions, prompt=form)
    assert "助手 A 的回答开始" in client.asked[0].messages[-1]["content"]
    assert made["verdict"].tolist() == ["a", "b"] * 3


def test_every_prompt_file_has_both_languages_with_the_same_fields():
    names = prompts.names("judge")
    assert names == prompts.names("judge", "zh")
    for name in names:
        assert (
            prompts.load("judge", name).fields == prompts.load("judge", name, language="zh").fields
        )


def test_row_order_does_not_matter(questions, answers):
    a, b = answers
    say = lambda text: f"{len(text) % 7 + 1} {len(text) % 5 + 1}"  # noqa: E731
    one = judge.pairwise(a, b, Fake(say), questions=questions)
    two = judge.pairwise(a.iloc[::-1], b, Fake(say), questions=questions.iloc[::-1])
    keys = ["prompt", "first"]
    pd.testing.assert_frame_equal(
        one.sort_values(keys, ignore_index=True), two.sort_values(keys, ignore_index=True)
    )


def test_the_testbeds_judge_knows_the_better_answer_in_every_form():
    pool = testbed.prompts(12, seed=0)
    a, b = pool["output"].rename("right"), (pool["output"].iloc[::-1]).rename("wrong")
    b = pd.Series(b.to_numpy(), index=pool.index, name="wrong")
    for form in (
        forms.SCORES,
        forms.VERDICT,
        forms.VERDICT_WITH_REFERENCE,
        forms.LOGPROBS,
    ):
        client = testbed.client(store=":memory:")
        made = judge.pairwise(a, b, client, questions=pool, prompt=form)
        assert made["verdict"].isin(["a", "tie"]).all()
        assert judge.win_rate(made)["win"].iloc[0] >= 10
        assert made["key"].nunique() == len(made)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": pd.Series(["1"], index=["q"], name="y")}, "same distinct ids, got 3 and 1 rows"),
        ({"samples": 2}, "got 2 samples at temperature 0"),
        ({"samples": 0}, "got 0 samples"),
        ({"client": {}}, "at least one judge"),
    ],
)
def test_errors_say_what_came(questions, answers, change, message):
    given = {"a": answers[0], "b": answers[1], "client": Fake(lambda text: "1 1")} | change
    with pytest.raises(ValueError, match=message):
        judge.pairwise(**given, questions=questions)


def test_answers_need_names_questions_and_texts(questions, answers):
    a, b = answers
    client = Fake(lambda text: "1 1")
    with pytest.raises(ValueError, match="different names, got 'x' twice"):
        judge.pairwise(a, b.rename("x"), client, questions=questions)
    with pytest.raises(ValueError, match="questions misses 1 ids"):
        judge.pairwise(a, b, client, questions=questions.iloc[1:])
    holes = a.copy()
    holes.iloc[1] = None
    with pytest.raises(ValueError, match="x has 1 missing answers"):
        judge.pairwise(holes, b, client, questions=questions)
