import pytest
import torch
from transformers import AutoModelForCausalLM

from lab import tune
from lab.tune import frozen
from lab.tune.model import add_lora

pytest.importorskip("peft")


@pytest.fixture
def tuned(base):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return add_lora(model, tune.Lora(rank=2), new_tokens=[], seed=0)


def gradients(model):
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(input_ids=torch.arange(5, 17).reshape(2, 6))
    out.logits.float().square().mean().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}


def test_no_number_changes_and_the_weights_are_back(tuned):
    before = {name: p.detach().clone() for name, p in tuned.named_parameters()}
    plain = gradients(tuned)
    with frozen.in_bf16(tuned):
        kinds = {name: p.dtype for name, p in tuned.named_parameters()}
        short = gradients(tuned)
    assert all(torch.equal(short[name], plain[name]) for name in plain)
    assert any(kind == torch.bfloat16 for kind in kinds.values())
    assert all(kinds[name] == torch.float32 for name in plain)  # adapters
    assert all(kind == torch.float32 for name, kind in kinds.items() if "embed" in name)
    after = dict(tuned.named_parameters())
    assert all(torch.equal(after[name], weight) for name, weight in before.items())


def test_trained_weights_stay_as_they_are(base):
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with frozen.in_bf16(model):
        assert all(p.dtype == torch.float32 for p in model.parameters())
