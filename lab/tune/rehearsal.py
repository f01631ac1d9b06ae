"""Try before the first step what would otherwise fail after the last: writing the tuned model."""

import shutil
from pathlib import Path
from typing import Any

from lab import models
from lab.errors import TuneError
from lab.tune import model as base
from lab.tune import record
from lab.tune.recipe import Recipe

SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": 50, "min_p": None, "typical_p": 1.0}


def check_place(folder: Path, recipe: Recipe) -> None:
    """Raise TuneError if a tuned model would replace something else in `folder`.

    Raises
    ------
    TuneError
        If it is a file, is the folder of the base model, or holds a model that was not tuned here.

    Examples
    --------
    >>> import tempfile
    >>> from lab.tune import presets
    >>> check_place(Path(tempfile.mkdtemp()), presets.testbed)
    """
    if folder.exists() and not folder.is_dir():
        raise TuneError(f"{folder} is a file; choose another folder")
    if Path(models.find(recipe.model)).resolve() == folder.resolve():
        raise TuneError(f"{folder} is the folder of the base model; choose another folder")
    if record.read(folder) is None and (folder / "config.json").exists():
        raise TuneError(f"{folder} holds a model that was not tuned here; choose another folder")


def try_saving(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write the untrained model once, and remove it again; costs what saving costs.

    A generation set-up that its own checks refuse is mended first: one that names a temperature or
    a nucleus means to sample.

    Raises
    ------
    TuneError
        If the model cannot be saved, with the reason.
    """
    mend_generation(model)
    place = folder / ".rehearsal"
    try:
        base.save(model, tokenizer, place)
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        raise TuneError(
            f"the tuned model could not be saved to {folder}, so nothing is trained: {error}"
        ) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def mend_generation(model: Any) -> None:
    """Say `do_sample` where the generation set-up of a model holds numbers of sampling alone.

    Examples
    --------
    >>> from lab import paths
    >>> model = models.causal(paths.base_model()).model
    >>> model.generation_config.temperature = 0.9
    >>> mend_generation(model)
    >>> model.generation_config.do_sample
    True
    """
    settings = getattr(model, "generation_config", None)
    if settings is None or settings.do_sample:
        return
    given = {name: getattr(settings, name, None) for name in SAMPLING}
    if any(value is not None and value != SAMPLING[name] for name, value in given.items()):
        settings.do_sample = True
