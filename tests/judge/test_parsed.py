import math

import pytest

from lab.judge import parsed
from lab.llm import Completion


@pytest.mark.parametrize(
    ("text", "winner"),
    [
        ("8 9\nwhy", "second"),
        ("\n 9.5 9 \nwhy", "first"),
        ("7, 7", "tie"),
        ("10 1", "first"),
        ("0 5", "invalid"),
        ("8/10 9/10", "invalid"),
        ("8 9 7", "invalid"),
        ("Scores: 8 9", "invalid"),
        ("because\n8 9", "invalid"),
        ("", "invalid"),
    ],
)
def test_scores(text, winner):
    assert parsed.scores(Completion(text)).winner == winner


@pytest.mark.parametrize(
    ("text", "winner"),
    [
        ("[[A]]", "first"),
        ("If A were better I would say [[A]], but it is not: [[B]]", "second"),
        ("[[C]].", "tie"),
        ("A is better", "invalid"),
        ("[[D]]", "invalid"),
        ("[A]", "invalid"),
    ],
)
def test_verdicts(text, winner):
    assert parsed.verdict(Completion(text)).winner == winner


def tops(**chances):
    found = [{"token": token, "logprob": math.log(p)} for token, p in chances.items()]
    return Completion("m", logprobs=[{"token": "m", "logprob": 0.0, "top_logprobs": found}])


def test_log_probabilities_share_what_is_theirs():
    read = parsed.logprobs(tops(m=0.3, M=0.1, The=0.6))
    assert read.winner == "first"
    assert read.preference == pytest.approx(0.75)
    assert parsed.logprobs(tops(m=0.2, M=0.2)).winner == "tie"
    assert parsed.logprobs(tops(M=0.2)).preference == 0.0
    assert parsed.logprobs(tops(The=1.0)).winner == "invalid"
    assert parsed.logprobs(Completion("m")).winner == "invalid"
    assert parsed.logprobs(Completion(None, error="timeout")).winner == "invalid"


@pytest.mark.parametrize(
    ("text", "number"),
    [("good\n5\n5", 5), ("6", 6), ("7", None), ("0", None), ("5 points", None), ("", None)],
)
def test_the_last_line(text, number):
    found = parsed.last_line(Completion(text), lowest=1, highest=6)
    assert found == number if number else math.isnan(found)


@pytest.mark.parametrize(
    ("text", "number"),
    [("[[5]] or rather [[6.5]]", 6.5), ("[[11]]", None), ("Rating: 5", None)],
)
def test_marked_numbers(text, number):
    found = parsed.marked(Completion(text), lowest=1, highest=10)
    assert found == number if number else math.isnan(found)
