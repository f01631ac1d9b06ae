import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from lab import models, tune
from lab.tune import wide_head
from lab.tune.batches import Padded
from lab.tune.encode import encode
from lab.tune.loss import AnswerLoss
from lab.tune.model import add_lora


@pytest.fixture
def parts(base, recipe, pool):
    tokenizer = AutoTokenizer.from_pretrained(base)
    examples = encode(pool.head(7), recipe, tokenizer, end_of_turn="</s>").examples
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return model, [{"input_ids": x.input_ids, "labels": x.labels} for x in examples]


@pytest.fixture
def numbers():
    torch.manual_seed(0)
    states = torch.randn(37, 8, requires_grad=True)
    return states, torch.randn(50, 8), torch.randint(50, (37,))


def test_loss_and_gradient_are_those_of_all_logits_at_once(numbers):
    states, weight, targets = numbers
    wanted = cross_entropy(states @ weight.T, targets, reduction="sum")
    (expected,) = torch.autograd.grad(3 * wanted, states)
    found = wide_head.loss(states, weight, targets)
    (gradient,) = torch.autograd.grad(3 * found, states)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(gradient, expected)


def test_the_losses_of_positions_add_up(numbers):
    states, weight, targets = numbers
    with torch.inference_mode():
        each = wide_head.losses(states, weight, targets)
    assert each.shape == (37,)
    torch.testing.assert_close(each.sum(), wide_head.loss(states, weight, targets).detach())


def test_under_autocast_it_is_near_the_full_precision(numbers):
    states, weight, targets = numbers
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = wide_head.loss(states, weight, targets)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(wide_head.loss(*numbers).item(), rel=0.02)


def test_a_narrow_a_trained_and_a_capped_head_go_the_plain_way(parts, monkeypatch):
    model, _ = parts
    assert not wide_head.fits(model, models.head_of(model))
    monkeypatch.setattr(wide_head, "WIDE", 1)
    assert wide_head.fits(model, models.head_of(model))
    assert not AnswerLoss(model).in_parts  # its weights are trained
    model.config.final_logit_softcapping = 30.0
    assert not wide_head.fits(model, models.head_of(model))


def test_adapters_get_the_same_gradients_either_way(parts, monkeypatch):
    pytest.importorskip("peft")
    model, rows = parts
    tuned = add_lora(model, tune.Lora(rank=2), new_tokens=[], seed=0)
    found = []
    for least in (10**9, 1):
        monkeypatch.setattr(wide_head, "WIDE", least)
        loss = AnswerLoss(tuned)
        assert loss.in_parts == (least == 1)
        tuned.zero_grad()
        value = loss(tuned, Padded(0)(rows))
        value.backward()
        grads = {name: p.grad.clone() for name, p in tuned.named_parameters() if p.requires_grad}
        found.append((value.detach(), grads))
    torch.testing.assert_close(found[0][0], found[1][0])
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-3, atol=1e-5)
    assert any(grad.abs().max() > 0 for grad in found[0][1].values())


def test_losses_of_answers_are_the_same_either_way(base, recipe, pool, tmp_path, monkeypatch):
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    plain = tune.answer_losses(folder, pool)
    monkeypatch.setattr(wide_head, "WIDE", 1)
    found = tune.answer_losses(folder, pool)
    assert found["tokens"].equals(plain["tokens"])
    assert found["loss"].to_numpy() == pytest.approx(plain["loss"].to_numpy(), rel=1e-5)
