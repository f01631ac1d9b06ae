"""Where a model is and who it is: by folder, by the name it has here, or by hub name."""

import json
from pathlib import Path
from typing import Any

from lab import files, hashing, origins, paths

# What decides an answer or a vector: weights, set-up, tokenizer, chat template, pooling layers.
PATTERNS = (
    *("*.safetensors", "*.bin", "*.model", "*.jinja", "merges.txt", "vocab.*"),
    *("config.json", "generation_config.json", "tokenizer*.json", "special_tokens_map.json"),
    *("added_tokens.json", "adapter_config.json", "*.index.json", "modules.json"),
    "sentence_bert_config.json",
)
LAYERS = ("[0-9]_*/*.json", "[0-9]_*/*.safetensors", "[0-9]_*/*.bin")  # of sentence-transformers
WEIGHTS = "model.safetensors"
NOT_READ = ("training_args.bin", "optimizer.bin", "scheduler.bin")


def find(name: str | Path) -> str:
    """Return what a model can be loaded from: its folder, or else its hub name.

    Parameters
    ----------
    name : str or Path
        A folder; the name of a model that `lab models add` put into the data folder; or a hub name.
        A folder comes first, a name of the data folder second.

    Examples
    --------
    >>> find("no-such-org/no-such-model")
    'no-such-org/no-such-model'
    """
    if not Path(name).is_dir() and (paths.models() / str(name) / "config.json").is_file():
        return str(paths.models() / str(name))
    return str(name)


def identity(name: str | Path) -> str:
    """Return a name for a model's weights and tokenizer that changes when they change.

    A folder is known by the hashes of its files (read once ever, see `files.known_hash`), a hub
    model by its commit if a copy is here, else by its name. An adapter includes its base model.

    Parameters
    ----------
    name : str or Path
        As in `find`.

    Examples
    --------
    >>> identity("no-such-org/no-such-model")
    'hub:no-such-org/no-such-model'
    """
    place = find(name)
    folder = Path(place)
    if not folder.is_dir():
        return f"hub:{place}{_commit(place)}"
    if folder.parent.name == "snapshots":  # a hub folder is named by its commit
        return f"hub:{folder.parent.parent.name}@{folder.name}"
    marks = {str(file.relative_to(folder)): files.known_hash(file) for file in _files(folder)}
    return "sha256:" + hashing.digest([marks, _base(folder)], digits=32)


def origin(name: str | Path) -> str:
    """Return where a model comes from, as `lab.origins` notes it.

    The testbed's own base model and every model tuned from it are "testbed", whatever their
    folders are called; others go by the name of their folder, or on the hub.

    Parameters
    ----------
    name : str or Path
        As in `find`.

    Examples
    --------
    >>> origin(paths.base_model()), origin("org/model")
    ('testbed', 'org/model')
    """
    folder = Path(find(name))
    if not folder.is_dir():
        return str(name)
    tuned = _tuned_from(folder)
    if tuned is not None and Path(tuned).resolve() != folder.resolve():
        return origin(tuned)
    if _is_testbed(folder):
        return origins.TESTBED
    hub = folder.parent.name == "snapshots"  # of models--org--name
    return (
        folder.parent.parent.name.removeprefix("models--").replace("--", "/")
        if hub
        else folder.name
    )


def _tuned_from(folder: Path) -> str | None:
    """Return the base model that the records in a folder, or above a checkpoint, name."""
    for file, keys in (
        (folder / "tune.json", ("recipe", "model")),
        (folder.parent / "tune.json", ("recipe", "model")),
        (folder / "adapter_config.json", ("base_model_name_or_path",)),
    ):
        try:
            found: Any = json.loads(file.read_text(encoding="utf-8"))
            for key in keys:
                found = found[key]
        except (OSError, ValueError, KeyError, TypeError):  # not there, or of another form
            continue
        if found:
            return str(found)
    return None


def _is_testbed(folder: Path) -> bool:
    """Tell whether a folder holds the base model's weights; a large model is not hashed for it."""
    ours, theirs = paths.base_model() / WEIGHTS, folder / WEIGHTS
    if not ours.is_file() or not theirs.is_file():
        return False
    if ours.stat().st_size != theirs.stat().st_size:
        return False
    return files.known_hash(ours) == files.known_hash(theirs)


def _files(folder: Path) -> list[Path]:
    found = {file for pattern in (*PATTERNS, *LAYERS) for file in folder.glob(pattern)}
    return sorted(file for file in found if file.name not in NOT_READ)


def _base(folder: Path) -> str:
    """Return the identity of what an adapter sits on, or nothing."""
    file = folder / "adapter_config.json"
    if not file.exists():
        return ""
    try:
        base = json.loads(file.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except ValueError:
        return ""
    return "" if not base or Path(base).resolve() == folder.resolve() else identity(base)


def _commit(name: str) -> str:
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        return ""
    try:
        file = try_to_load_from_cache(name, "config.json")
    except HFValidationError:  # no name that a hub would take
        return ""
    return f"@{Path(file).parent.name}" if isinstance(file, str) else ""
