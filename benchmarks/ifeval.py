"""IFEval of GPT-4's published answers by lm-evaluation-harness, beside what the paper prints.

    python benchmarks/ifeval.py [--folder FOLDER]

FOLDER is laid out as `data/` of the shared data is. Needs the extra `winnow[eval]`. Two things make
the figures differ from run to run. One prompt was reworded after it was answered, so that it finds
no answer by its text. And two prompts ask for a sign that is no letter: the checker then draws a
letter at random, for each reading anew, and counts that.

Source: Zhou et al. 2023, arXiv:2311.07911, table 3, and the files published with it.
"""

import argparse
import itertools
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab import judge, paths
from lab.judge.published import files

RESULT = Path(__file__).parent / "results" / "ifeval.md"
ANSWERS = "input_response_data_gpt4_20231107_145030.jsonl.gz"
NAMES = ("prompt, strict", "instruction, strict", "prompt, loose", "instruction, loose")
PAPER = (76.89, 83.57, 79.30, 85.37)
Verdicts = dict[int, dict[str, list[bool]]]  # of each prompt's key and reading


def main() -> None:
    """Write the table to `results/ifeval.md`, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=paths.shared() / "data")
    place = parser.parse_args().folder / "ifeval"
    prompts = list(files.objects(place / "input_data.jsonl.gz"))
    answers = {row["prompt"]: row["response"] for row in files.objects(place / ANSWERS)}
    missing = [row for row in prompts if row["prompt"] not in answers]
    unused = answers.keys() - {row["prompt"] for row in prompts}
    reworded = answers | dict(
        zip((row["prompt"] for row in missing), map(answers.get, unused), strict=True)
    )
    failed = verdicts(prompts, {row["prompt"]: "" for row in missing} | answers)
    whole = verdicts(prompts, reworded)
    drawn = [(row["key"], place) for row in prompts for place in drawn_places(row)]
    columns = {
        "no answer fails": rates(failed),
        "its answer to the earlier wording counted": rates(whole),
    }
    text = "\n\n".join(
        [
            "## IFEval of GPT-4's published answers, in percent",
            table(columns, outcomes(whole, drawn)),
            sentence(whole, drawn, missing),
        ]
    )
    print(text)
    RESULT.write_text(text + "\n", encoding="utf-8")


def verdicts(prompts: Sequence[dict[str, Any]], answers: dict[str, str]) -> Verdicts:
    """Return the verdict on each instruction, by the harness."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prompts.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in prompts), encoding="utf-8")
        found = judge.benchmark(answers, {"ifeval": path})
    values = found.set_index(["metric", "item"])["value"]
    order = found.loc[found["metric"] == "prompt_level_strict_acc,none", "item"]
    return {
        row["key"]: {
            reading: [
                bool(values[f"inst_level_{reading}_acc,none", f"{item}-{at}"])
                for at in range(len(row["instruction_id_list"]))
            ]
            for reading in ("strict", "loose")
        }
        for row, item in zip(prompts, order, strict=True)
    }


def drawn_places(row: dict[str, Any]) -> list[int]:
    """Return which instructions of a prompt name a letter that is none."""
    letters = [(kwargs or {}).get("letter") for kwargs in row["kwargs"]]
    return [at for at, letter in enumerate(letters) if letter and not letter.isalpha()]


def rates(found: Verdicts) -> tuple[float, ...]:
    """Return the four rates in percent."""
    parts: list[float] = []
    for reading in ("strict", "loose"):
        lists = [each[reading] for each in found.values()]
        flat = [verdict for each in lists for verdict in each]
        parts += [sum(map(all, lists)) / len(lists), sum(flat) / len(flat)]
    return tuple(round(100 * part, 2) for part in parts)


def outcomes(found: Verdicts, drawn: Sequence[tuple[int, int]]) -> list[tuple[float, ...]]:
    """Return the rates for every outcome of the draws, of both readings."""
    made = []
    for chance in itertools.product((True, False), repeat=2 * len(drawn)):
        fate = iter(chance)
        changed = dict(found)
        for key, at in drawn:
            changed[key] = {name: list(each) for name, each in changed[key].items()}
            for reading in ("strict", "loose"):
                changed[key][reading][at] = next(fate)
        made.append(rates(changed))
    return made


def table(columns: dict[str, tuple[float, ...]], made: Sequence[tuple[float, ...]]) -> str:
    """Return the rates, the paper's first, and how far chance moves them."""
    head = " | ".join(["rate", "paper", *columns, "by chance"])
    lines = [f"| {head} |", f"|---|{'---:|' * (len(columns) + 2)}"]
    for at, name in enumerate(NAMES):
        shown = [f"{value[at]:.2f}" for value in (PAPER, *columns.values())]
        low, high = min(each[at] for each in made), max(each[at] for each in made)
        lines.append(f"| {name} | {' | '.join(shown)} | {low:.2f} to {high:.2f} |")
    return "\n".join(lines)


def sentence(found: Verdicts, drawn: Sequence[tuple[int, int]], missing: Sequence[Any]) -> str:
    """Say which prompts are concerned, and whether the paper's four figures are among the draws."""
    keys = ", ".join(str(key) for key, _ in drawn)
    lost = ", ".join(str(row["key"]) for row in missing)
    made = outcomes(found, drawn)
    hits = sum(each == PAPER for each in made)
    return (
        f"Reworded after it was answered: prompt {lost}. Verdicts that are drawn: prompts {keys}, "
        f"in both readings. Of the {len(made)} outcomes of the draws, {hits} give the paper's four "
        "figures with the reworded prompt's answer counted."
    )


if __name__ == "__main__":
    main()
