"""The seed tasks: real, diverse, unlike each other, and the same in both languages."""

import pytest

from lab import filters
from lab.synth import load_seeds
from lab.synth.self_instruct import wrong_instance, wrong_tasks

TOKENS = {"en": filters.rouge_tokens, "zh": filters.cjk_tokens}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_are_175_of_them_and_no_two_are_close(language):
    seeds = load_seeds(language)
    assert seeds["seed"].tolist() == list(range(1, 176))
    assert filters.novelty(seeds, max_similarity=0.6, tokenize=TOKENS[language]).all()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_they_pass_the_rules_that_they_are_held_against(language):
    seeds = load_seeds(language)
    words = filters.SELF_INSTRUCT_WORDS
    assert set(wrong_tasks(seeds["instruction"].tolist(), language, words=words)) == {""}
    assert {wrong_instance(row) for row in seeds.to_dict("records")} == {""}
    assert (seeds["output"].str.len() < 700).all()


def test_both_languages_agree_on_what_is_a_classification_and_has_an_input():
    english, chinese = load_seeds("en"), load_seeds("zh")
    assert english["classification"].tolist() == chinese["classification"].tolist()
    assert (english["input"] != "").tolist() == (chinese["input"] != "").tolist()
    assert english["classification"].sum() == 25
    assert chinese["instruction"].str.contains("[\u4e00-\u9fff]").all()


def test_the_english_ones_differ_in_verb_and_form():
    seeds = load_seeds()
    first = seeds["instruction"].str.split().str[0].str.strip(":,").str.lower()
    assert first.nunique() >= 150
    assert first.value_counts().max() <= 5
    assert 0.5 < (seeds["input"] != "").mean() < 0.8
    words = seeds["output"].str.split().str.len()
    assert words.quantile(0.1) <= 3
    assert words.quantile(0.9) >= 40


def test_another_language_is_refused():
    with pytest.raises(ValueError, match=r"language must be one of en, zh, got 'fr'"):
        load_seeds("fr")
