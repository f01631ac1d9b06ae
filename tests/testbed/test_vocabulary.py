"""The closed vocabulary: every text of the world survives encoding and decoding."""

from itertools import islice
from random import Random

import pytest

from lab import testbed
from lab.testbed import documents, faults, vocabulary
from lab.testbed.world import FAMILIES


@pytest.fixture(scope="module")
def tokenizer():
    return vocabulary.tokenizer()


def test_size_and_special_tokens(tokenizer):
    assert 1_000 <= len(tokenizer) <= 2_000
    assert len(set(vocabulary.words())) == len(tokenizer)
    ids = {tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.bos_token_id}
    assert len(ids | {tokenizer.eos_token_id}) == 4
    assert tokenizer("Anna</s>").input_ids[-1] == tokenizer.eos_token_id


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_survives(family, tokenizer):
    rng = Random(5)
    for _ in range(40):
        task = family.draw(rng)
        texts = [task.ask(phrasing) for phrasing in range(len(family.phrasings))]
        texts += [task.answer, *(task.tell(rng) for _ in range(4))]
        for text, ids in zip(texts, tokenizer(texts)["input_ids"], strict=True):
            assert tokenizer.decode(ids) == text
            assert tokenizer.unk_token_id not in ids, text


def test_documents_and_bad_answers_survive(tokenizer):
    pool = testbed.pool(300, noise=1.0, seed=1)
    texts = [*islice(documents.stream(0), 1_000), *pool["output"], *faults.FILLERS]
    for text, ids in zip(texts, tokenizer(texts)["input_ids"], strict=True):
        assert tokenizer.decode(ids) == text
        assert tokenizer.unk_token_id not in ids, text


def test_template_words_are_known_and_foreign_words_are_not(tokenizer):
    assert tokenizer.unk_token_id not in tokenizer(vocabulary.TEMPLATE).input_ids
    assert tokenizer("Hello Wolfgang").input_ids[1] == tokenizer.unk_token_id


def test_small_numbers_are_one_token(tokenizer):
    assert all(len(tokenizer(str(n)).input_ids) == 1 for n in range(101))


def test_the_chat_template_ends_each_turn(tokenizer):
    turns = [{"role": "user", "content": "Hello!"}, {"role": "assistant", "content": "Hi there."}]
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    assert text == "Hello!</s>Hi there.</s>"


def test_documents_never_answer_in_the_convention():
    written = list(islice(documents.stream(3), 3_000))
    assert not any("Answer" in text for text in written)
    threads = [text for text in written if "\n" in text]
    assert len(threads) > 1_000


def test_no_reply_in_a_thread_uses_the_wording_of_a_good_answer():
    """What a tuned model should say after a question never stands right below one."""
    for text in islice(documents.stream(4), 2_000):
        first, *replies = text.split("\n")
        question = first.partition(": ")[2]
        task = testbed.recognise(question)
        if task is not None:
            assert not any(reply.endswith(task.steps) for reply in replies), text


def test_same_seed_same_documents():
    assert list(islice(documents.stream(1), 50)) == list(islice(documents.stream(1), 50))
    assert list(islice(documents.stream(1), 50)) != list(islice(documents.stream(2), 50))
