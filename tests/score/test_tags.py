import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lab import score
from lab.llm import prompts
from lab.score.tags import parse_tags, plain


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ('["math", "art"]', ["math", "art"]),
        ('[{"tag": "math", "explanation": "sums [1]"}]', ["math"]),
        ('```json\n["math", " math ", "art"]\n```', ["math", "art"]),
        ("[]", []),
        (None, None),
        ("no list", None),
        ("[math]", None),
        ('[{"name": "math"}]', None),
        ('["math", 3]', None),
        ('["math", ""]', None),
    ],
)
def test_parse_tags(reply, found):
    assert parse_tags(reply) == found


def test_tags_out_of_thoughts_and_restated_forms_do_not_count():
    answer = '[{"tag": "math"}]'
    assert parse_tags(f'<think>\nThe form is [{{"tag": "x"}}], as in [1].\n</think>\n{answer}') == [
        "math"
    ]
    assert parse_tags(f"So [1] or [2]. {answer}") == ["math"]
    assert parse_tags(f'The form is ["tag", "tag"]. Mine: {answer}') == ["math"]
    assert parse_tags('<think>\nThe form is ["a"]') is None
    assert parse_tags('["a", "b') is None


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("Math-Problems", "math problem"),
        ("categories", "category"),
        ("class", "class"),
        ("data_analysis", "data analysis"),
        ("status", "status"),
        ("数学", "数学"),
        ("!!", None),
    ],
)
def test_plain(tag, name):
    assert plain(tag) == name


class Tagger:
    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def complete(self, requests):
        self.asked += requests
        return [SimpleNamespace(text=self.answer(r.messages[-1]["content"])) for r in requests]


@pytest.mark.parametrize("language", prompts.LANGUAGES)
def test_tags_and_their_number(pool, language):
    def answer(text):
        if "describe" in text:
            return "I see no tags"
        if "yes" in text:
            return None
        return json.dumps([{"tag": word} for word in ("dog", "two") if word in text])

    tagger = Tagger(answer)
    table = score.tags(pool, tagger, prompt=prompts.load("score", "tags", language))
    assert table.index.equals(pool.index)
    assert table["reason"].value_counts().to_dict() == {"unparsed": 1, "failed": 1}
    counts = score.tag_count(table["tags"])
    assert counts.isna().sum() == 2
    assert counts.loc[pool.index[2]] == 1  # "two" in the input
    assert counts.loc[pool.index[0]] == 0
    assert "one two" in tagger.asked[2].messages[-1]["content"], "the input is part of the request"


def series(*rows):
    return pd.Series(list(rows), dtype="object")


def test_rare_tags_fall_and_spelling_is_made_one():
    tags = series(*[["Math problems", "rare"]] * 2, *[["math-problem", "art"]] * 3, None)
    found = score.normalise_tags(tags, min_rows=2, min_support=99)
    assert found.tolist() == [["math problem", "rare"]] * 2 + [["math problem", "art"]] * 3 + [None]
    found = score.normalise_tags(tags, min_rows=3, min_support=99)
    assert found.tolist() == [[]] * 2 + [["math problem", "art"]] * 3 + [None]


def test_tags_of_one_meaning_take_the_name_of_the_most_frequent():
    meaning = {"math": [1.0, 0.0], "maths": [1.0, 0.01], "arithmetic": [1.0, 0.02], "art": [0, 1.0]}

    def encode(names):
        return np.array([meaning[name] for name in names])

    tags = series(["arithmetic", "art"], ["math"], ["math"], ["math", "arithmetic"])
    found = score.normalise_tags(tags, min_rows=1, encode=encode, min_support=99)
    assert found.tolist() == [["math", "art"], ["math"], ["math"], ["math"]]


def test_a_tag_that_always_comes_with_another_becomes_it():
    both, one = ["sum", "math"], ["math", "art"]
    tags = series(*[both] * 50, *[one] * 30)
    found = score.normalise_tags(tags, min_rows=1)
    assert found.iloc[0] == ["math"]
    assert found.iloc[-1] == ["math", "art"], "thirty rows are no support"
    apart = series(*[both] * 50, *[["sum"]] * 2)
    assert score.normalise_tags(apart, min_rows=1).iloc[0] == ["sum"], "the rarer into the other"
    loose = series(*[both] * 50, *[["sum"]] * 2, *[["math"]] * 2)
    assert score.normalise_tags(loose, min_rows=1).iloc[0] == both, "50 of 52 are not 99 %"


def test_chains_of_association_end_in_one_tag():
    tags = series(*[["a", "b", "c"]] * 50, *[["b", "c"]] * 50, *[["c"]] * 50)
    assert score.normalise_tags(tags, min_rows=1).iloc[0] == ["c"]


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    tags = series(*[rng.choice(list("abcdef"), 3).tolist() for _ in range(200)])
    found = score.normalise_tags(tags, min_rows=5)
    shuffled = score.normalise_tags(tags.sample(frac=1, random_state=1), min_rows=5)
    assert shuffled.sort_index().tolist() == found.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_rows": 0}, "must be 1 or more, got 0"),
        ({"min_support": 0}, "must be 1 or more, got 0"),
        ({"min_confidence": 0.5}, r"above 0\.5 and at most 1, got 0\.5"),
    ],
)
def test_errors_say_what_came(change, message):
    with pytest.raises(ValueError, match=message):
        score.normalise_tags(series(["a"]), **change)


def test_nothing_stays_nothing():
    assert score.normalise_tags(series(None, [])).tolist() == [None, []]
    assert np.isnan(score.tag_count(series(None)).iloc[0])
