"""What the synthesis bench shows of a run, and the code that does the same."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lab.llm import prompts
from lab.llm.prompts import Prompt
from lab.synth import Progress, Synthesised

CUT = 300  # characters of a sample
LAST = 3  # samples


def texts(first: str, language: str, edited: Mapping[str, list[list[str]]]) -> list[dict[str, Any]]:
    """Return the prompts of the method that begins with `first`, edited where they are."""
    names = prompts.names("synth", language)
    stem = first.partition("_")[0]
    shown = [name for name in names if name.partition("_")[0] == stem] or names
    own = {name: prompts.load("synth", name, language).sections for name in shown}
    return [
        {
            "name": name,
            "edited": name in edited,
            "parts": edited.get(name) or [list(part) for part in sections],
        }
        for name, sections in own.items()
    ]


def judged(tries: list[dict[str, Any]], said: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the tries with what was said of them; `said` is indexed by id."""
    shown = []
    for row in tries:
        known = row["id"] in said.index
        verdict = str(said.loc[row["id"], "verdict"]) if known else ""
        reason = str(said.loc[row["id"], "reason"]) if known else ""
        shown.append({**row, "verdict": verdict, "reason": reason})
    return shown


def under_way(now: Progress) -> dict[str, Any]:
    """Return how a run stands."""
    return {
        "kept": now.kept,
        "keep": now.keep,
        "rejected": now.rejected,
        "calls": now.calls,
        "usd": round(now.spent_usd, 6),
        "reasons": [[name, count] for name, count in now.reasons.items()],
        "samples": [[task[:CUT], told[:CUT]] for task, told in now.samples],
    }


def done(made: Synthesised, *, keep: int) -> dict[str, Any]:
    """Return how a run ended, in the same form."""
    last = made.examples.tail(LAST)
    pairs = zip(last["instruction"], last["output"], strict=True)
    return {
        "kept": len(made.examples),
        "keep": keep,
        "rejected": len(made.rejects),
        "calls": made.calls,
        "usd": round(made.cost_usd, 6),
        "because": made.stopped_because,
        "reasons": [[str(name), int(count)] for name, count in made.reasons.items()],
        "samples": [[str(task)[:CUT], str(told)[:CUT]] for task, told in pairs],
    }


def code(edited: Mapping[str, Prompt], given: Mapping[str, Any], *, method: str, keep: int) -> str:
    """Return the cell that runs a method with edited prompts; it needs `methods`."""
    lines = ["from lab import synth", "from lab.llm.prompts import Prompt", "edited = {"]
    lines += [f"    {name!r}: {one!r}," for name, one in edited.items()]
    terms = ", ".join(f"{name}={value!r}" for name, value in given.items())
    lines += ["}", f"terms = synth.Terms(prompts=edited, {terms})"]
    return "\n".join([*lines, f"made = methods[{method!r}](keep={keep}, terms=terms)"])


def forecast(tried: Synthesised | None, keep: int) -> str:
    """Say what `keep` examples would take, as a range: a few tries say little of the rate."""
    if tried is None or not len(tried.examples):
        return ""
    found = tried.forecast(keep)
    ends = [found["calls_low"] / found["calls"], found["calls_high"] / found["calls"]]
    calls = f"{found['calls_low']:,.0f} to {found['calls_high']:,.0f} calls"
    usd = tried.cost_usd / len(tried.examples) * keep
    cost = f", {usd * ends[0]:.4f} to {usd * ends[1]:.4f} USD" if usd else ""
    total = len(tried.examples) + len(tried.rejects)
    return f"{keep} would take {calls}{cost} (95 % range, from {total} candidates)"
