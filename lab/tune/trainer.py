"""The training run itself, on `transformers.Trainer`.

Three things differ from Trainer's defaults. The head sees answer positions only: equal loss, less
work. Padding is on the right and needs no attention mask: no token looks to its right. The order
of examples comes from the recipe's seed alone, or is the given one, so that a killed run goes on
exactly.
"""

import functools
import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from lab import files
from lab.errors import TuneError
from lab.tune import checkpoints, frozen
from lab.tune import model as base
from lab.tune.arguments import arguments
from lab.tune.batches import Joined, Padded
from lab.tune.encode import Encoded
from lab.tune.loss import AnswerLoss
from lab.tune.recipe import Recipe
from lab.tune.record import History


def fit(
    model: Any,
    tokenizer: Any,
    examples: Sequence[Encoded],
    recipe: Recipe,
    folder: Path,
    *,
    watch: Callable[[int, float], None] | None = None,
) -> History:
    """Train `model`, from the newest checkpoint in `folder` if there is one, and save it there.

    Raises
    ------
    TuneError
        If the checkpoints do not fit the disk, or the loss is not finite.
    """
    batches = Joined() if recipe.packing else Padded(tokenizer.pad_token_id)
    rows = [{"input_ids": x.input_ids, "labels": x.labels} for x in examples]
    _check_disk(model, len(rows), recipe, folder)
    trainer = _trainer_class()(
        model=model,
        args=arguments(recipe, folder),
        train_dataset=rows,
        data_collator=batches,
        processing_class=tokenizer,
        callbacks=[_callback_class()(folder, recipe, watch)],
        shuffled=recipe.order == "random",
    )
    _quiet(trainer)
    newest = checkpoints.newest(folder)
    started = time.perf_counter()
    short = recipe.bf16 and recipe.lora and not trainer.is_fsdp_enabled  # which takes one dtype
    with frozen.in_bf16(model) if short else nullcontext():
        trainer.train(resume_from_checkpoint=None if newest is None else str(newest))
    seconds = time.perf_counter() - started
    _save(trainer, tokenizer, recipe, folder)
    log = [entry for entry in trainer.state.log_history if "learning_rate" in entry]
    return History(
        loss=[entry["loss"] for entry in log],
        learning_rate=[entry["learning_rate"] for entry in log],
        epochs=float(trainer.state.epoch or 0.0),
        tokens=batches.tokens,
        padded_tokens=batches.padded_tokens,
        seconds=seconds,
        peak_memory_mb=_peak_memory_mb(),
        resumed_from=None if newest is None else checkpoints.step_of(newest),
    )


def _save(trainer: Any, tokenizer: Any, recipe: Recipe, folder: Path) -> None:
    if trainer.is_fsdp_enabled:  # no process holds all weights: the first one gathers them
        weights = trainer.accelerator.get_state_dict(trainer.model)
        if trainer.is_world_process_zero():
            tied = trainer.model.all_tied_weights_keys
            weights = {name: value for name, value in weights.items() if name not in tied}
            base.save(trainer.model, tokenizer, folder, weights=weights)
        trainer.accelerator.wait_for_everyone()
    elif trainer.is_world_process_zero():
        model = trainer.model
        if recipe.lora is not None and recipe.lora.merge:
            model = model.merge_and_unload()
        base.save(model, tokenizer, folder)


def _check_disk(model: Any, examples: int, recipe: Recipe, folder: Path) -> None:
    plan = recipe.checkpoints
    per_epoch = math.ceil(examples / recipe.batch_size)
    steps = recipe.steps or per_epoch * (recipe.epochs or 1)
    count = 0 if plan is None else math.ceil(steps / (plan.every_steps or per_epoch))
    if plan is not None and plan.keep is not None:
        count = min(count, plan.keep)
    size = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    checkpoints.check_disk(folder, model_bytes=size, count=count)


def _quiet(trainer: Any) -> None:
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _peak_memory_mb() -> float:
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated()) / 2**20
    return float(files.peak_memory_mb())


@functools.cache
def _trainer_class() -> Any:
    """Return the Trainer; a function, because transformers is imported only when used."""
    from transformers import Trainer
    from transformers.trainer_pt_utils import BatchRebalanceSampler

    class AnswerTrainer(Trainer):
        def __init__(self, *args: Any, shuffled: bool, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.shuffled = shuffled
            self.model_accepts_loss_kwargs = True  # compute_loss divides by num_items_in_batch
            self.answer_loss = AnswerLoss(self.model)
            if self.is_fsdp_enabled:  # the head's weights are whole while it is called, no longer
                self.answer_loss.in_parts = False

        def compute_loss(
            self,
            model: Any,
            inputs: dict[str, Any],
            return_outputs: bool = False,  # noqa: FBT001, FBT002 - the signature is Trainer's
            num_items_in_batch: Any = None,
        ) -> Any:
            total = self.answer_loss(model, inputs)
            loss = total / num_items_in_batch * self.accelerator.num_processes
            return (loss, None) if return_outputs else loss

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
                shuffle=self.shuffled,
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
            if self.watch is not None and state.is_world_process_zero:
                self.watch(state.global_step, logs["loss"])

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, control, kwargs
            if not state.is_world_process_zero:
                return
            for path in checkpoints.saved(self.folder):
                (path / "training_args.bin").unlink(missing_ok=True)  # a pickle nobody reads
            for older in checkpoints.saved(self.folder)[:-1]:
                checkpoints.forget_progress(older)

    return Watcher
