import peft
import torch

from lab import models, paths


def test_first_weights_are_drawn_by_the_seed_and_nobody_elses_numbers_change():
    config = peft.LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    drawn = []
    for seed, before in ((3, 0), (3, 7), (4, 0)):
        torch.manual_seed(1)
        torch.rand(before)
        state = torch.random.get_rng_state()
        model = models.with_adapters(models.causal(paths.base_model()).model, config, seed=seed)
        assert torch.random.get_rng_state().equal(state)
        drawn.append([x.clone() for name, x in model.named_parameters() if "lora_A" in name])
    first, again, other = drawn
    assert first
    assert all(a.equal(b) for a, b in zip(first, again, strict=True))
    assert not any(a.equal(b) for a, b in zip(first, other, strict=True))
