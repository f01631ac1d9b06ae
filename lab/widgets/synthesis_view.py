"""What the synthesis bench shows of a run, and the code that does the same."""

from collections.abc import Mapping
from typing import Any

from lab.llm.prompts import Prompt
from lab.synth import Progress, Synthesised

CUT = 300  # characters of a sample
LAST = 3  # samples


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
