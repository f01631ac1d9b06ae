"""How an example becomes the text that a base model reads before the output.

A layout is a function of the example, and the text that stands before the output when the
instruction is left away. Any function from an example and an end-of-turn token to a text makes one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lab import texts

Example = Mapping[str, Any] | pd.Series


@dataclass(frozen=True)
class Layout:
    r"""The text before an output: `prompt(example, end)`, and `bare` without an instruction.

    `end` is the token that ends an answer, for the earlier answers of a conversation.

    Examples
    --------
    >>> PLAIN.prompt({"history": [], "instruction": "Add 1 and 2.", "input": ""}, "</s>")
    'Add 1 and 2.\n'
    """

    prompt: Callable[[Example, str], str]
    bare: str


def rows(pool: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the examples of a pool, one mapping each."""
    return [{str(name): value for name, value in row.items()} for row in pool.to_dict("records")]


def prompts(layout: Layout, pool: pd.DataFrame, tokenizer: Any) -> list[str]:
    """Return the text before each output; earlier answers end as `tokenizer` ends a text."""
    end = tokenizer.eos_token or ""
    return [layout.prompt(example, end) for example in rows(pool)]


def alpaca_prompt(example: Example, end: str) -> str:
    """Return the text that tuning with Alpaca's template puts before the output.

    Source: Taori et al. 2023 (Stanford Alpaca), the text that its models were trained on.
    """
    return texts.alpaca(example, end_of_turn=end)


def plain_prompt(example: Example, end: str) -> str:
    """Return instruction and input, a line each, as Superfiltering reads them.

    Source: Li et al. 2024, arXiv:2402.00530.
    """
    del end  # no token parts what is read as plain text
    lines = [texts.transcript(example["history"]), example["instruction"], example["input"]]
    return "".join(f"{line}\n" for line in lines if line)


def shot_prompt(example: Example, end: str) -> str:
    """Return the layout of a one-shot demonstration, up to and with `Response:`.

    Source: Li et al. 2024, arXiv:2312.10302 (Nuggets).
    """
    middle = f"Input:\n{example['input']}\n" if example["input"] else ""
    del end  # no token parts what is read as plain text
    turns = texts.transcript(example["history"])
    before = f"{turns}\n" if turns else ""
    return f"{before}Instruction:\n{example['instruction']}\n{middle}Response:\n"


ALPACA = Layout(alpaca_prompt, "### Response:")
PLAIN = Layout(plain_prompt, "")
SHOT = Layout(shot_prompt, "Response:\n")
