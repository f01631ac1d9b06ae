"""What a pipeline costs at other sizes: rates that were measured, and a model that is stated.

`make docs` fills the tables of docs/scale.md from what `benchmarks/scale.py` and
`benchmarks/llm.py` wrote. No number in them is typed: a prediction is a measured stage carried on,
or a count of FLOPs, bytes and tokens at the rates and prices of `MODEL`.
"""

from dataclasses import dataclass, fields

from lab import paths
from lab.llm.pricing import price
from tools import markdown

PAGE = "scale.md"
SIZES = (52_002, 10**6, 10**8, 10**10)
SHARD = 100_000  # rows
PAIRED = {"novelty_shards"}  # each shard is compared with each later one
FIXED = {"vectors, fit"}  # fitted on a sample
LINEAR = ("load", "filters", "keep", "score.length", "vectors")
SEARCHED = ("kcenter_shards", "kcenter_two_rounds", "no_near_duplicates_shards")
STAGES = (*LINEAR, *SEARCHED, *PAIRED)


@dataclass(frozen=True)
class Model:
    """What is assumed; every value stands on the page."""

    machines: tuple[int, ...] = (1, 1, 16, 256)  # for each size
    cores: int = 16  # of a machine, with one GPU
    core_hour_usd: float = 0.04
    gpu_hour_usd: float = 2.5
    gpu_flops: float = 989e12  # dense bf16, as its maker states
    utilisation: float = 0.3  # share of these that a forward pass reaches
    network_bytes: float = 1.25e9  # a second, of a machine: 10 Gbit/s
    tokens: int = 200  # of a row
    reply_tokens: int = 100  # of a rating
    encoder: float = 22e6  # parameters, such as MiniLM's
    scorer: float = 1e9  # parameters of the model that gives IFD
    api: str = "gpt-4.1-mini"


MODEL = Model()


def measured() -> list[dict[str, str]]:
    """Return the lines of the benchmark, none if it was not run."""
    path = paths.benchmark_results() / "scale.md"
    return markdown.rows(path.read_text(encoding="utf-8")) if path.exists() else []


def seconds(lines: list[dict[str, str]], stage: str) -> dict[int, float]:
    """Return the seconds of the processor that a stage took, by the number of rows."""
    return {
        int(line["rows"].replace(",", "")): float(line["CPU s"].replace(",", ""))
        for line in lines
        if line["stage"] == stage
    }


def carried_on(stage: str, taken: float, at: int, rows: int) -> float:
    """Return the seconds that a stage takes of `rows`, of which it took `taken` at `at`.

    Examples
    --------
    >>> carried_on("filters", 2.0, 10**5, 10**6), carried_on("vectors, fit", 2.0, 10**5, 10**6)
    (20.0, 2.0)

    Two shards are compared in a task, so 5 of 40,000 rows make 15, and 10 of 100,000 make 55.

    >>> carried_on("novelty_shards", 3.0, 2 * 10**5, 10**6)
    27.5
    """
    if stage in FIXED:
        return taken
    if stage in PAIRED:
        return taken * _pairs(rows) / _pairs(at)
    return taken * rows / at


def _pairs(rows: int) -> float:
    """Return the tasks over two shards, each counted by its rows."""
    size = min(SHARD, max(rows // 5, 1))
    shards = max(rows / size, 1.0)
    return shards * (shards + 1) / 2 * size


def checked() -> str:
    """Return each stage at each size beside what the smallest size foretold."""
    lines, rows = measured(), ["| stage | rows | foretold, CPU s | measured, CPU s | ratio |"]
    rows.append("| --- | ---: | ---: | ---: | ---: |")
    for stage in (*LINEAR, "vectors, fit", *SEARCHED, *PAIRED):
        taken = seconds(lines, stage)
        first = min(taken, default=0)
        for at in sorted(taken)[1:]:
            told = carried_on(stage, taken[first], first, at)
            ratio = taken[at] / told if told else float("nan")
            rows.append(f"| {stage} | {at:,} | {told:,.1f} | {taken[at]:,.1f} | {ratio:.2f} |")
    return "\n".join(rows)


def costs() -> str:
    """Return time and money of each stage at each size."""
    lines = measured()
    rows = [_row("stage", [f"{size:,} rows" for size in SIZES]), _row("---", ["---:"] * len(SIZES))]
    for stage in STAGES:
        taken = seconds(lines, stage)
        if not taken:
            continue
        most = max(taken)
        of = [carried_on(stage, taken[most], most, size) for size in SIZES]
        rows.append(_row(f"{stage}, from {most:,}", [_of_cores(*pair) for pair in enumerate(of)]))
    for name, flops in (
        ("sentence vectors, by FLOPs", 2 * MODEL.encoder * MODEL.tokens),
        ("IFD, by FLOPs", 2 * 2 * MODEL.scorer * MODEL.tokens),
    ):
        rows.append(_row(name, [_of_gpus(at, flops * size) for at, size in enumerate(SIZES)]))
    rate = calls_per_second()
    if rate:
        rows.append(_row("rating, by tokens and calls", [_of_calls(size, rate) for size in SIZES]))
    return "\n".join(rows)


def limits() -> str:
    """Return what grows beyond a machine or a key, at each size."""
    rows = [_row("what", [f"{size:,} rows" for size in SIZES]), _row("---", ["---:"] * len(SIZES))]
    counted = {
        "memory of whoever groups near-duplicates, 100 bytes a row": [
            _bytes(100 * n) for n in SIZES
        ],
        "tasks of novelty": [f"{_pairs(n) / min(SHARD, n // 5):,.0f}" for n in SIZES],
        "vectors of 384 columns on disk": [_bytes(384 * 4 * n) for n in SIZES],
        "seconds to read them once over the network": [
            _time(384 * 4 * n / MODEL.network_bytes / MODEL.machines[at])
            for at, n in enumerate(SIZES)
        ],
        "store of one reply a row, 1 kB each": [_bytes(1000 * n) for n in SIZES],
        "pairs of different rows with one id, expected of 64 bits": [
            f"{n * n / 2 / 2**64:.1g}" for n in SIZES
        ],
    }
    return "\n".join([*rows, *(_row(name, cells) for name, cells in counted.items())])


def assumed() -> str:
    """Return the values of the model."""
    rows = ["| assumed | value |", "| --- | ---: |"]
    for field in fields(MODEL):
        value = getattr(MODEL, field.name)
        if isinstance(value, tuple):
            shown = ", ".join(map(str, value))
        else:
            shown = value if isinstance(value, str) else f"{value:,.10g}"
        rows.append(f"| {field.name.replace('_', ' ')} | {shown} |")
    return "\n".join(rows)


def calls_per_second() -> float:
    """Return the calls a second of one process to an instant server, 0 if that was not measured."""
    path = paths.benchmark_results() / "llm.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for row in markdown.rows(text):
        if row["client"] == "winnow" and row["replies"] == "instant":
            return float(row["rows/s"].replace(",", ""))
    return 0.0


def page() -> str:
    """Return docs/scale.md with its tables filled."""
    text = (paths.docs() / PAGE).read_text(encoding="utf-8")
    blocks = {
        "measured": _table("scale.md"),
        "peer": _table("scale-peer.md"),
        "checked": checked(),
        "costs": costs(),
        "limits": limits(),
        "assumed": assumed(),
    }
    for name, content in blocks.items():
        text = markdown.fill(text, name, content)
    return text


def _table(name: str) -> str:
    """Return what a benchmark wrote, "" if it was not run."""
    path = paths.benchmark_results() / name
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _of_cores(at: int, taken: float) -> str:
    clock = taken / MODEL.cores / MODEL.machines[at]
    return f"{_time(clock)}, {_usd(taken / 3600 * MODEL.core_hour_usd)}"


def _of_gpus(at: int, flops: float) -> str:
    taken = flops / MODEL.gpu_flops / MODEL.utilisation
    clock = taken / MODEL.machines[at]
    return f"{_time(clock)}, {_usd(taken / 3600 * MODEL.gpu_hour_usd)}"


def _of_calls(rows: int, rate: float) -> str:
    found = price(MODEL.api, None)
    if found is None:
        return _time(rows / rate)
    usd = (MODEL.tokens * found.input_usd + MODEL.reply_tokens * found.output_usd) / 1e6
    return f"{_time(rows / rate)}, {_usd(rows * usd)}"


def _row(name: str, cells: list[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _time(taken: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if taken >= size:
            return f"{taken / size:,.1f} {unit}"
    return f"{taken:,.1f} s" if taken >= 0.1 else "< 0.1 s"


def _usd(spent: float) -> str:
    return f"{spent:,.2f} $" if spent >= 0.01 else "< 0.01 $"


def _bytes(held: float) -> str:
    for unit, size in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if held >= size:
            return f"{held / size:,.1f} {unit}"
    return f"{held / 1e3:,.1f} kB"
