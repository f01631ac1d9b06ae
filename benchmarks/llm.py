"""Calls to a server: our client beside the bare official one, Bespoke Curator and distilabel.

The server is the testbed's teacher in a process of its own, over HTTP. Each client runs in a fresh
process, warm (its imports and one call are done before the clock starts): rows per second, CPU
seconds of the client, and its peak memory. Ours has its store, its progress and its accounting on.

    python benchmarks/llm.py [--quick] [--peers] [--storm] [--kill]

`--peers` makes a virtual environment for each peer under build/ and installs it from PyPI;
`--storm` sends 20,000 requests through a storm of faults; `--kill` kills a client ten times.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab import llm, paths

IN_FLIGHT = 512
PEERS = {"curator": ["bespokelabs-curator"], "distilabel": ["distilabel[openai]", "requests"]}
PATIENCE_S = 600
COLUMNS = ("replies", "client", "rows", "seconds", "rows/s", "CPU s", "peak MB", "paid calls")

SERVER = """
import json, sys
from lab.testbed import serve
from lab.testbed.teacher import Faults, Teacher, Traffic
traffic = json.loads(sys.argv[2])
traffic["faults"] = Faults(**traffic.pop("faults", {}))
serve.run(port=int(sys.argv[1]), traffic=Traffic(**traffic))
"""
MEASURE = """
import json, sys, time
from lab.files import peak_memory_mb
url, number, in_flight, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
questions = [f"What is {n} plus {n % 7}?" for n in range(number)]
def measured(work, check):
    before, start = time.process_time(), time.perf_counter()
    rows = work()
    seconds, cpu = time.perf_counter() - start, time.process_time() - before
    good = sum(1 for text in check(rows) if text)
    told = {"seconds": seconds, "cpu": cpu, "mb": peak_memory_mb(), "good": good}
    print("TOLD" + json.dumps(told))
"""
OURS = """
from lab import llm
client = llm.Client(
    "teacher", base_url=url, store=folder + "/replies.sqlite",
    prices={"teacher": llm.Price(1.0, 4.0)}, limits=llm.Limits(max_in_flight=in_flight),
)
asked = [llm.Request([{"role": "user", "content": text}]) for text in questions]
client.complete([llm.Request([{"role": "user", "content": "Warm up."}])])
measured(lambda: client.complete(asked), lambda rows: [row.text for row in rows])
"""
BARE = """
import asyncio
import httpx2
from openai import AsyncOpenAI, DefaultAioHttpClient
async def main(texts):
    limits = httpx2.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    client = AsyncOpenAI(base_url=url, api_key="none", http_client=DefaultAioHttpClient(
        limits=limits, timeout=600))
    rows, todo = [None] * len(texts), list(range(len(texts)))
    async def work():
        while todo:
            row = todo.pop()
            reply = await client.chat.completions.create(
                model="teacher", temperature=0.0,
                messages=[{"role": "user", "content": texts[row]}])
            rows[row] = reply.choices[0].message.content
    await asyncio.gather(*(work() for _ in range(in_flight)))
    await client.close()
    return rows
asyncio.run(main(["Warm up."]))
measured(lambda: asyncio.run(main(questions)), lambda rows: rows)
"""
CURATOR = """
import os
os.environ.update(OPENAI_API_KEY="none", CURATOR_DISABLE_RICH_DISPLAY="1", TELEMETRY_ENABLED="0",
                  CURATOR_CACHE_DIR=folder, CURATOR_VIEWER="0", HF_HUB_OFFLINE="1")
import tiktoken
class Words:  # its tokenizer files come from the network; counting words instead is cheaper for it
    def encode(self, text, **settings):
        return text.split()
tiktoken.get_encoding = tiktoken.encoding_for_model = lambda name: Words()
from bespokelabs import curator
params = {"base_url": url, "max_requests_per_minute": 10_000_000,
          "max_tokens_per_minute": 10_000_000_000, "max_concurrent_requests": in_flight}
model = curator.LLM(model_name="teacher", backend="openai", backend_params=params)
def ask(texts):
    found = model(texts)
    return getattr(found, "dataset", found)
ask(["Warm up."])
measured(lambda: ask(questions), lambda rows: [list(row.values())[-1] for row in rows])
"""
DISTILABEL = """
import os
os.environ.update(OPENAI_API_KEY="none", HF_HUB_OFFLINE="1", DISTILABEL_LOG_LEVEL="ERROR",
                  HF_HOME=folder)
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps.tasks import TextGeneration
def ask(texts):
    with Pipeline(name="benchmark") as pipeline:
        TextGeneration(name="answer", input_batch_size=in_flight, llm=OpenAILLM(
            model="teacher", base_url=url, api_key="none",
            generation_kwargs={"temperature": 0.0, "max_new_tokens": 512}))
    found = pipeline.run(dataset=[{"instruction": text} for text in texts], use_cache=False)
    return found["default"]["train"]
if __name__ == "__main__":
    measured(lambda: ask(questions), lambda rows: [row["generation"] for row in rows])
"""
STORM = {
    "too_many": 0.1,
    "too_many_bare": 0.1,
    "server_error": 0.03,
    "unavailable": 0.02,
    "hung": 0.02,
    "malformed": 0.01,
    "wrong_type": 0.01,
    "dropped": 0.02,
    "truncated": 0.01,
}
ASK = """
import sys
from lab import llm
asked = [llm.Request([{"role": "user", "content": f"What is {n} plus {n % 7}?"}])
         for n in range(int(sys.argv[2]))]
limits = llm.Limits(max_in_flight=int(sys.argv[3]))
llm.Client("teacher", base_url=sys.argv[1], store=sys.argv[4], limits=limits).complete(asked)
"""


@contextmanager
def teacher(**traffic: Any) -> Iterator[str]:
    """Serve a teacher in a process of its own, and give its base URL."""
    port = random.randint(10_000, 30_000)  # below the range that callers get
    command = [sys.executable, "-c", SERVER, str(port), json.dumps(traffic)]
    process = subprocess.Popen(command, cwd=paths.root())
    url = f"http://127.0.0.1:{port}/v1"
    try:
        for _ in range(200):
            try:
                account(url)
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def account(url: str) -> dict[str, Any]:
    """Return the server's own totals."""
    with urllib.request.urlopen(url.replace("/v1", "/log")) as reply:  # noqa: S310 - loopback
        found: dict[str, Any] = json.load(reply)
    return found


def timed(name: str, code: str, python: str, number: int, latency_s: float) -> list[Any]:
    """Run one client in a fresh process against a fresh server; return a row of the table."""
    kind = f"{latency_s:g} s" if latency_s else "instant"
    with teacher(latency_s=latency_s) as url, tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "client.py"
        script.write_text(MEASURE + code)
        command = [python, str(script), url, str(number), str(IN_FLIGHT), folder]
        try:
            ended = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
                cwd=paths.root() if python == sys.executable else folder,
            )
        except subprocess.TimeoutExpired:
            return [kind, name, number, f"over {PATIENCE_S}", "", "", "", account(url)["paid"]]
        paid = account(url)["paid"]
    lines = [line[4:] for line in ended.stdout.splitlines() if line.startswith("TOLD")]
    if not lines:
        last = (ended.stderr.strip().splitlines() or ["no output"])[-1]
        return [kind, name, number, f"failed: {last[:80]}", "", "", "", paid]
    told = json.loads(lines[-1])
    if told["good"] != number:
        name += f" ({told['good']} answered)"
    rate = number / told["seconds"]
    return [
        *(kind, name, number, f"{told['seconds']:.2f}", f"{rate:,.0f}"),
        *(f"{told['cpu']:.2f}", f"{told['mb']:.0f}", paid),
    ]


def peer(name: str) -> str:
    """Make a virtual environment with a peer, and return its python."""
    folder = paths.root() / "build" / "peers" / name
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEERS[name]], check=True)
        (folder / "ready").touch()
    return str(python)


def storm(number: int) -> str:
    """Send requests through a storm, and hold the store against the server's account."""
    asked = [
        llm.Request([{"role": "user", "content": f"What is {n} plus {n % 7}?"}])
        for n in range(number)
    ]
    # no early stop: all are to be counted; patient, so that a busy machine is no fault of its own
    limits = llm.Limits(max_in_flight=256, timeout_s=10.0, max_failure_rate=1.0)
    with (
        teacher(faults=STORM, retry_after_s=0.05) as url,
        tempfile.TemporaryDirectory() as folder,
        llm.Store(Path(folder) / "replies.sqlite") as store,
    ):
        client = llm.Client("teacher", base_url=url, store=store, limits=limits)
        start = time.perf_counter()
        replies = client.complete(asked)
        seconds = time.perf_counter() - start
        told, stored = account(url), len(store)
        failed_tries = sum(row["failed_tries"] for row in store.summary())
    good = sum(reply.error is None for reply in replies)
    faults = sum(told["faults"].values())
    agree = told["paid"] == stored == told["paid_requests"] == good and faults == failed_tries
    return (
        f"Storm: {number:,} requests, {faults:,} faults, {seconds:.1f} s: {good:,} replies and"
        f" {number - good} counted failures; paid by the server's account {told['paid']:,}, in the"
        f" store {stored:,}, failed tries in the store {failed_tries:,}:"
        f" {'they agree' if agree else 'THEY DO NOT AGREE'}."
    )


def killed(number: int, in_flight: int, kills: int) -> str:
    """Kill a client at random moments; count what was lost and what was bought again."""
    rng, again, lost = random.Random(0), [], 0
    with (
        teacher(latency_s=0.1, latency_spread=0.5) as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        path = Path(folder) / "replies.sqlite"
        command = [sys.executable, "-c", ASK, url, str(number), str(in_flight), str(path)]
        known: set[str] = set()
        spare = 0
        for _ in range(kills):
            process = subprocess.Popen(command, cwd=paths.root(), stderr=subprocess.DEVNULL)
            goal = account(url)["paid"] + rng.randint(1, number // kills)
            while account(url)["paid"] < goal and process.poll() is None:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(0.5)  # replies under way count as paid
            with llm.Store(path) as store:
                keys = {row.key for row in store.rows()}
            lost += len(known - keys)
            known = keys
            more = account(url)["paid"] - len(keys) - spare
            again.append(more)
            spare += more
        subprocess.run(command, cwd=paths.root(), check=True, stderr=subprocess.DEVNULL)
        with llm.Store(path) as store:
            whole = len(store)
    return (
        f"Killed {kills} times with {in_flight} in flight: {lost} stored replies lost, bought again"
        f" per kill {again} (at most {in_flight} allowed:"
        f" {'kept' if max(again) <= in_flight else 'NOT KEPT'}), {whole} of {number} at the end."
    )


def table(rows: list[list[Any]]) -> str:
    """Return rows as a markdown table."""
    lines = [list(COLUMNS), ["---"] * 3 + ["---:"] * 5, *rows]
    lines[1][0:3] = ["---", "---", "---:"]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("quick", "peers", "storm", "kill"):
        parser.add_argument(f"--{name}", action="store_true")
    wanted = parser.parse_args()
    number = 500 if wanted.quick else 5_000
    clients = {"winnow": (OURS, sys.executable), "official client, bare": (BARE, sys.executable)}
    if wanted.peers:
        clients["Bespoke Curator"] = (CURATOR, peer("curator"))
        clients["distilabel"] = (DISTILABEL, peer("distilabel"))
    runs = 1 if wanted.quick else 3
    rows = [
        sorted((timed(name, *how, number, latency_s) for _ in range(runs)), key=seconds)[runs // 2]
        for latency_s in (0.0, 0.5)
        for name, how in clients.items()
    ]
    head = f"{number:,} calls, {IN_FLIGHT} in flight, the teacher over HTTP; the median of {runs}."
    write("llm", f"{head}\n\n{table(rows)}")
    if wanted.storm:
        write("llm-storm", storm(2_000 if wanted.quick else 20_000))
    if wanted.kill:
        write("llm-kill", killed(200 if wanted.quick else 1_000, 32, 10))


def seconds(row: list[Any]) -> float:
    """Return the seconds of a row; a client that failed comes last."""
    try:
        return float(row[3])
    except ValueError:
        return float("inf")


def write(name: str, text: str) -> None:
    """Print, and keep in the folder of results."""
    print(text, flush=True)
    folder = paths.benchmark_results()
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
