"""GGUF files, as llama.cpp, Ollama and LM Studio keep them, as Hugging Face folders.

The weights are taken out of their quantised form once and written as float32, which changes no
number. A file is looked at before anything of it is used: its end must be there, its counts must
fit into it, its architecture known and no larger than its weights, and its chat template must stay
inside the data that it is given. A model whose weights are not all in the file is refused, rather
than drawn at random.

Source: the GGUF format of ggml; it is read by `transformers` and the package `gguf`.
"""

from pathlib import Path
from typing import Any

from lab.errors import MissingPackageError, ModelError
from lab.models.gguf_header import check_header
from lab.models.load import no_bars

MAGIC = b"GGUF"
WIDTHS = ("embedding_length", "feed_forward_length")  # each is a side of some matrix
# What the readers raise for metadata that make no sense
BROKEN = (
    *(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError),
    *(ArithmeticError, AssertionError),
)


def convert(file: Path, folder: Path) -> None:
    """Write the model in a GGUF file to `folder`: weights, set-up, tokenizer, chat template.

    Cost: the file's weights in float32 are in memory twice, and half a minute for 100 million.

    Raises
    ------
    ModelError
        If it is no GGUF file, cut off, of an architecture that is not known, lacks weights, claims
        sizes that its weights do not have, or has a chat template that reaches beyond its data.

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
            model, report = _loaded(AutoModelForCausalLM, place)
    except BROKEN as error:
        sizes = "mismatched" in str(error)
        told = "its metadata and its weights differ in size" if sizes else error
        raise ModelError(f"{file.name} cannot be converted: {told}") from error
    if lacking := sorted(report["missing_keys"]):
        raise ModelError(f"{file.name} lacks {len(lacking)} weights, the first is {lacking[0]}")
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
    check_header(file)
    try:
        reader = GGUFReader(file)
        end = max((int(t.data_offset) + int(t.n_bytes) for t in reader.tensors), default=0)
    except (ValueError, IndexError, KeyError, OverflowError, UnicodeDecodeError) as error:
        raise ModelError(f"{file.name} is cut off or broken: {error}") from error
    size = file.stat().st_size
    if not reader.tensors or end > size:
        raise ModelError(f"{file.name} is cut off: {size:,} bytes of {end:,}")
    architecture = _text(reader, "general.architecture")
    _check_architecture(file, architecture)
    _check_sizes(file, reader, architecture)
    for name in reader.fields:
        if name.startswith("tokenizer.chat_template"):  # and those for tools and the like
            check_template(_text(reader, name), file.name)


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


def _check_sizes(file: Path, reader: Any, architecture: str) -> None:
    """Refuse sizes that the weights do not have: the model would be built before they are read."""
    blocks = _number(reader, f"{architecture}.block_count")
    if blocks > len(reader.tensors):
        raise ModelError(f"{file.name} claims {blocks} layers, with {len(reader.tensors)} weights")
    widest = max(int(side) for tensor in reader.tensors for side in tensor.shape)
    for name in WIDTHS:
        width = _number(reader, f"{architecture}.{name}")
        if width > widest:
            raise ModelError(f"{file.name} claims {name} {width}; no weight is wider than {widest}")


def _loaded(kind: Any, place: dict[str, str]) -> tuple[Any, Any]:
    """Return a model and what the reader tells of weights that were not there."""
    from transformers.utils import logging

    speaker: Any = logging  # untyped
    before = speaker.get_verbosity()
    speaker.set_verbosity_error()  # what it reports comes as an error of ours
    try:
        return kind.from_pretrained(**place, dtype="float32", output_loading_info=True)  # type: ignore[no-any-return]
    finally:
        speaker.set_verbosity(before)


def _number(reader: Any, name: str) -> int:
    """Return a number of the metadata, the largest of a list, 0 where there is none."""
    field = reader.fields.get(name)
    if field is None:
        return 0
    value = field.contents()
    values = value if isinstance(value, list) else [value]
    return max((int(each) for each in values if isinstance(each, (int, float))), default=0)


def _text(reader: Any, name: str) -> str:
    field = reader.fields.get(name)
    return "" if field is None else str(field.contents())
