"""Train the base model from nothing on the world's documents: two CPU cores, less than an hour.

Documents are written as training goes, each opened by `<s>`, joined, and cut into full windows.
`</s>` is never read: the end of an answer is for tuning to teach. The folder gets weights,
tokenizer, `recipe.json` (what was done), `loss.csv` (the curve) and `manifest.json` (what the
weights are, with hashes).

Source: Muon, Jordan et al. 2024 (as in `torch.optim.Muon`), for the matrices inside the layers.
"""

import csv
import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab import hashing, paths
from lab.errors import DataError
from lab.testbed import documents, vocabulary

WEIGHTS = "model.safetensors"
CHUNK = 4_000  # documents written and tokenised at a time
CURVE_EVERY = 50  # steps between two points of the loss curve


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """The set-up of the base model and its training."""

    hidden: int = 128
    layers: int = 4
    heads: int = 4
    feed_forward: int = 384
    window: int = 128  # tokens in a training row; the model itself takes up to twice as many
    rows: int = 32  # rows in a step, computed in two halves
    tokens: int = 45_000_000
    primer: int = 30_000  # documents over which practice in copying fades out
    first_weights: float = 0.05  # standard deviation
    matrix_rate: float = 0.02  # learning rate of Muon, for the matrices inside the layers
    learning_rate: float = 3e-3  # of AdamW, for embeddings and norms
    warmup_share: float = 0.02
    weight_decay: float = 0.05
    seed: int = 0


def run(
    folder: Path | None = None, *, tokens: int | None = None, seed: int = 0, threads: int = 2
) -> Path:
    """Pretrain the base model and write it to `folder`, which is replaced when all is done.

    Parameters
    ----------
    folder : Path, optional
        By default the folder that ships with the package.
    tokens : int, optional
        Tokens to read; by default those of the shipped model.
    seed : int
        Decides the first weights and the documents.
    threads : int
        1 or 2; the weights do not depend on it.

    Raises
    ------
    ValueError
        If `tokens` does not fill a single step.
    """
    import torch

    setup = Pretraining(seed=seed, **({} if tokens is None else {"tokens": tokens}))
    if setup.tokens < setup.rows * setup.window:
        raise ValueError(f"tokens must be at least {setup.rows * setup.window}, got {setup.tokens}")
    folder = folder or paths.base_model()
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # a thread for each half of a step beats threads inside each product
    try:
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            model, curve = _train(setup, pool)
        seconds = time.perf_counter() - started
    finally:
        torch.set_num_threads(before)
    _write(folder, model, setup, curve, seconds)
    return folder


def base_model() -> Path:
    """Return the folder of the base model that ships with the package.

    Raises
    ------
    DataError
        If it holds no weights.

    Examples
    --------
    >>> (base_model() / "config.json").is_file()
    True
    """
    folder = paths.base_model()
    if not (folder / WEIGHTS).is_file():
        raise DataError("has no weights; make them with: lab testbed pretrain", file=folder)
    return folder


def batches(setup: Pretraining) -> Iterator[NDArray[np.int64]]:
    """Yield steps of token ids (rows, window), cut from the stream of documents."""
    tokenizer = vocabulary.tokenizer()
    size = setup.rows * setup.window
    text = documents.stream(setup.seed, primer=setup.primer)
    left = np.empty(0, dtype=np.int64)
    while True:
        written = tokenizer([f"{vocabulary.BEGIN}{document}" for document in islice(text, CHUNK)])
        left = np.concatenate([left, *(np.asarray(ids) for ids in written["input_ids"])])
        whole = len(left) // size
        yield from left[: whole * size].reshape(whole, setup.rows, setup.window)
        left = left[whole * size :]


def network(setup: Pretraining) -> Any:
    """Return the base model before its training, with weights drawn by the seed."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(setup.seed)
    known = {word: number for number, word in enumerate(vocabulary.words())}
    config = LlamaConfig(
        vocab_size=len(known),
        hidden_size=setup.hidden,
        intermediate_size=setup.feed_forward,
        num_hidden_layers=setup.layers,
        num_attention_heads=setup.heads,
        max_position_embeddings=vocabulary.WINDOW,
        initializer_range=setup.first_weights,
        tie_word_embeddings=True,
        pad_token_id=known[vocabulary.PAD],
        bos_token_id=known[vocabulary.BEGIN],
        eos_token_id=known[vocabulary.END],
    )
    return LlamaForCausalLM(config)


def _train(setup: Pretraining, pool: ThreadPoolExecutor) -> tuple[Any, list[tuple[int, float]]]:
    """Return the trained model and its curve: (tokens read, mean loss since the last point)."""
    import torch
    from tqdm import tqdm

    model = network(setup).train()
    size = setup.rows * setup.window
    steps = setup.tokens // size
    warm = max(1, round(setup.warmup_share * steps))
    optimizers = _optimizers(model, setup)
    curve, recent = [], []
    bar = tqdm(islice(batches(setup), steps), total=steps, desc="pretraining", mininterval=5)
    for step, rows in enumerate(bar):
        done = max(0.0, (step - warm) / max(1, steps - warm))
        rate = min((step + 1) / warm, 0.5 * (1 + np.cos(np.pi * done)))
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate
        halves = list(pool.map(partial(_gradients, model), np.array_split(rows, 2)))
        for weight, *parts in zip(model.parameters(), *(grads for _, grads in halves), strict=True):
            weight.grad = torch.stack(parts).mean(0)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        model.zero_grad(set_to_none=True)
        recent.append(float(np.mean([loss for loss, _ in halves])))
        if len(recent) == CURVE_EVERY or step == steps - 1:
            curve.append(((step + 1) * size, float(np.mean(recent))))
            recent = []
            bar.set_postfix(loss=f"{curve[-1][1]:.3f}")
    return model.eval(), curve


def _gradients(model: Any, rows: NDArray[np.int64]) -> tuple[float, Any]:
    """Return the mean loss of next tokens and its gradient, in bfloat16 where that is safe."""
    import torch

    ids = torch.from_numpy(rows)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())
    return loss.item(), torch.autograd.grad(loss, list(model.parameters()))


def _optimizers(model: Any, setup: Pretraining) -> list[Any]:
    """Muon for the matrices inside the layers, AdamW for the rest, each knowing its peak rate."""
    import torch

    inside = [w for w in model.model.layers.parameters() if w.ndim == 2]
    rest = [w for w in model.parameters() if all(w is not other for other in inside)]
    muon = torch.optim.Muon(inside, lr=setup.matrix_rate, weight_decay=setup.weight_decay)
    adam = torch.optim.AdamW(rest, lr=setup.learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    for group in (*muon.param_groups, *adam.param_groups):
        group["peak"] = group["lr"]
    return [muon, adam]


def _write(
    folder: Path, model: Any, setup: Pretraining, curve: list[tuple[int, float]], seconds: float
) -> None:
    """Write everything beside `folder`, then put it in its place."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    model.save_pretrained(fresh)
    (fresh / WEIGHTS).chmod(0o644)  # the writer leaves it to its owner alone
    vocabulary.tokenizer().save_pretrained(fresh)
    _json(fresh / "recipe.json", asdict(setup))
    with (fresh / "loss.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["tokens", "loss"])
        writer.writerows((tokens, f"{loss:.4f}") for tokens, loss in curve)
    _json(fresh / "manifest.json", _manifest(fresh, model, curve, seconds))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _manifest(
    folder: Path, model: Any, curve: list[tuple[int, float]], seconds: float
) -> dict[str, Any]:
    files = sorted(path for path in folder.iterdir() if path.name != "manifest.json")
    shapes = {name: list(weight.shape) for name, weight in model.named_parameters()}
    return {
        "files": {path.name: hashing.file(path) for path in files},
        "parameters": sum(int(np.prod(shape)) for shape in shapes.values()),
        "shapes": shapes,
        "vocabulary": hashing.digest(vocabulary.words()),
        "tokens": curve[-1][0],
        "loss": round(curve[-1][1], 4),
        "seconds": round(seconds, 1),
    }


def _json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
