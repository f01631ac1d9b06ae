"""The checkpoints of a fine-tuning: which are complete, which to go on from, which to keep.

Source: LIMA picks among its epochs by the quality of what they write on 50 development prompts,
because held-out perplexity rises while quality rises (arXiv:2305.11206, section 3 and appendix B).
"""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lab.errors import TuneError

RESUME_FILES = (
    *("optimizer.pt", "scheduler.pt", "rng_state*.pth", "scaler.pt"),
    *("optimizer.bin", "pytorch_model_fsdp.bin"),  # of weights in parts
)


@dataclass(frozen=True, eq=False)
class Choice:
    """The checkpoint of highest quality, and the quality of all."""

    folder: Path
    table: pd.DataFrame  # one row per checkpoint: step (index), epoch, quality, chosen, folder

    def __repr__(self) -> str:
        best = self.table["quality"].max()
        return f"Choice({self.folder.name}: quality {best:.3g} of {len(self.table)} checkpoints)"


def choose(folder: str | Path, quality: Callable[[Path], float]) -> Choice:
    """Ask for the quality of each checkpoint in `folder`; the highest is chosen.

    Parameters
    ----------
    folder : path
        What `sft` returned, for a recipe with checkpoints that are all kept.
    quality : function of a checkpoint's folder
        Higher is better: such as the mean rating of what the checkpoint writes on development
        prompts (LIMA), or `lambda folder: -tune.dev_loss(folder, dev)`. Ties go to the earlier.

    Raises
    ------
    TuneError
        If there is no checkpoint, or a quality is not a finite number.

    Examples
    --------
    >>> from lab import paths, testbed, tune
    >>> recipe = tune.Recipe(
    ...     model=str(paths.base_model()), steps=2, batch_size=4, max_tokens=128,
    ...     checkpoints=tune.Checkpoints(every_steps=1),
    ... )
    >>> folder = tune.sft(testbed.pool(8), recipe, paths.data() / "tuned")
    >>> dev = testbed.pool(4, seed=1)
    >>> len(choose(folder, lambda checkpoint: -tune.dev_loss(checkpoint, dev)).table)
    2
    """
    folder = Path(folder)
    rows = []
    for path in saved(folder):
        state = json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
        value = float(quality(path))
        if not math.isfinite(value):
            raise TuneError(f"quality of {path.name} must be a finite number, got {value}")
        rows.append({"step": step_of(path), "epoch": state["epoch"], "quality": value})
        rows[-1]["folder"] = str(path)
    if not rows:
        raise TuneError(f"no checkpoint in {folder}; tune with Recipe(checkpoints=Checkpoints())")
    table = pd.DataFrame(rows).set_index("step")
    table.insert(2, "chosen", table.index == table["quality"].idxmax())
    return Choice(Path(table.loc[table["chosen"], "folder"].item()), table)


def step_of(checkpoint: Path) -> int:
    """Return the step of a checkpoint folder."""
    return int(checkpoint.name.rpartition("-")[2])


def saved(folder: Path) -> list[Path]:
    """Return the complete checkpoints in a folder, oldest first."""
    return [path for path in _folders(folder) if _complete(path)]


def newest(folder: Path) -> Path | None:
    """Return the newest checkpoint that training can go on from; half-written ones are removed."""
    for path in reversed(_folders(folder)):
        if not _complete(path):
            shutil.rmtree(path)
        elif (path / "optimizer.pt").exists():
            return path
    return None


def forget_progress(checkpoint: Path) -> None:
    """Leave a checkpoint its weights, without what training would go on from."""
    for name in RESUME_FILES:
        for path in checkpoint.glob(name):
            path.unlink()


def check_disk(folder: Path, *, model_bytes: int, count: int) -> None:
    """Raise TuneError unless `count` checkpoints and one optimizer fit on the disk of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    needed = model_bytes * (count + 3)  # the final weights, and two moments of Adam
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise TuneError(
            f"{count} checkpoints need about {needed / 2**30:.1f} GiB in {folder}, which has "
            f"{free / 2**30:.1f} GiB free; lower Checkpoints.keep"
        )


def _folders(folder: Path) -> list[Path]:
    return sorted((path for path in folder.glob("checkpoint-*") if path.is_dir()), key=step_of)


def _complete(checkpoint: Path) -> bool:
    """Trainer writes its state last, so a readable state means that all else is there."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
