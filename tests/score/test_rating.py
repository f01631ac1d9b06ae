import math
from types import SimpleNamespace

import pandas as pd
import pytest

from lab import records, score
from lab.llm import prompts


class Rater:
    """Answers by a function of the text of a request, and notes what was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def complete(self, requests):
        self.asked += requests
        return [self.reply(request) for request in requests]

    def reply(self, request):
        text = self.answer("\n".join(turn["content"] for turn in request.messages), request.draw)
        return SimpleNamespace(
            text=text,
            error=None if text is not None else "timeout",
            prompt_tokens=10,
            completion_tokens=2,
            cost_usd=0.001,
            key="k",
            logprobs=[{"token": "4", "logprob": 0.0}] if text else None,
        )


def right_or_wrong(text, draw):
    return "5.0\nRight." if "blue" in text else "2.5\nWrong."


def test_a_rating_is_a_series_on_the_pools_index(pool):
    scores = score.rating(pool, Rater(right_or_wrong))
    assert scores.index.equals(pool.index)
    assert scores.name == "rating"
    expected = [5.0 if "blue" in text else 2.5 for text in pool["output"]]
    assert scores.tolist() == expected


def test_order_of_rows_does_not_matter(pool):
    shuffled = pool.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(
        score.rating(shuffled, Rater(right_or_wrong)).loc[pool.index],
        score.rating(pool, Rater(right_or_wrong)),
    )


def test_what_cannot_be_read_is_missing_with_reason_and_reply(pool):
    said = {"one": "no number here", "yes": None, "the cat sat": "77"}

    def answer(text, draw):
        outputs = [reply for output, reply in said.items() if f"Response:\n{output}\n" in text]
        return outputs[0] if outputs else "4.5"

    table = score.ratings(pool, {"r": Rater(answer)}).set_index("id")
    assert len(table) == len(pool)
    missing = table[table["rating"].isna()]
    by_output = missing.assign(output=pool["output"]).set_index("output")
    assert by_output["reason"].to_dict() == {
        "one": "unparsed",
        "yes": "failed",
        "the cat sat": "out_of_range",
    }
    assert by_output["reply"]["one"] == "no number here"
    assert by_output["error"]["yes"] == "timeout"
    assert score.rating(pool, Rater(answer)).isna().sum() == 3
    assert score.half_steps(table["rating"])["missing"] == 3


def test_draws_are_asked_apart_and_averaged_over_those_that_could_be_read(pool):
    rater = Rater(lambda text, draw: ["4.0", "5.0", "?"][draw])
    scores = score.rating(pool, rater, draws=3, temperature=1.0)
    assert set(scores) == {4.5}
    assert {request.draw for request in rater.asked} == {0, 1, 2}
    assert {request.temperature for request in rater.asked} == {1.0}


def test_raters_dimensions_and_draws_give_one_row_each(pool):
    raters = {"a": Rater(right_or_wrong), "b": Rater(lambda text, draw: "3")}
    table = score.ratings(pool, raters, dimensions=("accuracy", "helpfulness"), draws=2)
    assert len(table) == 2 * 2 * 2 * len(pool)
    assert not table.duplicated(["id", "rater", "dimension", "draw"]).any()
    assert (table[table["rater"] == "b"]["rating"] == 3).all()


@pytest.mark.parametrize("language", prompts.LANGUAGES)
@pytest.mark.parametrize("name", ["rating", "rating_cached"])
def test_the_dimension_and_the_example_are_in_the_prompt(pool, name, language):
    prompt = prompts.load("score", name, language)
    rater = Rater(right_or_wrong)
    score.rating(pool[2:3], rater, dimension="courage", prompt=prompt)
    text = str(rater.asked[0].messages)
    assert all(part in text for part in ("courage", "list of two", "one two", "one and two and"))


def test_the_papers_order_has_the_request_last_and_the_cached_one_has_it_first(pool):
    asked = {}
    for name in ("rating", "rating_cached"):
        rater = Rater(right_or_wrong)
        score.rating(pool, rater, prompt=prompts.load("score", name))
        asked[name] = [request.messages for request in rater.asked]
    assert all(turns[-1]["content"].endswith("any bias.") for turns in asked["rating"])
    assert len({turns[0]["content"] for turns in asked["rating_cached"]}) == 1
    assert all("scale of 0 to 5" in turns[0]["content"] for turns in asked["rating_cached"])


def test_earlier_turns_are_shown_to_the_rater():
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello there"}]
    pool = records.frame([{"history": history, "instruction": "And now?", "output": "Bye"}])
    rater = Rater(right_or_wrong)
    score.rating(pool, rater)
    assert "Assistant: Hello there\n\nAnd now?" in rater.asked[0].messages[1]["content"]


def test_expected_rating_comes_from_probabilities(pool):
    scores = score.expected_rating(pool, Rater(lambda text, draw: "4" if "blue" in text else None))
    assert scores.notna().sum() == pool["output"].str.contains("blue").sum()
    assert set(scores.dropna()) == {4.0}


def test_an_empty_pool_asks_nothing(pool):
    rater = Rater(right_or_wrong)
    assert score.rating(pool[:0], rater).empty
    assert score.ratings(pool[:0], {"r": rater}).columns[0] == "id"
    assert rater.asked == []


@pytest.mark.parametrize(
    ("raters", "change", "message"),
    [
        ({}, {}, "name a rater"),
        ({"r": None}, {"dimensions": ()}, "name a rater and a dimension"),
        ({"r": None}, {"draws": 0}, "draws must be at least 1, got 0"),
    ],
)
def test_errors_say_what_came(pool, raters, change, message):
    with pytest.raises(ValueError, match=message):
        score.ratings(pool, raters, **change)


def test_no_rating_is_ever_made_up(pool):
    scores = score.rating(pool, Rater(lambda text, draw: None))
    assert all(math.isnan(value) for value in scores)
