"""How an example becomes the text that a base model reads before the output.

A layout is a function of the example and the text that stands before the output when the
instruction is left away. Any function from an example to a text makes one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

Example = Mapping[str, Any] | pd.Series


@dataclass(frozen=True)
class Layout:
    """The text before an output: `prompt(example)`, and `bare` without an instruction."""

    prompt: Callable[[Example], str]
    bare: str


def rows(pool: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the examples of a pool, one mapping each."""
    return [{str(name): value for name, value in row.items()} for row in pool.to_dict("records")]


def alpaca_prompt(example: Example) -> str:
    """Return Alpaca's prompt up to and with `### Response:`; earlier turns stand above.

    Source: Taori et al. 2023 (Stanford Alpaca), the text that its models were trained on.
    """
    head = "Below is an instruction that describes a task"
    head += ", paired with an input that provides further context. " if example["input"] else ". "
    parts = [f"{head}Write a response that appropriately completes the request."]
    parts += _turns(example)
    parts.append(f"### Instruction:\n{example['instruction']}")
    if example["input"]:
        parts.append(f"### Input:\n{example['input']}")
    return "\n\n".join([*parts, "### Response:"])


def plain_prompt(example: Example) -> str:
    """Return instruction and input, a line each, as Superfiltering reads them.

    Source: Li et al. 2024, arXiv:2402.00530.
    """
    lines = [*_turns(example), example["instruction"], example["input"]]
    return "".join(f"{line}\n" for line in lines if line)


def shot_prompt(example: Example) -> str:
    """Return the layout of a one-shot demonstration, up to and with `Response:`.

    Source: Li et al. 2024, arXiv:2312.10302 (Nuggets).
    """
    middle = f"Input:\n{example['input']}\n" if example["input"] else ""
    turns = "".join(f"{turn}\n" for turn in _turns(example))
    return f"{turns}Instruction:\n{example['instruction']}\n{middle}Response:\n"


def _turns(example: Example) -> list[str]:
    return [f"{turn['role']}: {turn['content']}" for turn in example["history"]]


ALPACA = Layout(alpaca_prompt, "### Response:")
PLAIN = Layout(plain_prompt, "")
SHOT = Layout(shot_prompt, "Response:\n")
