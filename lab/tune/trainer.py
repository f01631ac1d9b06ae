"""The training run itself, on `transformers.Trainer`.

Three things differ from Trainer's defaults. The head sees answer positions only: equal loss, less
work. Padding is on the right and needs no attention mask: no token looks to its right. The order
of examples comes from the recipe's seed alone, so that a killed run goes on exactly.
"""

import functools
import json
import math
import resource
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lab.errors import TuneError
from lab.tune.encode import NO_LABEL, Encoded
from lab.tune.recipe import Recipe
from lab.tune.record import History

RESUME_FILES = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "scaler.pt")


class Batches:
    """Lists of examples to right-padded tensors, counting tokens on the way."""

    def __init__(self, pad: int) -> None:
        self.pad = pad
        self.tokens = 0
        self.padded_tokens = 0

    def __call__(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
        """Return `input_ids` and `labels`, each (rows, longest)."""
        import torch

        width = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), width), self.pad)
        labels = torch.full((len(rows), width), NO_LABEL)
        for number, row in enumerate(rows):
            length = len(row["input_ids"])
            ids[number, :length] = torch.tensor(row["input_ids"])
            labels[number, :length] = torch.tensor(row["labels"])
            self.tokens += length
        self.padded_tokens += ids.numel()
        return {"input_ids": ids, "labels": labels}


def fit(
    model: Any,
    tokenizer: Any,
    examples: Sequence[Encoded],
    recipe: Recipe,
    folder: Path,
    *,
    watch: Callable[[int, float], None] | None = None,
) -> History:
    """Train `model` in place, from the newest checkpoint in `folder` if there is one."""
    batches = Batches(tokenizer.pad_token_id)
    rows = [{"input_ids": x.input_ids, "labels": x.labels} for x in examples]
    trainer = _trainer_class()(
        model=model,
        args=_arguments(recipe, folder),
        train_dataset=rows,
        data_collator=batches,
        callbacks=[_callback_class()(folder, recipe, watch)],
    )
    _quiet(trainer)
    newest = newest_checkpoint(folder)
    started = time.perf_counter()
    trainer.train(resume_from_checkpoint=None if newest is None else str(newest))
    seconds = time.perf_counter() - started
    log = [entry for entry in trainer.state.log_history if "learning_rate" in entry]
    return History(
        loss=[entry["loss"] for entry in log],
        learning_rate=[entry["learning_rate"] for entry in log],
        epochs=float(trainer.state.epoch or 0.0),
        tokens=batches.tokens,
        padded_tokens=batches.padded_tokens,
        seconds=seconds,
        peak_memory_mb=_peak_memory_mb(),
        resumed_from=None if newest is None else step_of(newest),
    )


def step_of(checkpoint: Path) -> int:
    """Return the step of a checkpoint folder."""
    return int(checkpoint.name.rpartition("-")[2])


def saved_checkpoints(folder: Path) -> list[Path]:
    """Return the complete checkpoints in a folder, oldest first."""
    return [path for path in _checkpoint_folders(folder) if _complete(path)]


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint that training can go on from; half-written ones are removed."""
    for path in reversed(_checkpoint_folders(folder)):
        if not _complete(path):
            shutil.rmtree(path)
        elif (path / "optimizer.pt").exists():
            return path
    return None


def _checkpoint_folders(folder: Path) -> list[Path]:
    return sorted((path for path in folder.glob("checkpoint-*") if path.is_dir()), key=step_of)


def _complete(checkpoint: Path) -> bool:
    """Trainer writes its state last, so a readable state means that all else is there."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _arguments(recipe: Recipe, folder: Path) -> Any:
    import torch
    from transformers import TrainingArguments

    saves: dict[str, Any] = {"save_strategy": "no"}
    plan = recipe.checkpoints
    if plan is not None:
        saves = {"save_strategy": "epoch" if plan.every_steps is None else "steps"}
        saves |= {"save_steps": plan.every_steps or 500, "save_total_limit": plan.keep}
        saves |= {"save_only_model": not plan.resumable}
    shape, ends = _schedule(recipe)
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs or 1,
        max_steps=recipe.steps or -1,
        per_device_train_batch_size=recipe.batch_size // recipe.micro_batches,
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
        seed=recipe.seed,
        **saves,
    )


def _schedule(recipe: Recipe) -> tuple[str, dict[str, float]]:
    """Return Trainer's name of a schedule, and its numbers; its linear one knows no last rate."""
    if recipe.schedule == "linear" and recipe.last_learning_rate:
        return "polynomial", {"lr_end": recipe.last_learning_rate, "power": 1.0}
    if recipe.schedule == "cosine" and recipe.last_learning_rate:
        return "cosine_with_min_lr", {"min_lr": recipe.last_learning_rate}
    if recipe.schedule == "constant" and recipe.warmup_ratio:
        return "constant_with_warmup", {}
    return recipe.schedule, {}


def _quiet(trainer: Any) -> None:
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _peak_memory_mb() -> float:
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated()) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@functools.cache
def _trainer_class() -> Any:
    """Return the Trainer; a function, because transformers is imported only when used."""
    import torch
    from transformers import Trainer
    from transformers.trainer_pt_utils import BatchRebalanceSampler

    class AnswerTrainer(Trainer):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.model_accepts_loss_kwargs = True  # compute_loss divides by num_items_in_batch
            self.kept: Any = None  # (rows, width - 1) positions whose next token is trained
            net: Any = self.model
            net.get_output_embeddings().register_forward_pre_hook(self._keep_answers)

        def _keep_answers(self, _: Any, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
            if self.kept is None:
                return None
            return (args[0][:, :-1][self.kept][None], *args[1:])

        def compute_loss(
            self,
            model: Any,
            inputs: dict[str, Any],
            return_outputs: bool = False,  # noqa: FBT001, FBT002 - the signature is Trainer's
            num_items_in_batch: Any = None,
        ) -> Any:
            next_tokens = inputs["labels"][:, 1:]
            self.kept = next_tokens != NO_LABEL
            outputs = model(input_ids=inputs["input_ids"], use_cache=False)
            targets = next_tokens[self.kept]
            self.kept = None
            total = torch.nn.functional.cross_entropy(
                outputs.logits[0].float(), targets, reduction="sum"
            )
            loss = total / num_items_in_batch * self.accelerator.num_processes
            return (loss, outputs) if return_outputs else loss

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            rows: Any = self.train_dataset if train_dataset is None else train_dataset
            parts = self.args.gradient_accumulation_steps
            devices = max(1, self.args.world_size)
            return BatchRebalanceSampler(
                lengths=[len(row["input_ids"]) for row in rows],
                effective_batch_size=self.args.train_batch_size * parts * devices,
                dp_size=devices,
                grad_accum=parts,
                seed=self.args.seed,
                rank=self.args.process_index if devices > 1 else 0,
                drop_last=False,
            )

        def floating_point_ops(self, inputs: dict[str, Any]) -> int:
            """Skip the count: it walks over all parameters at each step."""
            del inputs
            return 0

    return AnswerTrainer


@functools.cache
def _callback_class() -> Any:
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):
        """Tell the caller about each step, stop at a loss that is no number, tidy checkpoints."""

        def __init__(self, folder: Path, recipe: Recipe, watch: Any) -> None:
            self.folder, self.recipe, self.watch = folder, recipe, watch

        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, control
            logs = kwargs["logs"]
            if "loss" not in logs:
                return
            if not math.isfinite(logs["loss"]):
                raise TuneError(
                    f"the loss is {logs['loss']} at step {state.global_step}; a learning rate of "
                    f"{self.recipe.learning_rate} may be too high"
                )
            if self.watch is not None:
                self.watch(state.global_step, logs["loss"])

        def on_save(self, *_: Any, **__: Any) -> None:
            for older in saved_checkpoints(self.folder)[:-1]:
                for name in RESUME_FILES:
                    (older / name).unlink(missing_ok=True)

    return Watcher
