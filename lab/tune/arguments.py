"""A recipe in the words of `transformers.TrainingArguments`."""

import os
from pathlib import Path
from typing import Any

from lab.errors import TuneError
from lab.tune.recipe import Recipe


def arguments(recipe: Recipe, folder: Path) -> Any:
    """Return the arguments of Trainer.

    `batch_size` is spread over micro-batches and over the processes of a distributed run. A single
    process uses one device: several need `accelerate launch` (see `launch_line`).
    """
    import torch
    from transformers import TrainingArguments

    shape, ends = _schedule(recipe)
    found = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs or 1,
        max_steps=recipe.steps or -1,
        per_device_train_batch_size=rows_at_once(recipe),
        gradient_accumulation_steps=recipe.micro_batches,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=shape,
        lr_scheduler_kwargs=ends,
        warmup_steps=recipe.warmup_ratio,
        adam_beta1=recipe.betas[0],
        adam_beta2=recipe.betas[1],
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        neftune_noise_alpha=recipe.neftune_alpha,
        bf16=recipe.bf16,
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        use_cache=True,  # stays in the saved set-up; training itself passes use_cache=False
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        ddp_find_unused_parameters=False,
        seed=recipe.seed,
        **_saves(recipe),
    )
    if found.n_gpu > 1:
        found._n_gpu = 1  # noqa: SLF001 - DataParallel would split a batch behind our back
    return found


def rows_at_once(recipe: Recipe) -> int:
    """Return how many examples one process holds in memory at a time.

    Raises
    ------
    TuneError
        If the batch cannot be spread evenly.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    parts = recipe.micro_batches * processes
    if recipe.batch_size % parts:
        raise TuneError(
            f"batch_size must be a multiple of micro_batches x processes = {parts}, "
            f"got {recipe.batch_size}"
        )
    return recipe.batch_size // parts


def _saves(recipe: Recipe) -> dict[str, Any]:
    plan = recipe.checkpoints
    if plan is None:
        return {"save_strategy": "no"}
    return {
        "save_strategy": "epoch" if plan.every_steps is None else "steps",
        "save_steps": plan.every_steps or 500,
        "save_total_limit": plan.keep,
        "save_only_model": not plan.resumable,
    }


def _schedule(recipe: Recipe) -> tuple[str, dict[str, float]]:
    """Return Trainer's name of a schedule, and its numbers; its linear one knows no last rate."""
    if recipe.schedule == "linear" and recipe.last_learning_rate:
        return "polynomial", {"lr_end": recipe.last_learning_rate, "power": 1.0}
    if recipe.schedule == "cosine" and recipe.last_learning_rate:
        return "cosine_with_min_lr", {"min_lr": recipe.last_learning_rate}
    if recipe.schedule == "constant" and recipe.warmup_ratio:
        return "constant_with_warmup", {}
    return recipe.schedule, {}
