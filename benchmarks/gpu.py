"""What a GPU gives: k-center, IFD, fine-tuning and an ablation, each beside what bounds it.

- k-center of 1,000,000 x 384 rows, 1,000 picks: each pick reads all vectors once, so the bound is
  the time that a copy of as many bytes takes
- IFD in batches, beside one row at a time
- fine-tuning a model of 350 million weights in bf16: the share of what one large product of
  matrices reaches, counting 6 operations a weight and token
- eight arms, one process for each GPU, beside one after the other

Without a GPU it says so and ends; `--rehearse` runs all of it small on a CPU and writes nothing.

    python benchmarks/gpu.py [--rehearse]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from lab import ablate, engine, paths, score, select, testbed, tune

HEAD = ["| what | size | s | beside | share or ratio |", "|---|---|---:|---|---:|"]


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds until the device is done, and what came out."""
    begun = time.perf_counter()
    found = run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - begun, found


def cover(device: str, rows: int, columns: int, picks: int) -> str:
    """Return the line of k-center beside a copy of as many bytes."""
    X = torch.randn(rows, columns, device=device, generator=torch.Generator(device).manual_seed(0))
    select.kcenter(X[:1_000], 10)  # the first call compiles
    seconds, _ = timed(lambda: select.kcenter(X, picks))
    other = torch.empty_like(X)
    copied = min(timed(lambda: other.copy_(X))[0] for _ in range(5)) / 2  # read, and written
    share = picks * copied / seconds
    return (
        f"| k-center | {rows:,} x {columns}, k = {picks:,} | {seconds:.2f} | a read | {share:.2f} |"
    )


def difficulty(device: str, count: int, alone: int) -> str:
    """Return the line of IFD beside one row at a time."""
    run = partial(score.ifd, model=str(paths.base_model()), device=device)
    run(testbed.pool(4, seed=1))
    seconds, _ = timed(lambda: run(testbed.pool(count, noise=0.5)))
    others = testbed.pool(alone, noise=0.5, seed=2)
    slow, _ = timed(lambda: [run(others.iloc[[at]]) for at in range(alone)])
    ratio = slow / alone * count / seconds
    return f"| IFD | {count:,} rows | {seconds:.2f} | batch 1 | {ratio:.1f} |"


def utilisation(folder: Path, shape: dict[str, int], batch: int, steps: int) -> str:
    """Return the line of fine-tuning beside one large product."""
    tokenizer = AutoTokenizer.from_pretrained(paths.base_model())
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **shape))
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    weights = sum(one.numel() for one in model.parameters())
    del model
    recipe = tune.Recipe(
        model=str(folder / "base"), steps=steps, batch_size=batch, bf16=True, checkpoints=None
    )
    tune.sft(testbed.pool(8 * batch), recipe, folder / "tuned")
    told = tune.record.read(folder / "tuned") or {}
    reached = 6 * weights * told["tokens_per_second"]
    size = 8192 if torch.cuda.is_available() else 1024
    device = "cuda" if torch.cuda.is_available() else "cpu"
    a = torch.rand(size, size, device=device, dtype=torch.bfloat16)
    bound = 2 * size**3 / min(timed(lambda: a @ a)[0] for _ in range(5))
    what = f"{weights / 1e6:.0f} M weights, {steps} steps of {batch}"
    spent = told["seconds"]["steps"]
    return f"| fine-tuning | {what} | {spent:.2f} | a product | {reached / bound:.2f} |"


def arms(count: int, steps: int) -> str:
    """Return the line of an ablation with a GPU an arm, beside one arm after the other."""
    recipe = tune.Recipe(model=str(paths.base_model()), steps=steps, batch_size=8, max_tokens=128)
    draws = {"draw": partial(testbed.pool, 64)}
    grade = partial(ablate.exact_answers, prompts=testbed.prompts(16), max_new_tokens=16)
    spent = []
    for start, workers in ((0, None), (count, 1)):
        made = ablate.arms(draws, recipe, seeds=range(start, start + count))
        run = partial(ablate.run, made, tune=tune.sft, evaluate=grade, workers=workers)
        spent.append(timed(run)[0])
    gpus, ratio = len(engine.devices()), spent[1] / spent[0]
    return f"| ablation, {gpus} GPUs | {count} arms | {spent[0]:.2f} | one by one | {ratio:.1f} |"


def main() -> None:
    """Print the table, and keep it where there is a GPU."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rehearse", action="store_true", help="small, on a CPU")
    small = parser.parse_args().rehearse
    if not small and not torch.cuda.is_available():
        print("skipped: this machine has no GPU; --rehearse runs it small on a CPU")
        return
    device = "cpu" if small else "cuda"
    wide = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 20}
    narrow = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 16 if not small else 4}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WINNOW_DATA"] = folder  # nothing is known from before
        lines = [
            *HEAD,
            cover(device, *((2_000, 32, 50) if small else (1_000_000, 384, 1_000))),
            difficulty(device, *((40, 8) if small else (20_000, 200))),
            utilisation(
                Path(folder) / "wide",
                (narrow if small else wide) | heads,
                *((4, 2) if small else (64, 30)),
            ),
            arms(2 if small else 8, 2 if small else 100),
        ]
    print("\n".join(lines))
    if not small:
        name = f"On {torch.cuda.get_device_name()}, as `benchmarks/gpu.py` measured it."
        place = paths.benchmark_results() / "gpu.md"
        place.write_text("\n".join([name, "", *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
