"""Sentence vectors from any encoder: a plain transformer, or a sentence-transformers folder.

A plain encoder is pooled by the mean over tokens and scaled to length one, as LTD does (Chen et
al. 2023, arXiv:2305.09246). A folder with `modules.json` (Reimers & Gurevych 2019,
arXiv:1908.10084) is read as it says: transformer, pooling, dense layers, normalisation.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import models
from lab.embed import encoder
from lab.embed.vectors import Embedding
from lab.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Step = Callable[[Any], Any]
SHORTEST = 512  # tokens, when a model names no limit of its own: BERT's
POOLINGS: dict[str, Step] = {  # (batch, tokens, width) -> (batch, width); no batch is padded
    "cls": lambda states: states[:, 0],
    "mean": lambda states: states.mean(dim=1),
    "max": lambda states: states.amax(dim=1),
    "mean_sqrt_len_tokens": lambda states: states.sum(dim=1) / states.shape[1] ** 0.5,
    "lasttoken": lambda states: states[:, -1],
}


def sentences(
    texts: "pd.Series[str]",
    *,
    model: str | Path,
    max_tokens: int | None = None,
    batch_tokens: int = 16_384,
    device: str | None = None,
    bf16: bool = False,
) -> Embedding:
    """Embed texts by a sentence encoder; a product of two rows is their cosine.

    Parameters
    ----------
    texts : Series of str
        None of them blank. Instruction and answer together, or apart: see `texts`.
    model : str or Path
        Folder or hub name, with or without a sentence-transformers layout.
    max_tokens : int, optional
        Longer texts are cut there and counted as `truncated`; by default the
        encoder's own limit.
    batch_tokens : int
        Tokens in one forward pass, at most; decides memory, not values.
    device : str, optional
        By default a GPU if there is one.
    bf16 : bool
        Run the transformer in bfloat16: two to three times as fast on a processor that has
        instructions for it (avx512_bf16), and slower on one that has not. Vectors then lie within
        a cosine of 0.999 of those in single precision (`benchmarks/embed.py`), their last digits
        depend on the batch, and they are stored apart.

    Returns
    -------
    Embedding
        `vectors`, unit rows float32 (n, d) on the index of `texts`; beside them how many were
        made, found and truncated.

    Raises
    ------
    DataError
        If a text is blank, or the folder asks for a pooling or a module that is not known here.

    Examples
    --------
    >>> import pandas as pd  # any encoder; here the testbed's model, pooled by the mean
    >>> from lab import paths
    >>> sentences(pd.Series(["Name a river.", "The Elbe."]), model=paths.base_model())
    Embedding(2 rows of 128 numbers: 2 distinct texts made, 0 found in the store, 0 truncated)
    """
    loaded = encoder_of(model, max_tokens=max_tokens, device=device, bf16=bf16)
    return encoder.embed(texts, loaded, batch_tokens=batch_tokens)


def encoder_of(
    model: str | Path,
    *,
    max_tokens: int | None = None,
    device: str | None = None,
    bf16: bool = False,
) -> encoder.Encoder:
    """Load an encoder with its pooling; parameters as in `sentences`."""
    from transformers import AutoModel

    path = encoder.folder(model)
    layout = _layout(path)
    body = path / next((m["path"] for m in layout if m["type"] == "Transformer"), "")
    found = models.load(body, AutoModel, device=device, dtype="bfloat16" if bf16 else "auto")
    steps = [step for module in layout for step in _steps(path, module, found.device)]
    limit = max_tokens or _limit(body, found.window)

    def forward(ids: Any) -> Any:
        made = found.model(input_ids=ids).last_hidden_state
        made = made.float() if bf16 else made
        for step in steps:
            made = step(made)
        return made

    name = encoder.fingerprint(path, "sentences", layout, limit, *(["bf16"] if bf16 else []))
    return encoder.Encoder(name, found.tokenizer, forward, max_tokens=limit, device=found.device)


def _layout(path: Path) -> list[dict[str, str]]:
    """Return the modules of an encoder: kind and folder; a plain one is pooled by the mean."""
    file = path / "modules.json"
    if not file.exists():
        return [{"type": "Transformer", "path": ""}, {"type": "Mean", "path": ""}]
    modules = json.loads(file.read_text(encoding="utf-8"))
    return [{"type": m["type"].rpartition(".")[2], "path": m["path"]} for m in modules]


def _steps(path: Path, module: dict[str, str], device: str) -> list[Step]:
    kind = module["type"]
    if kind in ("Transformer", "Normalize"):  # all vectors are scaled to length one at the end
        return []
    if kind == "Mean":
        return [POOLINGS["mean"]]
    if kind == "Pooling":
        return [_pooling(path / module["path"] / "config.json")]
    if kind == "Dense":
        return [_dense(path / module["path"], device)]
    raise DataError(
        "a module that is not known here; known are Transformer, Pooling, Dense, Normalize",
        file=path / "modules.json",
        field="type",
        value=kind,
    )


def _pooling(file: Path) -> Step:
    settings = json.loads(file.read_text(encoding="utf-8"))
    wanted = settings.get("pooling_mode")
    if wanted is None:  # the older form: one flag for each way, such as pooling_mode_cls_token
        flags = [name for name, value in settings.items() if value and "pooling_mode_" in name]
        names = [name.removeprefix("pooling_mode_") for name in flags]
        wanted = [{"cls_token": "cls"}.get(name, name.removesuffix("_tokens")) for name in names]
        wanted = ["mean_sqrt_len_tokens" if name == "mean_sqrt_len" else name for name in wanted]
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if len(wanted) != 1 or wanted[0] not in POOLINGS:
        raise DataError(
            f"one pooling out of {', '.join(POOLINGS)} is known here",
            file=file,
            field="pooling_mode",
            value=wanted,
        )
    return POOLINGS[wanted[0]]


def _dense(folder: Path, device: str) -> Step:
    import torch
    from safetensors.torch import load_file

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights = load_file(folder / "model.safetensors")
    layer = torch.nn.Linear(
        settings["in_features"], settings["out_features"], bias=settings.get("bias", True)
    )
    layer.load_state_dict({name.removeprefix("linear."): value for name, value in weights.items()})
    layer = layer.eval().to(device)
    activations = {"Tanh": torch.tanh, "Identity": lambda x: x, "ReLU": torch.relu}
    kind = settings.get("activation_function", "Tanh").rpartition(".")[2]
    if kind not in activations:
        raise DataError(
            f"activation must be one of {', '.join(activations)}",
            file=folder / "config.json",
            field="activation_function",
            value=kind,
        )
    activation = activations[kind]
    return lambda states: activation(layer(states))


def _limit(body: Path, window: int | None) -> int:
    file = body / "sentence_bert_config.json"
    if file.exists():
        own = json.loads(file.read_text(encoding="utf-8")).get("max_seq_length")
        if own:
            return int(own)
    return window or SHORTEST
