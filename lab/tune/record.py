"""`tune.json`: what a fine-tuning was asked to do, and once it is finished, what it did."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lab import files
from lab.errors import TuneError
from lab.tune.encode import NOTHING_LEFT, TOO_LONG, Encoding
from lab.tune.recipe import Recipe

NAME = "tune.json"


@dataclass(frozen=True)
class History:
    """What happened in training, step by step."""

    loss: list[float]  # mean over the answer tokens of a step
    learning_rate: list[float]
    epochs: float
    tokens: int  # without padding; of this session, and of the first process if there are several
    padded_tokens: int
    seconds: float  # of this session, in steps
    peak_memory_mb: float  # of the device, or of the process on a CPU
    resumed_from: int | None  # step


def begin(folder: Path, inputs: Mapping[str, str], recipe: Recipe) -> None:
    """Note what is about to be done.

    Raises
    ------
    TuneError
        If the folder holds a run of another recipe or of other examples.
    """
    known = read(folder)
    if known is not None:
        for name, value in inputs.items():
            if known["inputs"].get(name) != value:
                raise TuneError(f"{folder} holds a run of another {name}; choose another folder")
        return
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, {"finished": False, "inputs": dict(inputs), "recipe": recipe.params()})


def finish(folder: Path, encoding: Encoding, history: History, *, seconds: float) -> None:
    """Note what was done; the last thing written."""
    done = read(folder) or {}
    steps = len(history.loss)
    done |= {
        "finished": True,
        "examples": {
            "trained_on": len(encoding.examples),
            "skipped": encoding.counts(),
            "skipped_ids": dict(encoding.skipped),
            "trimmed": list(encoding.trimmed),
            "tokenised_apart": encoding.split,
            "longest_tokens": max(len(example) for example in encoding.examples),
        },
        "steps": steps,
        "epochs": history.epochs,
        "tokens": history.tokens,
        "padding": 1 - history.tokens / max(history.padded_tokens, 1),
        "tokens_per_second": history.tokens / max(history.seconds, 1e-9),
        "seconds": {"steps": history.seconds, "all": seconds},
        "peak_memory_mb": history.peak_memory_mb,
        "resumed_from": history.resumed_from,
        "loss": history.loss,
        "learning_rate": history.learning_rate,
        "versions": {name: version(name) for name in ("torch", "transformers")}
        | {"python": platform.python_version()},
    }
    _write(folder, done)


def finished(folder: Path, inputs: Mapping[str, str]) -> bool:
    """Return whether the folder holds this very run, finished."""
    known = read(folder)
    return known is not None and known["finished"] and known["inputs"] == dict(inputs)


def read(folder: str | Path) -> dict[str, Any] | None:
    """Return the record in a folder, or None.

    Raises
    ------
    TuneError
        If it is there and cannot be read.
    """
    path = Path(folder) / NAME
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TuneError(f"{path} cannot be read: {error}") from error
    return found


def recipe(folder: str | Path) -> Recipe | None:
    """Return the recipe of the tuned model in a folder, which may be one of its checkpoints."""
    for place in (Path(folder), Path(folder).parent):
        known = read(place)
        if known is not None:
            return Recipe.from_params(known["recipe"])
    return None


def too_long(reason: str) -> bool:
    """Tell the reason of an example that did not fit `max_tokens` from the others.

    Examples
    --------
    >>> too_long("longer than 512 tokens"), too_long("empty answer")
    (True, False)
    """
    return reason.startswith((TOO_LONG, NOTHING_LEFT))


def _write(folder: Path, value: Mapping[str, Any]) -> None:
    files.write_text(folder / NAME, json.dumps(value, indent=1, ensure_ascii=False))
