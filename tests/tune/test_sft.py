import json
import math
from dataclasses import replace

import numpy as np
import pytest

from lab import tune
from lab.errors import TuneError
from lab.tune.encode import encode


def weights(folder):
    from safetensors.numpy import load_file

    return load_file(folder / "model.safetensors")


def report(folder):
    return json.loads((folder / "tune.json").read_text(encoding="utf-8"))


def plain_loop(recipe, pool, steps):
    """Fine-tune with nothing but torch: the oracle."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(recipe.model)
    model = AutoModelForCausalLM.from_pretrained(recipe.model, dtype=torch.float32)
    rows = encode(pool, recipe, tokenizer, end_of_turn="</s>").examples
    norms = [p for name, p in model.named_parameters() if "norm" in name]
    others = [p for name, p in model.named_parameters() if "norm" not in name]
    optimizer = torch.optim.AdamW(
        [
            {"params": others, "weight_decay": recipe.weight_decay},
            {"params": norms, "weight_decay": 0},
        ],
        lr=recipe.learning_rate,
        betas=recipe.betas,
    )
    warm = math.ceil(recipe.warmup_ratio * steps)
    last = recipe.last_learning_rate / recipe.learning_rate
    losses = []
    model.train()
    for step in range(steps):
        per_epoch = math.ceil(len(rows) / recipe.batch_size)
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(
            len(rows), generator=torch.Generator().manual_seed(recipe.seed + epoch)
        ).tolist()
        batch = [
            rows[i] for i in order[place * recipe.batch_size : (place + 1) * recipe.batch_size]
        ]
        if step < warm:
            factor = step / warm
        else:
            factor = last + (1 - last) * (1 - (step - warm) / (steps - warm))
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * factor
        total, count = 0.0, sum(label != -100 for row in batch for label in row.labels[1:])
        for row in batch:  # one by one: no padding, no mask, every logit
            ids, labels = torch.tensor([row.input_ids]), torch.tensor(row.labels)
            logits = model(input_ids=ids, use_cache=False).logits[0]
            loss = torch.nn.functional.cross_entropy(logits[:-1], labels[1:], reduction="sum")
            (loss / count).backward()
            total += loss.item() / count
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses, {name: p.detach().numpy() for name, p in model.named_parameters()}


@pytest.mark.parametrize("micro_batches", [1, 4])
def test_equals_a_plain_loop_for_fifty_steps(recipe, pool, tmp_path, micro_batches):
    recipe = replace(
        recipe,
        epochs=None,
        steps=50,
        micro_batches=micro_batches,
        weight_decay=0.1,
        betas=(0.9, 0.95),
        warmup_ratio=0.1,
        last_learning_rate=3e-4,
    )
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    expected, ending = plain_loop(recipe, pool, 50)
    np.testing.assert_allclose(report(folder)["loss"], expected, atol=1e-5)
    found = weights(folder)
    for name, value in ending.items():
        np.testing.assert_allclose(found[name], value, atol=1e-3, err_msg=name)


def test_order_of_the_pool_does_not_matter_and_the_seed_does(recipe, pool, tmp_path):
    one = report(tune.sft(pool, recipe, tmp_path / "one"))["loss"]
    same = report(tune.sft(pool.iloc[::-1], recipe, tmp_path / "same"))["loss"]
    other = report(tune.sft(pool, replace(recipe, seed=1), tmp_path / "other"))["loss"]
    assert one == same
    assert one != other


def test_what_was_done_is_on_record(recipe, pool, tmp_path):
    seen = []
    folder = tune.sft(pool, recipe, tmp_path / "tuned", watch=lambda *step: seen.append(step))
    done = report(folder)
    assert done["finished"]
    assert done["steps"] == 2 * math.ceil(len(pool) / 16) == len(done["loss"])
    assert done["examples"]["trained_on"] == len(pool)
    assert done["examples"]["skipped"] == {}
    assert done["loss"][-1] < done["loss"][0]
    assert done["tokens"] > 0
    assert done["tokens_per_second"] > 0
    assert done["peak_memory_mb"] > 0
    assert seen == list(enumerate(done["loss"], start=1))


def test_a_finished_folder_is_returned_as_it_is(recipe, pool, tmp_path):
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    before = (folder / "tune.json").read_bytes()
    tune.sft(pool, recipe, folder)
    assert (folder / "tune.json").read_bytes() == before
    with pytest.raises(TuneError, match="holds a run of another recipe"):
        tune.sft(pool, replace(recipe, seed=5), folder)
    with pytest.raises(TuneError, match="holds a run of another examples"):
        tune.sft(pool.iloc[1:], recipe, folder)
