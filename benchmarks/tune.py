"""Tokens trained on per CPU-second, beside TRL's SFTTrainer and the plain Trainer, at equal loss.

Short instruction examples, a Llama with random weights, 32 examples a step, one thread. Every
trainer gets the same examples in the same order and shows its loss at each step; packing alone
joins them in its own way, so that its steps hold other examples. Each runs in a process of its own
and is counted from loading the model to saving it; imports are not counted.

    python benchmarks/tune.py [--quick]
    python benchmarks/tune.py --real gemma-3-270m

TRL must be installed (`pip install -e '.[peer]'`); without it its rows are left out, and said so.
`--real` takes a pretrained model instead, with adapters and with all weights, and adds the memory.
"""

import argparse
import gzip
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from lab import files, paths, records, tune
from lab.models.place import find
from lab.tune import model as models
from lab.tune.encode import NO_LABEL, Encoded, encode

RESULTS = Path(__file__).parent / "results"
ROWS_A_STEP = 32
FORM = tune.templates.TextTemplate("short", "{instruction}\n", "{instruction}\n{input}\n")
OURS: dict[str, dict[str, Any]] = {  # name: what differs from the shared set-up
    "lab.tune": {"micro_batches": 8},
    "lab.tune, bf16": {"micro_batches": 8, "bf16": True},  # as TRL's defaults compute
    "lab.tune, one micro-batch": {},
}
PEERS = {
    # its default micro-batch of 8 rows, as many of them as the shared step needs
    "TRL, defaults": {
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": ROWS_A_STEP // 8,
    },
    "TRL, all rows at once": {},
    # four rows of 512 tokens are about as many tokens as 32 short examples
    "TRL, packed": {"packing": True, "max_length": 512, "per_device_train_batch_size": 4},
    "TRL, fp32, no checkpointing": {"bf16": False, "gradient_checkpointing": False},
}
PLAIN = "transformers.Trainer, random order"
# a pretrained model: steps of 8 examples of at most 256 tokens, the memory of a laptop
REAL: dict[str, Any] = {"batch_size": 8, "max_tokens": 256, "learning_rate": 1e-4}
REAL_OURS: dict[str, dict[str, Any]] = {
    "lab.tune, LoRA": {"lora": tune.Lora(rank=16), "bf16": True, "micro_batches": 2},
    "lab.tune, all weights": {"bf16": True, "micro_batches": 2},
}
REAL_PEERS: dict[str, dict[str, Any]] = {
    "TRL, defaults, LoRA": {},
    "TRL, defaults, all weights": {},
    "TRL, LoRA, no checkpointing": {"gradient_checkpointing": False},
}
REAL_STEPS = 4


def examples(count: int) -> pd.DataFrame:
    """Return short Alpaca rows, or rows of the testbed if there is no such file."""
    path = paths.shared() / "data" / "alpaca" / "alpaca_data.json.gz"
    if not path.exists():
        from lab import testbed

        return testbed.pool(count, seed=0)
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [row for row in json.load(stream) if 0 < len(row["output"]) < 400]
    return records.frame(rows[::7][:count], source="alpaca")


def build(folder: Path, pool: pd.DataFrame, *, width: int, layers: int) -> None:
    """Write a Llama with random weights and a tokenizer trained on the pool."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=8000,
        special_tokens=["<pad>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator([*pool["instruction"], *pool["output"]], trainer)
    special = {"pad_token": "<pad>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=inner, **special).save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=8000,
            hidden_size=width,
            intermediate_size=3 * width,
            num_hidden_layers=layers,
            num_attention_heads=width // 64,
            max_position_embeddings=1024,
            bos_token_id=None,
            eos_token_id=1,
            pad_token_id=0,
        )
    ).save_pretrained(folder)


def recipe(folder: Path, steps: int, **changes: Any) -> tune.Recipe:
    """Return the set-up that all share."""
    shared = tune.Recipe(
        model=str(folder),
        template=FORM,
        steps=steps,
        batch_size=ROWS_A_STEP,
        learning_rate=1e-3,
        schedule="linear",
        max_tokens=512,
        checkpoints=None,
    )
    return replace(shared, **changes)


def ours(name: str, pool: pd.DataFrame, base: Path, steps: int) -> dict[str, Any]:
    """Train with `tune.sft`: it loads, encodes, trains and saves."""
    changes = REAL | REAL_OURS[name] if name in REAL_OURS else OURS[name]
    with tempfile.TemporaryDirectory() as folder:
        setup = recipe(base, steps, **changes)
        started = time.process_time()
        tune.sft(pool, setup, folder)
        spent = time.process_time() - started
        done = json.loads((Path(folder) / "tune.json").read_text(encoding="utf-8"))
    return {"loss": done["loss"], "tokens": done["tokens"], "cpu": spent}


def theirs(name: str, pool: pd.DataFrame, base: Path, steps: int) -> dict[str, Any]:
    """Load, encode, train and save with TRL or the plain Trainer, on the examples in our order."""
    import torch

    started = time.process_time()
    model, tokenizer = models.load(str(base))
    setup = recipe(base, steps, **(REAL if name in REAL_PEERS else {}))
    rows = encode(pool, setup, tokenizer, end_of_turn=tokenizer.eos_token).examples
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0)).tolist()
    rows = [rows[place] for place in order][: steps * setup.batch_size]
    shared: dict[str, Any] = {
        "train_sampling_strategy": "sequential",
        "per_device_train_batch_size": setup.batch_size,
        "learning_rate": setup.learning_rate,
        "lr_scheduler_type": "linear",
        "use_cpu": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "max_steps": steps,
    }
    with tempfile.TemporaryDirectory() as folder:
        make = _plain if name == PLAIN else _trl
        trainer = make(model, tokenizer, rows, {**shared, "output_dir": folder}, name)
        trainer.train()
        trainer.save_model()
        spent = time.process_time() - started
    log = [entry for entry in trainer.state.log_history if "learning_rate" in entry]
    tokens = int(log[-1].get("num_tokens", sum(len(row) for row in rows)))
    return {"loss": [entry["loss"] for entry in log], "tokens": tokens, "cpu": spent}


def _trl(model: Any, tokenizer: Any, rows: list[Encoded], shared: Any, name: str) -> Any:
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    data = [
        {
            "input_ids": row.input_ids,
            "completion_mask": [int(label != NO_LABEL) for label in row.labels],
        }
        for row in rows
    ]
    changes = REAL_PEERS[name] if name in REAL_PEERS else PEERS[name]
    settings = SFTConfig(**{**shared, **changes}, completion_only_loss=True)
    adapters = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    return SFTTrainer(
        model=model,
        peft_config=adapters if "LoRA" in name else None,
        args=settings,
        train_dataset=Dataset.from_list(data),
        processing_class=tokenizer,
    )


def _plain(model: Any, tokenizer: Any, rows: list[Encoded], shared: Any, _: str) -> Any:
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    data = [{"input_ids": row.input_ids, "labels": row.labels} for row in rows]
    return Trainer(
        model=model,
        args=TrainingArguments(**shared),
        train_dataset=data,
        data_collator=DataCollatorForSeq2Seq(tokenizer),
    )


def one(name: str, base: Path, count: int, steps: int) -> None:
    """Run one trainer and write what it did to the last line."""
    import torch

    torch.set_num_threads(1)
    for module in ("transformers.trainer", "datasets", "trl.trainer.sft_trainer"):
        if find_spec(module.partition(".")[0]):
            importlib.import_module(module)
    run = ours if name in (*OURS, *REAL_OURS) else theirs
    found = run(name, examples(count), base, steps)
    print("\n" + json.dumps({**found, "mb": files.peak_memory_mb()}))


def measure(name: str, base: Path, count: int, steps: int) -> dict[str, Any]:
    """Run one trainer in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name, str(base), str(count), str(steps)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return the results as a markdown table."""
    speeds = {name: row["tokens"] / row["cpu"] for name, row in found.items()}
    against = speeds.get("TRL, defaults")
    reference = found["lab.tune"]["loss"]
    names = ["trainer", "tokens", "CPU s", "tokens per CPU-second", "against TRL's defaults"]
    names += ["last loss", "largest difference of a step's loss"]
    lines = [f"| {' | '.join(names)} |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for name, row in found.items():
        gap = max(abs(a - b) for a, b in zip(row["loss"], reference, strict=False))
        packed = "packed" in name
        lines.append(
            f"| {name} | {row['tokens']:,} | {row['cpu']:.1f} | {speeds[name]:,.0f} | "
            f"{'' if against is None else f'{speeds[name] / against:.2f}'} | "
            f"{row['loss'][-1]:.4f} | {'other steps' if packed else f'{gap:.1e}'} |"
        )
    return "\n".join(lines)


def real(name: str) -> str:
    """Return the table of a pretrained model, a folder or a name of `lab models`."""
    base = Path(find(name))
    peers = list(REAL_PEERS) if find_spec("trl") else []
    count = REAL_STEPS * REAL["batch_size"]
    found = {each: measure(each, base, count, REAL_STEPS) for each in [*REAL_OURS, *peers]}
    speeds = {each: row["tokens"] / row["cpu"] for each, row in found.items()}
    lines = [
        f"# Fine-tuning {base.name}: tokens per CPU-second and memory\n",
        f"{REAL_STEPS} times {REAL['batch_size']} examples of at most {REAL['max_tokens']} tokens.",
        "One thread, bf16; loading and saving are counted. Memory is the process's most.\n",
        "| trainer | tokens | CPU s | tokens per CPU-s | against TRL's defaults | MB | losses |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for each, row in found.items():
        like = speeds.get(f"TRL, defaults, {'LoRA' if 'LoRA' in each else 'all weights'}")
        ratio = "" if like is None else f"{speeds[each] / like:.2f}"
        losses = " ".join(f"{loss:.4f}" for loss in row["loss"])
        lines.append(
            f"| {each} | {row['tokens']:,} | {row['cpu']:.1f} | {speeds[each]:,.0f} | {ratio} | "
            f"{row['mb']:,} | {losses} |"
        )
    missing = "" if peers else " TRL is not installed: its rows are missing."
    lines.append(
        "\nThe marks are 2.5 times TRL's defaults in tokens per CPU-second at equal loss, and 4 GB "
        f"with adapters.{missing}\n"
    )
    return "\n".join(lines)


def write(name: str, text: str) -> None:
    """Print a table and keep it in benchmarks/results."""
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Print the table and write it to benchmarks/results/tune.md, or tune-real.md."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps")
    parser.add_argument("--real", metavar="MODEL", help="a folder or a name of `lab models`")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        name, base, count, steps = given.one
        one(name, Path(base), int(count), int(steps))
        return
    if given.real:
        write("tune-real.md", real(given.real))
        return
    steps, width, layers = (6, 256, 4) if given.quick else (20, 384, 6)
    count = steps * ROWS_A_STEP
    peers = [PLAIN, *PEERS] if find_spec("trl") else [PLAIN]
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        pool = examples(count)
        build(base, pool, width=width, layers=layers)
        found = {name: measure(name, base, count, steps) for name in [*OURS, *peers]}
    text = (
        f"# Fine-tuning: tokens per CPU-second\n\n{steps} steps of {ROWS_A_STEP} short examples "
        f"({pool['source'].iloc[0]}), a Llama of {layers} layers x {width}, one thread.\n"
        f"{'' if len(peers) > 1 else 'TRL is not installed: its rows are missing.'}\n"
        f"{table(found)}\n\nThe mark is 2.5 times TRL's defaults at equal loss per step. "
        "TRL's defaults compute in bf16, hence the difference of their losses: the row of ours in "
        "bf16 is the one like them, the first row the one in fp32.\n"
    )
    write("tune-quick.md" if given.quick else "tune.md", text)


if __name__ == "__main__":
    main()
