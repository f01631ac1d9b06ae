"""The same batches through TRL's trainer, in fp32: the same loss at every step."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest

from lab import tune
from lab.tune import model as models
from lab.tune.encode import NO_LABEL, encode

pytestmark = [
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore"),  # what TRL says about itself
]


def trl_losses(recipe, pool, folder, steps):
    """Fine-tune with SFTTrainer on examples laid out in the order in which ours takes them."""
    import torch
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    model, tokenizer = models.load(recipe.model)
    rows = encode(pool, recipe, tokenizer, end_of_turn="</s>").examples
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(recipe.seed))
    data = Dataset.from_list(
        [
            {
                "input_ids": rows[i].input_ids,
                "completion_mask": [int(label != NO_LABEL) for label in rows[i].labels],
            }
            for i in order.tolist()
        ]
    )
    settings = SFTConfig(
        output_dir=str(folder),
        train_sampling_strategy="sequential",
        per_device_train_batch_size=recipe.batch_size,
        max_steps=steps,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        adam_beta2=recipe.betas[1],
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        bf16=False,
        use_cpu=True,
        completion_only_loss=True,
        gradient_checkpointing=False,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = SFTTrainer(model=model, args=settings, train_dataset=data, processing_class=tokenizer)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "learning_rate" in entry]


def test_equals_trl_for_fifty_steps(recipe, pool, tmp_path):
    pytest.importorskip("trl")
    recipe = replace(
        recipe, epochs=None, steps=50, batch_size=2, weight_decay=0.1, betas=(0.9, 0.95)
    )
    folder = tune.sft(pool, recipe, tmp_path / "ours")
    ours = json.loads((folder / "tune.json").read_text(encoding="utf-8"))["loss"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = trl_losses(recipe, pool, tmp_path / "theirs", 50)
    np.testing.assert_allclose(theirs, ours, atol=1e-5)
