"""Examples to tensors: padded on the right, or joined into one row without padding.

Both give the same losses. Right padding needs no attention mask, since no token looks to its right;
a joined row restarts its positions at each example, which keeps attention inside it as long as no
cache is used. Joining saves work where attention skips what is masked, as on a GPU; on a CPU the
whole square of the row is computed, and padding is faster.
"""

from collections.abc import Sequence
from typing import Any

from lab.tune.encode import NO_LABEL

Row = dict[str, list[int]]


class Padded:
    """Make a batch of right-padded rows, counting tokens on the way."""

    def __init__(self, pad: int) -> None:
        self.pad = pad
        self.tokens = 0  # without padding
        self.padded_tokens = 0

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return `input_ids` and `labels`, each (rows, longest)."""
        import torch

        width = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), width), self.pad)
        labels = torch.full((len(rows), width), NO_LABEL)
        for number, row in enumerate(rows):
            length = len(row["input_ids"])
            ids[number, :length] = torch.tensor(row["input_ids"])
            labels[number, :length] = torch.tensor(row["labels"])
            self.tokens += length
        self.padded_tokens += ids.numel()
        return {"input_ids": ids, "labels": labels}


class Joined:
    """Make a batch of one row that holds all examples, one after the other."""

    def __init__(self) -> None:
        self.tokens = 0
        self.padded_tokens = 0

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return `input_ids`, `labels` and `position_ids`, each (1, tokens)."""
        import torch

        ids = [token for row in rows for token in row["input_ids"]]
        # nothing is asked of an example's first token: what stands before it is another example
        labels = [label for row in rows for label in [NO_LABEL, *row["labels"][1:]]]
        places = [place for row in rows for place in range(len(row["input_ids"]))]
        self.tokens += len(ids)
        self.padded_tokens += len(ids)
        return {
            "input_ids": torch.tensor([ids]),
            "labels": torch.tensor([labels]),
            "position_ids": torch.tensor([places]),
        }
