"""Every published file of instruction data at hand: rows in = kept + refused. And LIMA's rules.

Reads the folder that `WINNOW_SHARED` names. Prints three tables: what each file gives; what each of
LIMA's rules removes from four dumps of Stack Exchange, alone and in order; rows, seconds and peak
memory of the streaming reader on a dump blown up to a size, beside lxml's whole tree on a tenth.

    python benchmarks/sources.py [--files] [--lima] [--stream MB]
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from lab import filters, load, paths, recipes
from lab.errors import DataError
from lab.load.stack_exchange import posts

COUNTS = ("rows", "kept", "refused")
LISTED = re.compile(r"(?m)^\| `([^`]+)` \| *([\d,]+)[^|]*\|")  # path and rows in a README's tables
TREE = """
import sys, time
from lab.files import peak_memory_mb
from lxml import etree
start = time.perf_counter()
rows = sum(1 for _ in etree.parse(sys.argv[1], etree.XMLParser(huge_tree=True)).iter("row"))
print(rows, time.perf_counter() - start, peak_memory_mb())
"""
MINE = """
import sys, time
from lab.files import peak_memory_mb
from lab.load.stack_exchange import posts
start = time.perf_counter()
rows = sum(1 for _ in posts(sys.argv[1]))
print(rows, time.perf_counter() - start, peak_memory_mb())
"""
PAIRS = """
import sys, time
from lab.files import peak_memory_mb
from lab.load.stack_exchange import stream
start = time.perf_counter()
pairs = sum(len(pool) for pool in stream(sys.argv[1], least_votes=int(sys.argv[2])))
print(pairs, time.perf_counter() - start, peak_memory_mb())
"""


def files(data: Path) -> pd.DataFrame:
    """Return one row per published file: what its README counts, and what `load.auto` makes of it.

    Posts and instances are counted as the README counts them: of Stack Exchange all answers are
    read, and questions that have one count with them.
    """
    counted = dict(LISTED.findall((data / "README.md").read_text(encoding="utf-8")))
    found = []
    for name, listed in counted.items():
        line: dict[str, object] = {"file": name, "listed": int(listed.replace(",", ""))}
        try:
            found.append({**line, **_read(data / name)})
        except DataError as error:
            found.append({**line, "told": f"refused: {error.reason}"[:110]})
    return pd.DataFrame(found)


def _read(path: Path) -> dict[str, object]:
    loaded = load.auto(path)
    reader = loaded.recognised.removeprefix("read by load.").partition(":")[0]
    more = ""
    if reader == "stack_exchange":
        loaded = load.stack_exchange(path, every_answer=True)
        more = f"and {loaded.pool['question'].nunique()} questions of these answers; "
    if loaded.rows != len(loaded.pool) + len(loaded.refused):
        raise SystemExit(f"{path}: rows are lost")
    told = "; ".join(f"{n} {reason}" for (_, reason), n in loaded.reasons().items())
    counts = {"rows": loaded.rows, "kept": len(loaded.pool), "refused": len(loaded.refused)}
    return {"reader": reader, **counts, "told": (more + told)[:110]}


def lima(data: Path) -> pd.DataFrame:
    """Return what each rule removes from four dumps, together and one by one, alone and in order.

    And from LIMA's released 400 answers of Stack Exchange, in the strict reading of the rules.
    """
    dumps = sorted((data / "stackexchange").rglob("Posts.xml*"))
    pool = pd.concat([load.stack_exchange(path).pool for path in dumps])
    released = load.alpaca(data / "lima" / "lima.json.gz").pool.iloc[:400]
    found = {"all four": recipes.lima_rules(pool)}
    found |= {str(site): recipes.lima_rules(part) for site, part in pool.groupby("category")}
    found["released, strict"] = recipes.lima_rules(released, stripped=True)
    return pd.concat({name: filters.tally(masks) for name, masks in found.items()}, names=["pool"])


def blown_up(data: Path, megabytes: int, folder: Path) -> Path:
    """Write a dump of this size: the rows of a published one over and over, ids shifted."""
    rows = list(posts(sorted((data / "stackexchange").rglob("Posts.xml*"))[1]))
    highest = max(int(row["Id"]) for row in rows)
    path = folder / "Posts.xml"
    with path.open("w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="utf-8"?>\n<posts>\n')
        turn = 0
        while out.tell() < megabytes * 2**20:
            for row in rows:
                moved = {k: _moved(k, v, turn * highest) for k, v in row.items()}
                told = " ".join(f"{k}={_quoted(v)}" for k, v in moved.items())
                out.write(f"  <row {told} />\n")
            turn += 1
        out.write("</posts>\n")
    return path


def _moved(name: str, value: str, by: int) -> str:
    """Shift an id, and mark a text, so that no copy of a post is the same example as another."""
    if name in ("Id", "ParentId", "AcceptedAnswerId"):
        return str(int(value) + by)
    return f"{value} ({by})" if name in ("Title", "Body") and by else value


def _quoted(text: str) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(text, {"\n": "&#xA;", "\r": "&#xD;"})


def streaming(data: Path, megabytes: int) -> pd.DataFrame:
    """Return rows, seconds and peak memory of each way, each in a process of its own."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        big = blown_up(data, megabytes, Path(folder))
        ways = [("rows, streamed", MINE, []), ("pairs of 30 votes, streamed", PAIRS, ["30"])]
        for name, code, more in ways:
            found.append(_timed(name, megabytes, code, [str(big), *more]))
        small = blown_up(data, max(megabytes // 10, 1), Path(folder))
        found.append(_timed("lxml's tree", max(megabytes // 10, 1), TREE, [str(small)]))
    return pd.DataFrame(found)


def _timed(name: str, megabytes: int, code: str, arguments: list[str]) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"way": name, "MB": megabytes, "told": done.stderr.strip().split("\n")[-1][:80]}
    rows, seconds, memory = map(float, done.stdout.split())
    return {
        "way": name,
        "MB": megabytes,
        "gives": int(rows),
        "s": round(seconds, 1),
        "MB/s": round(megabytes / seconds, 1),
        "peak MB": round(memory),
    }


def main() -> None:
    """Print the tables that are asked for; files and LIMA's rules by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--lima", action="store_true")
    parser.add_argument("--stream", type=int, default=0, metavar="MB")
    given = parser.parse_args()
    data = paths.shared() / "data"
    with pd.option_context(
        "display.width", 260, "display.max_colwidth", 120, "display.max_rows", 500
    ):
        if given.files or not (given.lima or given.stream):
            print(
                files(data)
                .astype(dict.fromkeys(COUNTS, "Int64"))
                .to_string(index=False, justify="left")
            )
        if given.lima or not (given.files or given.stream):
            print(lima(data).to_string())
        if given.stream:
            print(streaming(data, given.stream).to_string(index=False))


if __name__ == "__main__":
    main()
