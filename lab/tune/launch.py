"""Fine-tune on several GPUs: the same run, started from a terminal by `accelerate launch`.

A notebook cannot hold a distributed run. It writes down the job, shows the line that starts it, and
finds the finished folder later: `sft` with the same arguments returns it at once.
"""

import json
import shlex
from pathlib import Path

import pandas as pd

from lab import files, records
from lab.errors import TuneError
from lab.tune.recipe import Recipe
from lab.tune.sft import sft

JOB = "job.json"
EXAMPLES = "examples.parquet"
CONFIG = "accelerate.yaml"
SHARDED = """\
compute_environment: LOCAL_MACHINE
distributed_type: FSDP
num_machines: 1
num_processes: {processes}
mixed_precision: "{precision}"
fsdp_config:
  fsdp_version: 2
  fsdp_auto_wrap_policy: TRANSFORMER_BASED_WRAP
  fsdp_reshard_after_forward: true
  fsdp_state_dict_type: FULL_STATE_DICT
"""


def launch_line(
    subset: pd.DataFrame,
    recipe: Recipe,
    folder: str | Path,
    *,
    processes: int,
    shard: bool = False,
) -> str:
    """Write a fine-tuning into `folder`, and return the line that runs it on several GPUs.

    The batch is spread over the processes, so that the steps are those of one process.

    Parameters
    ----------
    subset, recipe, folder
        As for `sft`.
    processes : int
        At least 1: one per GPU. `batch_size` must be a multiple of processes x `micro_batches`.
    shard : bool
        Whether each process holds a part of the weights, gradients and moments (FSDP), for a model
        that does not fit into one GPU; else each holds all. The set-up lies in `folder` as
        `accelerate.yaml`. A run that was killed begins anew.

    Raises
    ------
    ValueError
        If the batch cannot be spread evenly, or adapters should be merged into weights in parts.

    Examples
    --------
    >>> from lab import paths, testbed
    >>> recipe = Recipe(model=str(paths.base_model()), steps=100, batch_size=8)
    >>> line = launch_line(testbed.pool(20), recipe, paths.data() / "spread", processes=2)
    >>> line.startswith("accelerate launch --multi_gpu --num_processes 2")
    True
    """
    parts = processes * recipe.micro_batches
    if processes < 1 or recipe.batch_size % parts:
        raise ValueError(
            f"processes x micro_batches must divide the batch_size of {recipe.batch_size}, "
            f"got {processes} x {recipe.micro_batches}"
        )
    if shard and recipe.lora is not None and recipe.lora.merge:
        raise ValueError("no process holds the weights to merge adapters into; Lora(merge=False)")
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    records.write_parquet(subset, folder / EXAMPLES)
    (folder / JOB).write_text(json.dumps(recipe.params()), encoding="utf-8")
    precision = "bf16" if recipe.bf16 else "no"
    how = f"--multi_gpu --num_processes {processes} --mixed_precision {precision}"
    if shard:
        config = SHARDED.format(processes=processes, precision=precision)
        how = f"--config_file {shlex.quote(str(files.write_text(folder / CONFIG, config)))}"
    return f"accelerate launch {how} -m lab.tune {shlex.quote(str(folder))}"


def run(folder: str | Path) -> Path:
    """Run the fine-tuning that `launch_line` wrote into `folder`.

    Raises
    ------
    TuneError
        If there is none.
    """
    folder = Path(folder)
    if not (folder / JOB).exists():
        raise TuneError(f"{folder} holds no {JOB}; write one with tune.launch_line")
    recipe = Recipe.from_params(json.loads((folder / JOB).read_text(encoding="utf-8")))
    try:
        return sft(records.read_parquet(folder / EXAMPLES), recipe, folder)
    finally:
        _leave_group()


def _leave_group() -> None:
    """End the group of processes; a process that ends with its threads at work is aborted."""
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
