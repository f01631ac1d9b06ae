import pandas as pd
import pytest

from lab import records, score


def outputs(*texts):
    return records.frame([{"instruction": f"{i}", "output": text} for i, text in enumerate(texts)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one two  three\nfour", 4),
        ("It's 3.5 km - about.", 4),
        ("我爱你。", 3),
        ("我 love 你, OK?", 4),
        ("한국어 문장", 2),
        ("... !", 1),
    ],
)
def test_words_by_hand(text, words):
    assert score.length(outputs(text)).tolist() == [words]


def test_equals_split_on_plain_english():
    text = "A plain sentence, with some words. And one more: done!"
    assert score.length(outputs(text)).iloc[0] == len(text.split())


def test_tokens_do_not_count_what_the_tokenizer_puts_around(llama):
    scores = score.length_tokens(outputs("the cat sat.", ""), model=llama)
    assert scores.tolist() == [4.0, 0.0]


def test_a_score_is_a_named_series_on_the_pools_index(pool, llama):
    for scores in (score.length(pool), score.length_tokens(pool, model=llama)):
        assert isinstance(scores, pd.Series)
        assert scores.index.equals(pool.index)
        assert scores.dtype == "float64"
    assert score.length(pool).name == "length"


def test_an_empty_pool_gives_an_empty_score(pool, llama):
    assert score.length(pool[:0]).empty
    assert score.length_tokens(pool[:0], model=llama).empty
