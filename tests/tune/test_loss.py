import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lab import records, tune
from lab.errors import TuneError
from lab.tune import structure
from lab.tune.batches import Joined, Padded
from lab.tune.encode import encode
from lab.tune.loss import AnswerLoss


@pytest.fixture
def parts(base, recipe, pool):
    tokenizer = AutoTokenizer.from_pretrained(base)
    examples = encode(pool.head(7), recipe, tokenizer, end_of_turn="</s>").examples
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return model, [{"input_ids": x.input_ids, "labels": x.labels} for x in examples]


def one_by_one(model, rows):
    """Sum of the losses that transformers gives for each example alone."""
    total = 0.0
    for row in rows:
        labels = torch.tensor([row["labels"]])
        out = model(input_ids=torch.tensor([row["input_ids"]]), labels=labels)
        total += out.loss.item() * int((labels[:, 1:] != -100).sum())
    return total


@pytest.mark.parametrize("batches", [Padded(0), Padded(5), Joined()])
def test_equals_the_loss_of_transformers(parts, batches):
    model, rows = parts
    expected = one_by_one(model, rows)
    found = AnswerLoss(model)(model, batches(rows))
    assert found.item() == pytest.approx(expected, rel=1e-6)
    assert batches.tokens == sum(len(row["input_ids"]) for row in rows)
    logits = model(torch.tensor([rows[0]["input_ids"]])).logits
    assert logits.shape[1] == len(rows[0]["input_ids"])  # the head is whole again


def test_gradients_are_equal_too(parts):
    model, rows = parts
    loss, found = AnswerLoss(model), []
    for batches in (Padded(0), Joined()):
        model.zero_grad()
        loss(model, batches(rows)).backward()
        found.append(model.model.embed_tokens.weight.grad.clone().numpy())
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    assert np.abs(found[0]).max() > 0.01


def test_dev_loss_is_the_mean_over_answer_tokens(recipe, pool, tmp_path):
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = [
        {"input_ids": x.input_ids, "labels": x.labels}
        for x in encode(pool, recipe, tokenizer, end_of_turn="</s>").examples
    ]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokens = sum(label != -100 for row in rows for label in row["labels"][1:])
    assert tune.dev_loss(folder, pool) == pytest.approx(one_by_one(model, rows) / tokens, rel=1e-5)


def test_dev_loss_needs_a_tuned_model_and_examples(base, recipe, pool, tmp_path):
    with pytest.raises(TuneError, match="holds no model that was tuned here"):
        tune.dev_loss(base, pool)
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    with pytest.raises(TuneError, match=r"none of 1 examples can be scored: \{'empty answer': 1\}"):
        tune.dev_loss(folder, pool.head(1).assign(output=""))


def test_the_loss_of_an_answer_counts_its_thinking_and_its_calls(bytes_base, talks, marked):
    found = tune.answer_losses(bytes_base, talks, template=tune.templates.ChatTemplate(text=marked))
    tokenizer = AutoTokenizer.from_pretrained(bytes_base)
    model = AutoModelForCausalLM.from_pretrained(bytes_base, dtype=torch.float32)
    for key, row in talks.iterrows():
        told = tokenizer.apply_chat_template(
            structure.written(records.conversation(row)),
            tools=records.structure(row).get("tools"),
            chat_template=marked,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        mask = torch.tensor(told["assistant_masks"]).bool()
        if row["history"]:  # its answer ends at the first end of a turn, and is not scored
            mask[: told["input_ids"].index(tokenizer.eos_token_id) + 1] = False
        ids = torch.tensor([told["input_ids"]])
        logits = model(input_ids=ids).logits[0, :-1]
        each = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        assert found.loc[key, "tokens"] == int(mask.sum())
        assert found.loc[key, "loss"] == pytest.approx(each[mask[1:]].sum().item(), rel=1e-5)
