"""GGUF files, as llama.cpp, Ollama and LM Studio keep them, as Hugging Face folders.

The weights are taken out of their quantised form once and written as float32, which changes no
number. A file is looked at before anything of it is used: its end must be there, its architecture
known, and its chat template must stay inside the data that it is given.

Source: the GGUF format of ggml; it is read by `transformers` and the package `gguf`.
"""

from pathlib import Path
from typing import Any

from lab.errors import MissingPackageError, ModelError
from lab.models.load import no_bars

MAGIC = b"GGUF"


def convert(file: Path, folder: Path) -> None:
    """Write the model in a GGUF file to `folder`: weights, set-up, tokenizer, chat template.

    Cost: the file's weights in float32 are in memory twice, and half a minute for 100 million.

    Raises
    ------
    ModelError
        If it is no GGUF file, cut off, of an architecture that is not known, or has a chat template
        that reaches beyond its data.

    Examples
    --------
    >>> import tempfile
    >>> bad = Path(tempfile.mkdtemp()) / "bad.gguf"
    >>> _ = bad.write_bytes(b"PK")
    >>> convert(bad, bad.parent / "model")
    Traceback (most recent call last):
    lab.errors.ModelError: bad.gguf is not a GGUF file: it starts with b'PK'
    """
    check(file)
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    place = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    try:
        with no_bars():
            tokenizer = AutoTokenizer.from_pretrained(**place)
            model: Any = AutoModelForCausalLM.from_pretrained(**place, dtype="float32")
    except (OSError, ValueError, KeyError, RuntimeError, NotImplementedError) as error:
        raise ModelError(f"{file.name} cannot be converted: {error}") from error
    model.hf_quantizer = None  # or it would refuse to be saved
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    tokens = ("bos_token_id", "eos_token_id", "pad_token_id")
    ids = {name: getattr(tokenizer, name) for name in tokens}
    settings: Any = GenerationConfig  # untyped
    model.generation_config = settings(**ids)
    with no_bars():
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for written in folder.glob("*.safetensors"):
        written.chmod(0o644)  # the writer leaves it to its owner alone


def check(file: Path) -> None:
    """Raise ModelError unless a GGUF file is whole, of a known architecture and harmless."""
    with file.open("rb") as stream:
        start = stream.read(len(MAGIC))
    if start != MAGIC:
        raise ModelError(f"{file.name} is not a GGUF file: it starts with {start!r}")
    try:
        from gguf import GGUFReader
    except ImportError:
        raise MissingPackageError("gguf", needed_by="a GGUF file") from None
    try:
        reader = GGUFReader(file)
        end = max((int(t.data_offset) + int(t.n_bytes) for t in reader.tensors), default=0)
    except (ValueError, IndexError, KeyError, OverflowError, UnicodeDecodeError) as error:
        raise ModelError(f"{file.name} is cut off or broken: {error}") from error
    size = file.stat().st_size
    if not reader.tensors or end > size:
        raise ModelError(f"{file.name} is cut off: {size:,} bytes of {end:,}")
    _check_architecture(file, _text(reader, "general.architecture"))
    check_template(_text(reader, "tokenizer.chat_template"), file.name)


def check_template(text: str, name: str) -> None:
    """Raise ModelError if a chat template is no Jinja, or asks for more than its data.

    Nothing is rendered. A template may look at messages, loop, and call what it is given; it may
    not load files, nor look at attributes whose names begin with an underscore, which is where a
    way out of Jinja's sandbox would begin.

    Examples
    --------
    >>> check_template("{% for m in messages %}{{ m['content'] }}{% endfor %}", "model")
    >>> check_template("{{ ''.__class__ }}", "model")
    Traceback (most recent call last):
    lab.errors.ModelError: the chat template of model reaches for '__class__'; it is not used
    """
    import jinja2
    from jinja2 import nodes

    forbidden = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    extensions = ["jinja2.ext.loopcontrols", "jinja2.ext.do"]
    # `generation` marks what is trained on; it is no Jinja of its own
    plain = text.replace("{% generation %}", "").replace("{% endgeneration %}", "")
    try:
        tree = jinja2.Environment(extensions=extensions).parse(plain)  # noqa: S701 - never rendered
    except jinja2.TemplateError as error:
        raise ModelError(f"the chat template of {name} cannot be read: {error}") from error
    for node in tree.find_all(forbidden):
        raise ModelError(f"the chat template of {name} loads another file (line {node.lineno})")
    names = [node.attr for node in tree.find_all(nodes.Getattr)]
    names += [str(node.value) for node in tree.find_all(nodes.Const)]
    names += [node.name for node in tree.find_all(nodes.Filter) if node.name == "attr"]
    for reached in names:
        if reached == "attr" or (reached.startswith("__") and reached.endswith("__")):
            raise ModelError(f"the chat template of {name} reaches for {reached!r}; it is not used")


def _check_architecture(file: Path, architecture: str) -> None:
    from transformers import modeling_gguf_pytorch_utils as reading

    known: list[str] = reading.GGUF_SUPPORTED_ARCHITECTURES
    if architecture.replace("-", "_") not in {name.replace("-", "_") for name in known}:
        raise ModelError(
            f"{file.name} holds the architecture {architecture!r}; transformers reads "
            f"{', '.join(sorted(known))}"
        )


def _text(reader: Any, name: str) -> str:
    field = reader.fields.get(name)
    return "" if field is None else str(field.contents())
