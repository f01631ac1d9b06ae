import json
import math
import shutil
from dataclasses import replace

import numpy as np
import pytest

from lab import records, tune
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
    if recipe.order == "given":
        places = {key: place for place, key in enumerate(pool.index)}
        rows = sorted(rows, key=lambda row: places[row.id])
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
        order = range(len(rows)) if recipe.order == "given" else order
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


@pytest.mark.parametrize(
    ("micro_batches", "packing"), [(1, False), (4, False), (1, True), (2, True)]
)
def test_equals_a_plain_loop_for_fifty_steps(recipe, pool, tmp_path, micro_batches, packing):
    recipe = replace(
        recipe,
        epochs=None,
        steps=50,
        micro_batches=micro_batches,
        packing=packing,
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


def test_a_given_order_is_kept_and_begins_again(recipe, pool, tmp_path):
    recipe = replace(recipe, order="given", epochs=None, steps=12)  # an epoch has 8 steps
    ordered = pool.iloc[::-1]
    folder = tune.sft(ordered, recipe, tmp_path / "tuned")
    expected, _ = plain_loop(recipe, ordered, 12)
    np.testing.assert_allclose(report(folder)["loss"], expected, atol=1e-5)
    other = report(tune.sft(pool, recipe, tmp_path / "other"))["loss"]
    assert other != report(folder)["loss"]
    with pytest.raises(TuneError, match="holds a run of another examples"):
        tune.sft(pool, recipe, folder)


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


def test_other_weights_at_the_same_path_are_another_run(base, recipe, pool, tmp_path):
    copied = shutil.copytree(base, tmp_path / "base")
    recipe = replace(recipe, model=str(copied), epochs=None, steps=1)
    folder = tune.sft(pool, recipe, tmp_path / "tuned")
    before = weights(folder)
    changed = bytearray((copied / "model.safetensors").read_bytes())
    changed[-4:] = bytes(4)
    (copied / "model.safetensors").write_bytes(changed)
    with pytest.raises(TuneError, match="holds a run of another model; choose another folder"):
        tune.sft(pool, recipe, folder)
    assert all(np.array_equal(weights(folder)[name], value) for name, value in before.items())


def test_a_loss_that_is_no_number_stops_the_run(recipe, pool, tmp_path):
    wild = replace(recipe, learning_rate=1e30, max_grad_norm=1e30, checkpoints=tune.Checkpoints())
    with pytest.raises(TuneError, match=r"the loss is nan at step \d; a learning rate of 1e\+30"):
        tune.sft(pool, wild, tmp_path / "tuned")
    assert not report(tmp_path / "tuned")["finished"]
    assert not list(tmp_path.glob("tuned/checkpoint-*"))


def test_what_was_left_out_is_on_record(recipe, tmp_path):
    pool = records.frame(
        [
            {"instruction": "w1", "output": " "},
            {"instruction": "w4", "output": "w1 " * 300},
            {"instruction": "w6", "output": "w1"},
        ]
    )
    done = report(tune.sft(pool, replace(recipe, max_tokens=512), tmp_path / "tuned"))
    assert done["examples"]["trained_on"] == 1
    assert done["examples"]["skipped"] == {"empty answer": 1, "longer than 128 tokens": 1}
    assert done["examples"]["skipped_ids"][pool.index[1]] == "longer than 128 tokens"
    with pytest.raises(TuneError, match="none of 1 examples can be trained on: {'empty answer': 1"):
        tune.sft(pool.head(1), recipe, tmp_path / "none")


def test_the_schedules_are_those_of_the_recipe(recipe, pool, tmp_path):
    steps, peak, last = 20, 1e-3, 1e-4
    recipe = replace(recipe, epochs=None, steps=steps, learning_rate=peak)
    cases = {
        "to a tenth": (
            replace(recipe, last_learning_rate=last),
            lambda t: peak - (peak - last) * t,
        ),
        "to nothing": (recipe, lambda t: peak * (1 - t)),
        "cosine": (
            replace(recipe, schedule="cosine"),
            lambda t: peak * (1 + math.cos(math.pi * t)) / 2,
        ),
        "cosine to a tenth": (
            replace(recipe, schedule="cosine", last_learning_rate=last),
            lambda t: last + (peak - last) * (1 + math.cos(math.pi * t)) / 2,
        ),
        "constant": (replace(recipe, schedule="constant"), lambda t: peak),
    }
    for name, (case, expected) in cases.items():
        found = report(tune.sft(pool, case, tmp_path / name))["learning_rate"]
        wanted = [expected(step / steps) for step in range(steps)]
        np.testing.assert_allclose(found, wanted, rtol=1e-6, err_msg=name)
    warm = replace(recipe, schedule="constant", warmup_ratio=0.25)
    found = report(tune.sft(pool, warm, tmp_path / "warm"))["learning_rate"]
    np.testing.assert_allclose(found, [peak * min(step / 5, 1) for step in range(steps)])


def test_half_precision_learns_alike(recipe, pool, tmp_path):
    full = report(tune.sft(pool, recipe, tmp_path / "full"))["loss"]
    half = report(tune.sft(pool, replace(recipe, bf16=True), tmp_path / "half"))["loss"]
    assert half != full
    np.testing.assert_allclose(half, full, rtol=0.02)


def test_noise_on_embeddings_is_off_in_the_tuned_model(recipe, pool, tmp_path):
    noisy = tune.sft(pool, replace(recipe, neftune_alpha=5.0), tmp_path / "noisy")
    clean = tune.sft(pool, recipe, tmp_path / "clean")
    assert report(noisy)["loss"] != report(clean)["loss"]
    assert tune.dev_loss(noisy, pool) == tune.dev_loss(noisy, pool)
    assert weights(noisy).keys() == weights(clean).keys()


@pytest.mark.parametrize("thinking", ["train", "mask", "drop"])
def test_tools_calls_and_thinking_are_trained_on_as_the_template_says(
    talking, talks, bytes_tokenizer, marked, marked_after_thinking, thinking, tmp_path
):
    import torch
    from transformers import AutoModelForCausalLM

    from lab.tune import structure

    folder = tune.sft(talks, replace(talking, thinking=thinking), tmp_path / "tuned")
    done = report(folder)
    assert (done["examples"]["trained_on"], done["examples"]["skipped"]) == (10, {})
    model = AutoModelForCausalLM.from_pretrained(talking.model, dtype=torch.float32)
    total = count = 0.0
    for _, row in talks.iterrows():
        talk = structure.written(records.conversation(row))
        if thinking == "drop":
            talk = [{k: v for k, v in m.items() if k != "reasoning_content"} for m in talk]
        found = bytes_tokenizer.apply_chat_template(
            talk,
            tools=records.structure(row).get("tools"),
            chat_template=marked_after_thinking if thinking == "mask" else marked,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        asked = len(row["history"]) + 1  # answers of the history are not trained on
        before = bytes_tokenizer.apply_chat_template(
            talk[:asked],
            tools=records.structure(row).get("tools"),
            chat_template=marked,
            return_dict=True,
        )["input_ids"]
        ids = torch.tensor([found["input_ids"]])
        on = torch.tensor(found["assistant_masks"]).bool()
        on[: len(before)] = False
        logits = model(input_ids=ids).logits[0, :-1]
        each = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        total += each[on[1:]].sum().item()
        count += int(on.sum())
    assert done["loss"][0] == pytest.approx(total / count, abs=1e-5)
