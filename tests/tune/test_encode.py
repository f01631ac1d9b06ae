from dataclasses import replace

import pytest
from transformers import AutoTokenizer

from lab import records, tune
from lab.errors import TuneError
from lab.tune.encode import NO_LABEL, encode
from tests.tune.conftest import WORDS, tokenizer_of
from tests.tune.test_templates import TEXTS


@pytest.fixture
def tokenizer(base):
    return AutoTokenizer.from_pretrained(base)


def names(tokenizer, ids):
    return [" " if token == NO_LABEL else WORDS[token] for token in ids]


def test_by_hand(recipe, tokenizer):
    pool = records.frame([{"instruction": "w1 w2", "output": "w3 w4"}])
    (example,) = encode(pool, recipe, tokenizer, end_of_turn="</s>").examples
    assert names(tokenizer, example.input_ids) == ["w1", "w2", "</s>", "w3", "w4", "</s>"]
    assert names(tokenizer, example.labels) == [" ", " ", " ", "w3", "w4", "</s>"]


def test_a_sequence_opens_as_the_tokenizer_does(recipe):
    from tokenizers.processors import TemplateProcessing

    tokenizer = tokenizer_of(WORDS, bos_token="<s>", eos_token="</s>")
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    pool = records.frame([{"instruction": "w1", "output": "w2"}])
    (example,) = encode(pool, recipe, tokenizer, end_of_turn="</s>").examples
    assert names(tokenizer, example.input_ids) == ["<s>", "w1", "</s>", "w2", "</s>"]
    assert names(tokenizer, example.labels) == [" ", " ", " ", "w2", "</s>"]


def test_history_is_trained_on_if_asked(recipe, tokenizer):
    turns = [{"role": "user", "content": "w1"}, {"role": "assistant", "content": "w2"}]
    pool = records.frame([{"history": turns, "instruction": "w3", "output": "w4"}])
    for train, middle in ((False, [" ", " "]), (True, ["w2", "</s>"])):
        found = encode(
            pool, replace(recipe, train_history=train), tokenizer, end_of_turn="</s>"
        ).examples[0]
        assert names(tokenizer, found.labels) == [" ", " ", *middle, " ", " ", "w4", "</s>"]


def test_what_cannot_be_trained_on_is_counted_with_its_reason(recipe, tokenizer):
    pool = records.frame(
        [
            {"instruction": "w1", "output": ""},
            {"instruction": "w2", "output": " \n"},
            {"instruction": "w3", "output": "w1 </s> w2"},
            {"instruction": "w4", "output": "w1 " * 80},
            {"instruction": "w5 " * 80, "output": "w1"},
            {"instruction": "w6", "output": "w1"},
        ]
    )
    found = encode(pool, recipe, tokenizer, end_of_turn="</s>")
    assert found.counts() == {
        "empty answer": 2,
        "end-of-turn token inside the answer": 1,
        "longer than 64 tokens": 2,
    }
    assert len(found.examples) + len(found.skipped) == len(pool)
    assert found.examples[0].id == pool.index[5]
    window = encode(pool, recipe, tokenizer, end_of_turn="</s>", window=4)
    assert window.counts()["longer than 4 tokens"] == 2
    assert len(window.examples) == 1


def test_trimming_is_asked_for_and_counted(recipe, tokenizer):
    pool = records.frame(
        [
            {"instruction": "w4", "output": "w1 " * 80},
            {"instruction": "w5 " * 80, "output": "w1"},
            {"instruction": "w6", "output": "w1"},
        ]
    )
    found = encode(pool, replace(recipe, trim=True), tokenizer, end_of_turn="</s>")
    assert found.counts() == {"no answer left within 64 tokens": 1}
    assert found.trimmed == [pool.index[0]]
    cut = next(example for example in found.examples if example.id == pool.index[0])
    assert len(cut) == 64
    assert cut.labels[-1] == WORDS.index("w1")  # no end of turn: the answer has not ended


def test_a_token_across_the_boundary_is_kept_apart(recipe):
    """The prompt's ids in training are those of generation."""
    from tokenizers import Tokenizer, models, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE(unk_token="<unk>"))  # no words: merges run over everything
    trainer = trainers.BpeTrainer(
        vocab_size=200, special_tokens=["<unk>", "</s>"], show_progress=False
    )
    inner.train_from_iterator(["Q: ab A: cd", "A: cd", *TEXTS] * 5, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", eos_token="</s>")
    form = tune.templates.TextTemplate("qa", "Q: {instruction} A: ", "{instruction}{input}")
    pool = records.frame([{"instruction": "ab", "output": "cd"}])
    found = encode(pool, replace(recipe, template=form), tokenizer, end_of_turn="</s>")
    assert found.split == 1
    prompt = tokenizer("Q: ab A: ", add_special_tokens=False)["input_ids"]
    (example,) = found.examples
    assert example.input_ids[: len(prompt)] == prompt
    assert example.labels[: len(prompt)] == [NO_LABEL] * len(prompt)
    assert tokenizer.decode(example.input_ids[len(prompt) :]).replace(" ", "") == "cd</s>"


def test_order_of_the_pool_does_not_matter(recipe, tokenizer, pool):
    one = encode(pool, recipe, tokenizer, end_of_turn="</s>").examples
    two = encode(pool.iloc[::-1], recipe, tokenizer, end_of_turn="</s>").examples
    assert [example.id for example in one] == sorted(pool.index)
    assert [example.input_ids for example in one] == [example.input_ids for example in two]


def test_the_end_of_turn_must_be_one_token(recipe, tokenizer, pool):
    with pytest.raises(TuneError, match="must be one token of the tokenizer, 'w1 w2' is 2"):
        encode(pool, recipe, tokenizer, end_of_turn="w1 w2")
