import gzip
import json
import math
from functools import partial

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
        ("0 10", "second"),
        ("0 5", "second"),
        ("**8 9**\n\nwhy", "second"),
        ("8/10 9/10", "second"),
        ("Scores: 8 9", "second"),
        ("评分：8 9", "second"),
        ("It is 4, as I find.\n8 9", "second"),
        ("Solved.\nAssistant 1: 9 (right)\nAssistant 2: 4/10\n\nThe first is right.", "first"),
        ("Assistant A: 8, Assistant B: 9", "second"),
        ("助手1：8\n助手2：9", "second"),
        ("Points (10, 4) and (2, -2).\n\nIn all the scores are (1, 5) for 1 and 2.", "second"),
        ("8/10", "invalid"),
        ("8 9 7", "invalid"),
        ("11 2", "invalid"),
        ("8 9\nOr rather:\n9 8", "invalid"),
        ("Assistant 1:\n1. The first step is right.\nAssistant 2:\n2. The second.", "invalid"),
        ("The points are (8, 9).", "invalid"),
        ("Assistant 1 is better.", "invalid"),
        ("", "invalid"),
    ],
)
def test_scores(text, winner):
    assert parsed.scores(Completion(text)).winner == winner


def test_scores_of_a_cut_reply_are_those_of_its_first_line():
    assert parsed.scores(Completion("8 9\nwhy", finish_reason="length")).winner == "second"
    assert parsed.scores(Completion("Why\n8 9", finish_reason="length")).winner == "invalid"


@pytest.mark.realdata
def test_published_reviews_are_read_as_their_authors_read_them(shared):
    differing, count = [], 0
    for path in sorted((shared / "data/judge/vicuna80/gpt4_reviews").glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).decode("utf-8").strip().split("\n"):
            row = json.loads(line)
            found = parsed.scores(Completion(row["text"]))
            count += 1
            if [found.score_first, found.score_second] != row["score"]:
                differing.append((row["score"], found.score_first, found.score_second))
    assert count == 320
    assert differing == [([10, 2], 10.0, 4.0)] * 2  # the texts do say 10 and 4


@pytest.mark.parametrize(
    ("text", "winner"),
    [
        ("[[A]]", "first"),
        ("If A were better I would say [[A]], but it is not: [[B]]", "second"),
        ("[[C]].", "tie"),
        ("I answer [[A]], [[B]], or [[C]] for a tie.\nSo: [[ A ]]", "first"),
        ("I answer [[A]], [[B]], or [[C]] for a tie. A is good", "invalid"),
        ("A is better", "invalid"),
        ("[[D]]", "invalid"),
        ("[A]", "invalid"),
    ],
)
def test_verdicts(text, winner):
    assert parsed.verdict(Completion(text)).winner == winner


def test_a_cut_reply_has_a_verdict_only_at_its_end():
    cut = partial(Completion, finish_reason="length")
    assert parsed.verdict(cut("First I thought [[A]], yet")).winner == "invalid"
    assert parsed.verdict(cut("It is wrong, so **[[B]]**.")).winner == "second"
    assert math.isnan(parsed.marked(cut("Maybe [[3]], but"), lowest=1, highest=10))
    assert parsed.marked(cut("Rating: [[3]]"), lowest=1, highest=10) == 3


@pytest.mark.parametrize("opening", ["<think>\n", "<thinking>", "<reasoning>", ""])
def test_thoughts_have_no_verdict(opening):
    close = opening.strip().replace("<", "</") or "</think>"
    thought = f"{opening}9 1 [[B]] [[2]]\n2\n{close}\n\n"
    assert parsed.verdict(Completion(f"{thought}So [[A]]")).winner == "first"
    assert parsed.verdict(Completion(f"{thought}I cannot say.")).winner == "invalid"
    assert parsed.scores(Completion(f"{thought}8 6\nwhy")).winner == "first"
    assert parsed.marked(Completion(f"{thought}[[rating]]: 7"), lowest=1, highest=10) == 7
    assert math.isnan(parsed.marked(Completion(f"{thought}Good."), lowest=1, highest=10))
    assert parsed.last_line(Completion(f"{thought}Well.\n5"), lowest=1, highest=6) == 5


@pytest.mark.parametrize("reason", [None, "stop", "length"])
def test_a_reply_cut_inside_its_thoughts_has_no_verdict(reason):
    reply = Completion("<think>\nI write [[A]] if A is better, or [[2]]\n2", finish_reason=reason)
    assert parsed.verdict(reply).winner == parsed.scores(reply).winner == "invalid"
    assert math.isnan(parsed.marked(reply, lowest=1, highest=10))
    assert math.isnan(parsed.last_line(reply, lowest=1, highest=6))


@pytest.mark.parametrize(
    ("text", "winner"),
    [
        ("[{'model': 'model_1', 'rank': 1}, {'model': 'model_2', 'rank': 2}]", "first"),
        (
            "```python\n[{'model': 'model_2', 'rank': 1}, {'model': 'model_1', 'rank': 2}]```",
            "second",
        ),
        ('[{"model": "m", "rank": 2}, {"model": "M", "rank": "1"}]', "second"),
        ("[{'model': 'model_1', 'rank': 1}, {'model': 'model_2', 'rank': 1}]", "tie"),
        ("[{'model': 'model_1', 'rank': 1}]", "invalid"),
        ("<think>[{'model': 'model_1', 'rank': 1}, {'model': 'model_2', 'rank': 2}]", "invalid"),
        ("model_1 is better", "invalid"),
    ],
)
def test_rankings(text, winner):
    assert parsed.ranking(Completion(text)).winner == winner


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
    for tops_given in (None, [], [{"token": "m", "logprob": None}, {"token": None}]):
        first = {"token": "m", "logprob": 0.0, "top_logprobs": tops_given}
        assert parsed.logprobs(Completion("m", logprobs=[first])).winner == "invalid"
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
    [
        ("[[5]] or rather [[6.5]]", 6.5),
        ("[[rating: 3]]", 3),
        ("[[rating]]: 2", 2),
        ("[[Rating]]: [[2]]", 2),
        ("**Rating**: [[7.5]]", 7.5),
        ("[[7/10]]", 7),
        ("[[rating]] 8/10", 8),
        ("[[rating]]: 10.", 10),
        ("See [3]. Rating: [4]", 4),
        ("评分：[[6]]", 6),
        ("[[评分：6]]", 6),
        ("[[5分]]", 5),
        ('The form is "[[rating]]", for example: "Rating: [[5]]". So: [[9]]\n[[3]]', 3),
        ('The form is "[[rating]]", for example: "Rating: [[5]]".', None),
        ("格式为 [[分数]]，例如：[[5]]", None),
        ("[[11]]", None),
        ("[[0]]", None),
        ("[[7/5]]", None),
        ("[[rating]]: 100", None),
        ("[[rating]]", None),
        ("See [3].", None),
        ("Rating: 5", None),
    ],
)
def test_marked_numbers(text, number):
    found = parsed.marked(Completion(text), lowest=1, highest=10)
    assert found == number if number else math.isnan(found)
