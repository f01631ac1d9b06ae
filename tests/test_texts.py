import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import filters, records, score, texts
from lab.judge import prompting
from lab.tune.templates import ALPACA, spans

TALK = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Say {input}."},
    {"role": "assistant", "content": "One."},
]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" \n", 0),
        ("one two  three\nfour", 4),
        ("It's 3.5 km - about.", 4),
        ("Answer: 5 * 3 = 15", 4),
        ("well-known and/or new", 3),
        ("- a\n- b", 2),
        ("... !", 1),
        ("👍", 1),
        (">=", 1),
        ("三个字", 3),
        ("我爱你。", 3),
        ("我 love 你, OK?", 4),
        ("用 Python 写诗。", 4),
        ("答案：A，因为", 5),
        ("-好abc", 2),
        ("ひらがな", 4),
        ("한국어 문장", 2),
        ("मौसम कैसा है", 3),
        ("สวัสดีครับ", 2),
        ("a\u3000b", 2),
    ],
)
def test_words_are_counted_alike_everywhere(text, words):
    assert texts.count(pd.Series([text])).tolist() == [words]
    pool = records.frame([{"instruction": "?", "output": text}])
    assert score.length(pool).tolist() == [words]
    assert prompting.words(text) == words
    keep = filters.length(pool, min_words=words, max_words=words)
    assert keep.tolist() == [True]
    assert filters.length(pool, min_words=words + 1).tolist() == [False]


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_a_count_is_that_of_split_but_for_signs_that_stand_alone(text):
    runs = text.split()
    with_letter = [run for run in runs if any(map(str.isalnum, run))]
    assert texts.count(pd.Series([text])).iloc[0] == max(len(with_letter), bool(runs))


@given(st.lists(st.text(st.sampled_from("ab1 \n-’é。，：我好かカ")), min_size=1))
def test_a_count_by_definition_in_chinese_and_japanese(values):
    def slow(text):
        if not re.search(f"[{texts.CJK}]", text):
            words = text.split()
        else:
            words = re.sub(f"([{texts.CJK}])|[{texts.CJK_MARKS}]", r" \1 ", text).split()
        counted = sum(any(map(str.isalnum, word)) for word in words)
        return max(counted, bool(text.split()))

    given_texts = pd.Series(values, dtype="str")
    assert texts.count(given_texts).tolist() == [slow(text) for text in values]


def test_texts_that_were_concatenated_are_one_array():
    values = pd.concat([pd.Series([f"a {row}"], dtype="str") for row in range(5)])
    assert texts.arrow(values).buffers()[2] is not None
    assert texts.count(values).tolist() == [2] * 5
    assert texts.count(values.rename(lambda _: "x")).index.tolist() == ["x"] * 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's 3.5 km, about 1,000.", ["it's", "3.5", "km", "about", "1,000"]),
        ("Answer: 5 * 3 = 15", ["answer", "5", "3", "15"]),
        ("well-known and/or", ["well", "known", "and", "or"]),
        ("怎样在家里做红烧肉？", ["怎样", "在", "家里", "做", "红烧", "肉"]),
        ("請解釋光合作用", ["請", "解釋", "光合作用"]),
        ("दाल बनाने की विधि", ["दाल", "बनाने", "की", "विधि"]),
        ("天気予報", ["天気", "予報"]),
        ("สภาพอากาศ", ["สภาพ", "อากาศ"]),
        ("Erkläre GRÖSSE", ["erkläre", "grösse"]),
        ("cafe\u0301", ["cafe\u0301"]),
        ("!? —", []),
    ],
)
def test_terms_are_the_words_of_any_script(text, words):
    assert texts.terms(text) == words


def test_terms_with_signs_leave_no_ink_out():
    assert texts.terms("a+b?", signs=True) == ["a", "+", "b", "?"]
    assert texts.terms("好。", signs=True) == ["好", "。"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ('He said (twice): "no".', 10),
        ("They'll cost 1,000.50 dollars...", 6),
        ("a well-known and/or new -- idea", 6),
        ("I can not, won't.", 7),
    ],
)
def test_words_of_the_treebank_by_hand(text, words):
    assert texts.treebank_count(text) == words


def test_a_transcript_names_speakers_and_calls():
    calls = [{"id": "1", "name": "add", "arguments": {"a": 1, "单位": "米"}}]
    turns = [*TALK, {"role": "assistant", "content": "", "tool_calls": calls}]
    assert texts.transcript(turns) == (
        "System: Be kind.\n\nUser: Say {input}.\n\nAssistant: One.\n\n"
        'Assistant: [calls add with {"a": 1, "单位": "米"}]'
    )
    assert texts.transcript([]) == ""


@pytest.mark.parametrize("history", [[], TALK], ids=["alone", "after turns"])
@pytest.mark.parametrize("input", ["", "1 {instruction} 2"])
def test_alpacas_text_is_that_of_tuning(history, input):
    row = {"history": history, "instruction": "Add {input}.", "input": input}
    written = "".join(span.text for span in spans(row, ALPACA, None, end_of_turn="<end>"))
    assert texts.alpaca(row, end_of_turn="<end>") == written
    assert score.ALPACA.prompt(row, "<end>") == written
