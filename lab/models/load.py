"""Load a model by folder, name or hub name, and say what it can take.

Weights come in safetensors, or in a form that torch reads without running anything; code that lies
beside a model is never run.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import origins
from lab.errors import MissingPackageError, ModelError
from lab.models.adapters import no_old_names
from lab.models.place import find, origin

# How configurations call the most tokens that a model takes; those that say nothing take any number
# (ALiBi, recurrent models). MPT builds its biases for `max_seq_len` tokens and fails beyond.
WINDOWS = ("max_position_embeddings", "max_seq_len", "context_length", "n_positions")
TOO_LONG = "sequence-length-is-longer-than-the-specified-maximum"  # a warning of transformers


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model ready to run, and its tokenizer.

    Examples
    --------
    >>> from lab import models, paths
    >>> found = models.causal(paths.base_model(), device="cpu")
    >>> found.device, found.window
    ('cpu', 256)
    """

    model: Any
    tokenizer: Any
    device: str
    window: int | None  # the most tokens it takes; None: it says nothing
    name: str  # as it was asked for


def causal(name: str | Path, *, device: str | None = None, dtype: str | None = None) -> Loaded:
    """Load a causal language model and its tokenizer, ready to run.

    Parameters
    ----------
    name : str or Path
        A folder (an adapter's is merged with its base model), a name of `lab models`, or a hub
        name.
    device : str, optional
        As torch names it; by default a GPU if there is one.
    dtype : str, optional
        As torch names it, or "auto" for what is stored; by default float32 on a CPU, and what is
        stored elsewhere.

    Returns
    -------
    Loaded
        The model in evaluation mode.

    Raises
    ------
    ModelError
        If there is no such model, or it cannot be read.

    Examples
    --------
    >>> from lab import paths
    >>> causal(paths.base_model()).window
    256
    """
    from transformers import AutoModelForCausalLM

    return load(name, AutoModelForCausalLM, device=device, dtype=dtype)


def load(
    name: str | Path, kind: Any, *, device: str | None = None, dtype: str | None = None
) -> Loaded:
    """Load a model of a kind of transformers, such as `AutoModel`, and its tokenizer.

    Parameters
    ----------
    name, device, dtype
        As in `causal`.
    kind : class with `from_pretrained`
        One of the Auto classes of transformers.

    Raises
    ------
    ModelError
        If there is no such model, or it cannot be read.

    Examples
    --------
    >>> from transformers import AutoModel
    >>> from lab import paths
    >>> load(paths.base_model(), AutoModel).model.training
    False
    """
    chosen = best_device(device)
    wanted = dtype or ("float32" if chosen == "cpu" else "auto")
    place = find(name)
    with no_bars(), _told(name):
        tokens = tokenizer(place)
        if (Path(place) / "adapter_config.json").exists():
            model = _with_adapter(place, kind, tokens, wanted)
        else:
            model = kind.from_pretrained(place, dtype=wanted)
    origins.note("model", origin(name))
    model = model.to(chosen).eval()
    return Loaded(model, tokens, chosen, window(model.config), str(name))


def tokenizer(name: str | Path) -> Any:
    """Load a tokenizer by folder, name or hub name.

    Raises
    ------
    ModelError
        If there is none, or it cannot be read.

    Examples
    --------
    >>> from lab import paths
    >>> len(tokenizer(paths.base_model())("the capital")["input_ids"])
    2
    """
    from transformers import AutoTokenizer

    with _told(name):
        loaded = AutoTokenizer.from_pretrained(find(name))
    # whoever reads tokens here counts those over the limit; the library's warning says it unasked
    loaded.deprecation_warnings[TOO_LONG] = True
    return loaded


def best_device(wanted: str | None = None) -> str:
    """Return `wanted`, or a GPU if there is one, or the CPU.

    Examples
    --------
    >>> best_device("cpu")
    'cpu'
    """
    import torch

    return wanted or ("cuda" if torch.cuda.is_available() else "cpu")


def window(config: Any) -> int | None:
    """Return the most tokens that a model takes, or None where its configuration says nothing.

    A model of text and images keeps it in its `text_config`.

    Examples
    --------
    >>> from transformers import BloomConfig, GPT2Config
    >>> window(GPT2Config()), window(BloomConfig())
    (1024, None)
    """
    for place in (config, config.get_text_config()):
        for name in WINDOWS:
            value = getattr(place, name, None)
            if isinstance(value, int) and value > 0:
                return value
    return None


def accepted(model: Any, **given: Any) -> dict[str, Any]:
    """Return those of the inputs that the model's `forward` names: BLOOM takes no positions.

    Examples
    --------
    >>> from lab import paths
    >>> accepted(causal(paths.base_model()).model, position_ids=1, no_such_input=2)
    {'position_ids': 1}
    """
    names = inspect.signature(model.forward).parameters
    return {name: value for name, value in given.items() if name in names}


@contextmanager
def no_bars() -> Iterator[None]:
    """Keep transformers from drawing a progress bar for each file.

    Examples
    --------
    >>> with no_bars():
    ...     pass
    """
    from transformers.utils import logging

    bars: Any = logging  # untyped
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()


@contextmanager
def _told(name: str | Path) -> Iterator[None]:
    """Tell what cannot be loaded, and why."""
    from safetensors import SafetensorError

    try:
        yield
    except MissingPackageError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise ModelError(f"no model can be loaded from {str(name)!r}: {error}") from error


def _with_adapter(place: str, kind: Any, tokens: Any, dtype: str) -> Any:
    """Return the base model of an adapter's folder, grown to its tokenizer, with it merged in."""
    try:
        import peft
    except ImportError:
        raise MissingPackageError("peft", needed_by="a model with adapters") from None

    base = peft.PeftConfig.from_pretrained(place).base_model_name_or_path
    model = kind.from_pretrained(find(str(base)), dtype=dtype)
    if len(tokens) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokens), mean_resizing=False)
    with no_old_names():
        return peft.PeftModel.from_pretrained(model, place).merge_and_unload()
