import math

import numpy as np
import pandas as pd
import pytest

from lab.score.replies import (
    expected_value,
    half_steps,
    parse_rating,
    why_unrated,
)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("4.5", 4.5),
        ("4.5\nThe answer is right.", 4.5),
        ("  5.0  \n", 5.0),
        ("0", 0.0),
        ("**4**\nbecause", 4.0),
        ("4.5/5\nbecause", 4.5),
        ("4 out of 5.", 4.0),
        ("Score: 3.5\nbecause", 3.5),
        ("Accuracy: 3", 3.0),
        ("Creativity of the reply: 2.5 / 5", 2.5),
        ("评分：4.5\n理由如下", 4.5),
        ("4.5分", 4.5),
        ("It is fine.\n\n**Score:** 4.5", 4.5),
        ("I think the rating is 3 here.", 3.0),
        ("理由很多。\n得分为3.5。", 3.5),
    ],
)
def test_ratings_that_can_be_read(reply, value):
    assert parse_rating(reply) == value
    assert why_unrated(reply) is None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (None, "failed"),
        ("", "unparsed"),
        ("I cannot rate this.", "unparsed"),
        ("The 3 facts are right.", "unparsed"),
        ("3 facts are wrong\nbut it is kind", "unparsed"),
        ("4 5", "unparsed"),
        ("4.5.1", "unparsed"),
        ("Score: four", "unparsed"),
        ("9/10", "unparsed"),
        ("Score: 4/10", "unparsed"),
        ("Score: 45", "out_of_range"),
        ("-1", "out_of_range"),
        ("6\nsuperb", "out_of_range"),
    ],
)
def test_anything_else_is_missing_with_its_reason(reply, reason):
    assert math.isnan(parse_rating(reply))
    assert why_unrated(reply) == reason


def token(text, **others):
    """A token with what else might have come, by probability."""
    chances = {text: 1 - sum(others.values())} | others
    top = [
        {"token": t, "logprob": math.log(p) if p else -math.inf} for t, p in chances.items() if p
    ]
    return {"token": text, "logprob": math.log(chances[text]), "top_logprobs": top}


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>\n", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<reasoning>", "</reasoning>"),
        ("", "</think>"),
    ],
)
def test_a_rating_out_of_the_thoughts_does_not_count(opening, closing):
    thought = f"{opening}My first idea is Score: 2, but it is right.\n{closing}\n\n"
    assert parse_rating(f"{thought}4.5\nIt is right.") == 4.5
    assert parse_rating(f"{thought}Well done.\nScore: 4") == 4.0
    assert why_unrated(f"{thought}It is right.") == "unparsed"


def test_a_reply_cut_inside_its_thoughts_has_no_rating():
    assert math.isnan(parse_rating("<think>\nMy first idea is Score: 2"))
    assert why_unrated("<think>\nMy first idea is Score: 2") == "unparsed"


@pytest.mark.parametrize(
    ("tokens", "value"),
    [
        ([token("4")], 4.0),
        ([token("4", **{"5": 0.25, "3": 0.25})], 4.0),
        ([token("4", **{"5": 0.5})], 4.5),
        ([token("4.5", **{"5": 0.2, "3.5": 0.3})], 0.5 * 4.5 + 0.2 * 5 + 0.3 * 3.5),
        ([token("4"), token("."), token("5")], 4.5),
        ([token("4"), token("."), token("5", **{"0": 0.5})], 4.25),
        ([token("4"), token(".", **{"\n": 0.4}), token("5")], 4.3),
        ([token("4"), token("\n", **{".": 0.2})], 4.1),
        ([token("4"), token(".5")], 4.5),
        ([token("4", **{"5": 0.5}), token("."), token("5")], 4.75),
        ([token("\n"), token("**"), token(" 3")], 3.0),
        ([token("4", The=0.5)], 4.0),
    ],
)
def test_expected_value_by_hand(tokens, value):
    assert expected_value(tokens) == pytest.approx(value)


@pytest.mark.parametrize("tokens", [[], [token("The")], [token("\n")], [token("9")]])
def test_no_number_first_means_no_expected_value(tokens):
    assert math.isnan(expected_value(tokens))


def test_half_steps_sum_to_all_rows_and_to_what_a_cut_keeps():
    ratings = pd.Series(np.random.default_rng(0).uniform(0, 5, 200).tolist() + [math.nan] * 7)
    counts = half_steps(ratings)
    assert counts.sum() == 207
    assert counts["missing"] == 7
    assert counts[["4.5", "5.0"]].sum() == (ratings >= 4.5).sum()
    assert counts[["4.0", "4.5", "5.0"]].sum() == (ratings >= 4.0).sum()


def test_half_steps_of_nothing():
    assert half_steps(pd.Series([], dtype="float64")).sum() == 0


def test_half_steps_refuse_what_is_no_rating():
    with pytest.raises(ValueError, match=r"within 0 and 5, got -1.0"):
        half_steps(pd.Series([-1.0, 3.0]))
