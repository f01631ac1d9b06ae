import pandas as pd
import pytest

from lab import judge, load, records, testbed
from lab.judge import mt_bench
from tests.judge.fakes import Fake


def series(rows, name):
    index = pd.MultiIndex.from_tuples(list(rows), names=["number", "turn"])
    return pd.Series(list(rows.values()), index=index, name=name)


@pytest.fixture
def questions():
    rows = [
        {"instruction": "Name a {colour}.", "second_turn": "Another?", "number": 81},
        {"instruction": "2 + 2?", "second_turn": "Twice that?", "number": 111},
    ]
    return records.frame([{"output": "", **row} for row in rows])


@pytest.fixture
def answers():
    one = {(81, 1): "Red.", (81, 2): "Blue {first}.", (111, 1): "4", (111, 2): "8"}
    two = {(81, 1): "Plum.", (81, 2): "Pear.", (111, 1): "5", (111, 2): "10"}
    return series(one, "x"), series(two, "y")


@pytest.fixture
def references():
    return series({(111, 1): "It is 4.", (111, 2): "It is 8."}, "gpt-4")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_turn_is_graded_by_the_prompt_that_fits(questions, answers, references, language):
    client = Fake(lambda text: "Fine. [[rating]]: 7")
    given = {"questions": questions, "references": references, "language": language}
    made = mt_bench.grade(answers[0], client, **given)
    assert made["prompt"].tolist() == ["81-1", "81-2", "111-1", "111-2"]
    assert made["with_reference"].tolist() == [False, False, True, True]
    assert made["rating"].tolist() == [7, 7, 7, 7]
    asked = ["\n".join(m["content"] for m in r.messages) for r in client.asked]
    assert "Another?" not in asked[0]
    assert [text.count("Name a {colour}.") for text in asked[:2]] == [1, 1]
    assert asked[1].index("Red.") < asked[1].index("Another?") < asked[1].index("Blue {first}.")
    assert "It is 4." in asked[2]
    assert "It is 8." not in asked[2]
    assert asked[3].index("It is 8.") < asked[3].rindex("8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pairs_are_compared_in_both_orders_with_each_ones_own_first_turn(
    questions, answers, references, language
):
    client = Fake(lambda text: "So [[A]]")
    given = {"questions": questions, "references": references, "language": language}
    made = mt_bench.compare(*answers, client, **given)
    assert len(made) == 8
    assert made.groupby("first")["verdict"].unique().map(list).to_dict() == {"a": ["a"], "b": ["b"]}
    second = client.asked[1].messages[-1]["content"]
    parts = ["Red.", "Another?", "Blue {first}.", "Plum.", "Pear."]
    assert [second.index(part) for part in parts] == sorted(second.index(part) for part in parts)
    turned = client.asked[5].messages[-1]["content"]
    assert turned.index("Pear.") < turned.index("Red.")
    assert made[["system", "reference"]].drop_duplicates().to_numpy().tolist() == [["x", "y"]]
    assert made[made["prompt"] == "81-2"]["length_a"].tolist() == [13.0, 13.0]
    rated = judge.win_rate(made, rule=judge.rates.both_agree).iloc[0]
    assert rated["tie"] == 4


def test_unread_ratings_are_missing_and_counted(questions, answers):
    replies = iter(["[[9]]", "[[rating: 3]]", "<think>[[5]]", "Good."])
    made = mt_bench.grade(answers[0], Fake(lambda text: next(replies)), questions=questions)
    found = judge.mean_rating(made).iloc[0]
    assert (found["mean"], found["prompts"], found["invalid"]) == (6.0, 2, 2)


def two_turns(count):
    """Questions of the testbed in pairs, and what is right and wrong in both turns."""
    pool = testbed.prompts(2 * count, seed=0)
    first, second = pool.iloc[:count], pool.iloc[count:]
    rows = [
        {"instruction": records.user_turn(one), "second_turn": records.user_turn(two), "number": n}
        for n, one, two in zip(
            range(1, count + 1), first.to_dict("records"), second.to_dict("records"), strict=True
        )
    ]
    right = {
        (n, turn): part["output"].iloc[n - 1]
        for n in range(1, count + 1)
        for turn, part in ((1, first), (2, second))
    }
    wrong = dict.fromkeys(right, "Never mind.")
    return records.frame([{"output": "", **row} for row in rows]), right, wrong


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_testbeds_judge_knows_the_better_answer_in_both_turns(language):
    questions, right, wrong = two_turns(6)
    client = testbed.client(store=":memory:")
    references = series({key: text for key, text in right.items() if key[0] > 3}, "reference")
    given = {"questions": questions, "references": references, "language": language}
    good = mt_bench.grade(series(right, "right"), client, **given)
    bad = mt_bench.grade(series(wrong, "wrong"), client, **given)
    assert good["rating"].eq(10).all()
    assert bad["rating"].lt(10).all()
    made = mt_bench.compare(series(right, "right"), series(wrong, "wrong"), client, **given)
    assert made["verdict"].eq("a").all()
    assert made["with_reference"].mean() == 0.5


def test_what_is_missing_is_named(questions, answers):
    a, b = answers
    client = Fake(lambda text: "[[A]]")
    with pytest.raises(ValueError, match="second misses turn 2 of question 111"):
        mt_bench.compare(a, b.drop(index=(111, 2)), client, questions=questions)
    with pytest.raises(ValueError, match="questions misses 1 of the numbers, the first is 111"):
        mt_bench.grade(a, client, questions=questions.iloc[:1])
    with pytest.raises(ValueError, match="different names, got 'x' twice"):
        mt_bench.compare(a, b.rename("x"), client, questions=questions)


@pytest.mark.realdata
def test_published_questions_answers_and_references_make_all_prompts(shared):
    place = shared / "data" / "mt_bench"
    read = load.prompt_sets.mt_bench_answers
    references = read(place / "reference_answer_gpt-4.jsonl")
    given = {"questions": load.prompt_sets.mt_bench(place / "question.jsonl")}
    given["references"] = references
    a, b = (read(place / f"model_answer/{n}.jsonl.gz") for n in ("vicuna-7b-v1.3", "alpaca-13b"))
    client = Fake(lambda text: "[[A]]")
    made = mt_bench.compare(a, b, client, **given)
    assert len(made) == 80 * 2 * 2
    assert made["with_reference"].sum() == 30 * 2 * 2
