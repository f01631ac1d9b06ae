import pandas as pd
import pytest

from lab import filters


def pool(*outputs):
    return pd.DataFrame({"output": pd.Series(outputs, dtype="str")})


REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I cannot assist with that request.",
    "Sorry, I can't do that.",
    "I am really sorry, but this goes too far for me.",
    "I apologize, but I cannot share this.",
    "I apologize for the confusion, but I don't have that.",
    "Unfortunately, I am unable to open links.",
    "I cannot provide legal advice.",
    "I'm not able to generate images.",
    "I must decline.",
    "As an AI language model, I have no favourite colour.",
    "Well, I'm just an AI, so I have none.",
    "That is hard to say. I don't have personal opinions.",
    "Sorry, this task needs an image.",
    "很抱歉，我无法提供这类信息。",
    "对不起，我不能回答。",
    "作为一个人工智能语言模型，我没有感情。",
    "我无法满足您的请求。",
    "我是一个AI助手。",
]
ANSWERS = [
    "",
    "I can't believe it is Friday!",
    "We cannot keep wasting water.",
    "The letter says: I am sorry for your loss.",
    "I will not go to the party.",
    "He said he was sorry, but nobody believed him.",
    "Unfortunately for Napoleon, winter came early.",
    "Aim for the stars.",
    "Artificial intelligence is a field of computer science.",
    "这篇文章表达了作者的歉意。",
    "人工智能是计算机科学的一个分支。",
    "他说他不能来。",
]


@pytest.mark.parametrize("output", REFUSALS)
def test_refusals_fall(output):
    assert filters.refusal(pool(output)).tolist() == [False]


@pytest.mark.parametrize("output", ANSWERS)
def test_answers_stay(output):
    assert filters.refusal(pool(output)).tolist() == [True]


def test_what_matched_is_there_exactly_where_the_filter_says_no():
    rows = pool(*REFUSALS, *ANSWERS)
    found = filters.matched(rows, filters.patterns("refusal"))
    pd.testing.assert_series_equal(found == "", filters.refusal(rows), check_names=False)
    assert all(fragment in text for fragment, text in zip(found, rows["output"], strict=True))


def test_patterns_of_no_filter():
    with pytest.raises(ValueError, match="no patterns for 'nothing'; there are some for .*refusal"):
        filters.patterns("nothing")
