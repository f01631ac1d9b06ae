"""IFD over a pool: shared batches beside the loops that the literature ships, one row at a time.

Both loops do what the released code of the two papers does for a row, in our words: tokenise, one
pass over prompt and output, one over the output alone, logits of every position, hidden states of
every layer. Cherry LLM's then also reads the loss of each token by itself. They run on the first
rows of the pool only, and their time is scaled to all rows. Loading the model is timed for nobody.
The limit is the time of the matrix products that the losses need (no padding, no logits that are
not read, no attention), at the speed of one large fp32 product on this machine.

How well scores of a real model tell published selections: `benchmarks/published.py`.

    python benchmarks/ifd.py [--quick]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from lab import paths, testbed
from lab.score import causal as causal_models
from lab.score.causal import Causal, Piece
from lab.score.layout import PLAIN, rows
from lab.score.losses import mean_losses, scored

HEAD = (
    "IFD on a CPU, {threads} threads: seconds for all rows, milliseconds a row, times ours (the "
    "mark is 10), and the largest difference of a mean loss."
)


def plain_loop(causal: Causal, pieces: list[Piece]) -> np.ndarray:
    """One row at a time with logits of all positions, as Superfiltering's data_analysis.py."""
    return np.array([whole_pass(causal, piece).loss.item() for piece in pieces])


def reading_loop(causal: Causal, pieces: list[Piece]) -> np.ndarray:
    """Do the same, and read the loss of each token by itself, as Cherry LLM's data_analysis.py."""
    means = []
    for piece in pieces:
        told = whole_pass(causal, piece)
        ids = [*piece.context, *piece.target]
        each = []
        for place in range(1, len(ids)):
            chances = torch.log_softmax(told.logits[0, place - 1], dim=-1)
            answer = torch.tensor([ids[place]])
            each.append(torch.nn.functional.nll_loss(chances.unsqueeze(0), answer).item())
        means.append(np.mean(each[max(len(piece.context) - 1, 0) :]))
    return np.array(means)


def whole_pass(causal: Causal, piece: Piece) -> Any:
    """One forward pass with everything that comes with it."""
    ids = torch.tensor([[*piece.context, *piece.target]])
    labels = ids.clone()
    labels[0, : len(piece.context)] = -100
    with torch.no_grad():
        return causal.model(input_ids=ids, labels=labels, output_hidden_states=True)


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and values."""
    begun = time.perf_counter()
    values = run()
    return time.perf_counter() - begun, values


def small(count: int) -> tuple[str, Causal, list[Piece]]:
    """Take the testbed's base model and a pool of its world."""
    causal = causal_models.load(str(paths.base_model()), device="cpu")
    pool = testbed.pool(count, noise=0.5, seed=0)
    outputs = pool["output"].tolist()
    prompts = [PLAIN.prompt(example) for example in rows(pool)]
    given = causal_models.encode(causal, prompts, outputs)
    alone = causal_models.encode(causal, [PLAIN.bare] * len(pool), outputs)
    pairs = [piece for pair in zip(given, alone, strict=True) for piece in pair]
    return "testbed base", causal, pairs


def large(count: int) -> tuple[str, Causal, list[Piece]]:
    """Take a model of GPT-2's size with random weights, and lengths like Alpaca's."""
    torch.manual_seed(0)
    config = GPT2Config()
    causal = Causal(GPT2LMHeadModel(config).eval(), None, "cpu", 1024, "gpt2", "random-gpt2")
    rng = np.random.default_rng(0)
    pairs = []
    for asked, said in zip(
        rng.integers(10, 40, count), rng.lognormal(3.6, 0.8, count), strict=True
    ):
        target = rng.integers(0, config.vocab_size, min(2 + int(said), 512)).tolist()
        context = rng.integers(0, config.vocab_size, asked).tolist()
        pairs += [Piece(context, target), Piece([], target)]
    return "GPT-2's size, random", causal, pairs


def products(causal: Causal, pieces: list[Piece]) -> float:
    """Return the floating-point operations that the losses cannot do without."""
    tables = [m for m in causal.model.modules() if isinstance(m, torch.nn.Embedding)]
    known = {id(table.weight) for table in tables}
    inside = [w for w in causal.model.parameters() if w.ndim == 2 and id(w) not in known]
    head = causal.model.get_output_embeddings().weight.numel()
    read = sum(len(piece.context) + len(piece.target) - 1 for piece in pieces)
    answers = sum(scored(piece) for piece in pieces)
    own = sum(w.numel() for w in inside if w is not causal.model.get_output_embeddings().weight)
    return 2.0 * (own * read + head * answers)


def speed(size: int = 3072) -> float:
    """Return the operations a second of one large product in fp32."""
    a, b = torch.rand(size, size), torch.rand(size, size)
    seconds = min(timed(lambda: a @ b)[0] for _ in range(5))
    return 2.0 * size**3 / seconds


def compare(name: str, causal: Causal, pieces: list[Piece], peer_rows: int) -> list[str]:
    """Return the lines of the table for one model; raise if values differ."""
    mean_losses(causal, pieces[:4])  # warm up both sides alike
    plain_loop(causal, pieces[:4])
    seconds, ours = timed(lambda: mean_losses(causal, pieces))
    count = len(pieces) // 2
    lines = [f"| {name} | ours | {count} | {seconds:.2f} | {1000 * seconds / count:.2f} | 1 | 0 |"]
    least = products(causal, pieces) / speed()
    lines.append(
        f"| {name} | the limit: products alone | {count} | {least:.2f} "
        f"| {1000 * least / count:.2f} | {least / seconds:.2f} | |"
    )
    part = pieces[: 2 * peer_rows]
    for label, loop in (("plain loop", plain_loop), ("reading loop", reading_loop)):
        spent, theirs = timed(lambda loop=loop: loop(causal, part))
        scored = ~np.isnan(ours[: len(part)])
        apart = np.abs(ours[: len(part)] - theirs)[scored].max()
        if apart > 1e-4:
            raise SystemExit(f"{name}: the values differ by {apart}")
        whole = spent * count / peer_rows
        lines.append(
            f"| {name} | {label} ({peer_rows} rows, scaled) | {count} | {whole:.2f} "
            f"| {1000 * whole / count:.2f} | {whole / seconds:.1f} | {apart:.0e} |"
        )
    return lines


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WINNOW_DATA"] = folder  # nothing is known from before
        lines = [
            HEAD.format(threads=torch.get_num_threads()),
            "",
            "| model | how | rows | s | ms/row | times ours | difference |",
            "|---|---|---:|---:|---:|---:|---:|",
            *compare(*small(400 if quick else 4000), peer_rows=100 if quick else 400),
        ]
        if not quick:
            lines += compare(*large(96), peer_rows=24)
    keep(f"ifd{'-quick' if quick else ''}", lines)


def keep(name: str, lines: list[str]) -> None:
    """Print a table and write it."""
    print("\n".join(lines))
    results = paths.benchmark_results()
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
