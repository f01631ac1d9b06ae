"""What each way of making data does with a small real model, and what novelty costs in the loop.

    python benchmarks/synthesis.py                  novelty at a pool of 50,000, on the testbed
    python benchmarks/synthesis.py --real [NAME …]  each method, a real model, over the protocol

`--real` starts `lab models serve MODEL` on loopback and asks it as any server is asked; run
`make models` first. Each method has to keep 20 examples, within so many candidates and minutes;
the table says how many it kept, of how many, and why the others fell. Rows of methods that are not
asked for stay as they are, each with its date. Magpie leaves a user's turn open, which this server
knows. Replies are stored: a second run goes on where the first stopped. On a busy machine set
OMP_NUM_THREADS=1: threads that wait for each other get little done.
"""

import argparse
import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from lab import coverage, embed, filters, llm, paths, synth, testbed
from lab.synth import Synthesised, Terms, sandbox

MODEL = "smollm2-135m-instruct"
KEEP, CANDIDATES = 20, 60
SHORT = 80  # characters
POOL = 50_000
STARTS_WITHIN_S = 300
TOPICS = ["fractions", "the water cycle", "lists in Python", "letters to a landlord", "sleep"]
PEOPLE = ["a nurse on night shifts", "a baker", "a law student", "a football coach", "a gardener"]
TEXTS = [
    "Bread dough rises because yeast turns sugar into gas, and the gas is held by the gluten.",
    "To change a tyre, loosen the nuts, lift the car, take the wheel off and put the spare on.",
    "A sonnet has fourteen lines; Shakespeare's end with a couplet that turns the thought.",
    "Rain falls when droplets in a cloud have grown too heavy for the air that carries them.",
    "Salt lowers the freezing point of water, which is why it is strewn on roads in winter.",
    "The heart has four chambers; the left side pumps blood into the body, the right to the lungs.",
]


def methods(client: llm.Client) -> dict[str, Callable[..., Synthesised]]:
    """Return every method with what it starts from, small enough for a small model."""
    seeds = synth.load_seeds()
    short = seeds[seeds["output"].str.len() < SHORT]  # what a small model may say in few tokens
    texts = pd.concat([pool_of(TEXTS), seeds[seeds["output"].str.len() > 60]])
    vectors = embed.lexical(seeds["instruction"])
    gaps = coverage.gaps(vectors.iloc[:20], vectors, max_distance=0.8)
    return {
        "self_instruct": partial(synth.self_instruct, seeds, client),
        "alpaca": partial(synth.alpaca, seeds, client),
        "evol_instruct": partial(synth.evol_instruct, short, client),
        "answer": partial(synth.answer, short, client),
        "invert": partial(synth.invert, texts, client),
        "backtranslate": partial(synth.backtranslate, texts, client, min_score=4),
        "rewrite": partial(synth.rewrite, short, client),
        "corrupt": partial(synth.corrupt, short, client),
        "persona": partial(synth.persona, PEOPLE, client),
        "constrain": partial(synth.constrain, short, client),
        "best_of": partial(synth.best_of, short, client, score=shortness, n=2),
        "fill": partial(synth.fill, gaps, client, reference=seeds),
        "self_align": partial(synth.self_align, short, client),
        "textbook": partial(synth.textbook, TOPICS, client),
        "textbook, code": partial(synth.textbook, TOPICS, client, tested=sandbox.Limits()),
        "magpie": partial(synth.magpie, "", client, open_turns=True),
        "reason": partial(synth.reason, short, client),
    }


def pool_of(texts: list[str]) -> pd.DataFrame:
    """Return texts as a pool of outputs."""
    return synth.segments(texts, min_characters=20, max_repeated=1)


def shortness(rows: pd.DataFrame) -> "pd.Series[float]":
    """Score the shorter answer higher."""
    return -rows["output"].str.len().astype(float)


@contextlib.contextmanager
def served(model: str) -> Iterator[str]:
    """Serve a model on loopback and yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = f"from lab.llm import serve; serve.run({model!r}, port={port})"  # lab models serve
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command)
    try:
        wait(f"http://127.0.0.1:{port}/v1/models", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)


def wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a server answers."""
    end = time.monotonic() + STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - loopback
            return
        time.sleep(0.3)
    raise SystemExit(f"no server at {url}: is the model there? run `make models`")


def real(model: str, names: list[str], terms: Terms, path: Path) -> None:
    """Run methods with a real model, print what is kept, and write the table after each."""
    limits = llm.Limits(max_in_flight=16, timeout_s=1800, max_failure_rate=1.0)
    rows = table(path)
    with served(model) as url:
        server = llm.Server(url, provider=f"served/{model}")  # whatever port: the same replies
        client = llm.Client(model, base_url=server, limits=limits)
        every = methods(client)
        for name in names or list(every):
            began = time.monotonic()
            made = every[name](keep=KEEP, terms=terms)
            rows[name] = row(name, made, model, terms, (time.monotonic() - began) / 60)
            print(rows[name], flush=True)
            for one in made.examples.to_dict("records"):
                print(f"    {one['instruction'][:200]!r} -> {one['output'][:200]!r}", flush=True)
            path.write_text(page(rows, list(every)), encoding="utf-8")


def page(rows: dict[str, str], every: list[str]) -> str:
    """Return the table of real models, in the order of the methods."""
    order = [*every, *(name for name in rows if name not in every)]
    head = "| method | model | date | tokens a reply | kept | of | calls | tokens made | minutes |"
    head += " stopped | why others fell |"
    title = "Each method with a small real model, over the protocol, on loopback."
    lines = [title, "", head, "|" + " --- |" * 11, *(rows[name] for name in order if name in rows)]
    return "\n".join(lines) + "\n"


def table(path: Path) -> dict[str, str]:
    """Return the rows of a table that was written before, by method."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return {line.split(" | ")[0].removeprefix("| "): line for line in found if "---" not in line}


def row(name: str, made: Synthesised, model: str, terms: Terms, minutes: float) -> str:
    """Return a line of the table."""
    total = len(made.examples) + len(made.rejects)
    why = "; ".join(f"{reason} {count}" for reason, count in made.reasons.items())
    today = datetime.now(UTC).date()
    cells: list[Any] = [name, model, today, terms.max_tokens, len(made.examples), total, made.calls]
    cells += [f"{made.tokens[1]:,}", f"{minutes:.1f}", made.stopped_because, why]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def novelty(size: int) -> list[str]:
    """Time Self-Instruct on a pool of `size`, and the part of it that is spent on novelty.

    With replies that cost no time, seconds are those of the processor, the teacher's own included;
    with replies as late as a server's, they are those of the clock.
    """
    pool = testbed.pool(size, seed=1)
    client = testbed.client(store=":memory:")
    synth.self_instruct(synth.load_seeds(), client, keep=5)  # compiles and warms up
    lines = [
        "| pool | a reply takes | kept | texts asked about | seconds in all | in novelty | share |",
        "|" + " --- |" * 7,
    ]
    for latency_s, clock in ((0.0, time.process_time), (0.5, time.perf_counter)):
        client = testbed.client(store=":memory:", traffic=testbed.Traffic(latency_s=latency_s))
        made, asked, spent, whole = timed(pool, client, clock)
        cells = [f"{size:,}", f"{latency_s} s", len(made.examples), f"{asked:,}", f"{whole:.1f}"]
        cells += [f"{spent:.3f}", f"{100 * spent / whole:.1f} %"]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return lines


def timed(
    pool: pd.DataFrame, client: llm.Client, clock: Callable[[], float]
) -> tuple[Synthesised, int, float, float]:
    """Return a run, the texts whose novelty was asked, and the seconds of that and of all."""
    spent: list[float] = []
    plain = filters.Growing.offer

    def offer(self: filters.Growing, text: str) -> str | None:
        began = time.thread_time()
        found = plain(self, text)
        spent.append(time.thread_time() - began)
        return found

    filters.Growing.offer = offer  # type: ignore[method-assign]
    try:
        began = clock()
        made = synth.self_instruct(pool, client, keep=300, terms=Terms(seed=2))
        whole = clock() - began
    finally:
        filters.Growing.offer = plain  # type: ignore[method-assign]
    return made, len(spent), sum(spent), whole


def main() -> None:
    """Measure, print, and write the table beside the others."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--real", nargs="*", metavar="NAME", help="methods, all by default")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--minutes", type=float, default=4.0, help="cap for one method")
    parser.add_argument("--max-tokens", type=int, default=96)
    parser.add_argument("--candidates", type=int, default=CANDIDATES, help="cap for one method")
    parser.add_argument("--pool", type=int, default=POOL)
    given = parser.parse_args()
    folder = paths.benchmark_results()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("synthesis-novelty.md" if given.real is None else "synthesis.md")
    if given.real is not None:
        caps = {"candidates": given.candidates, "minutes": given.minutes}
        terms = Terms(max_tokens=given.max_tokens, min_acceptance=0, **caps)
        real(given.model, given.real, terms, path)
        return
    text = "\n".join(novelty(given.pool)) + "\n"
    print(text)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
