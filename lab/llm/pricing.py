"""What calls cost: a table of list prices as data, with its date, that anyone can override.

Prices change; the table says when it was true. A model that is not in it has no known price, and
then costs are None, never 0.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("prices.json")
MILLION = 1_000_000
BYTES_PER_TOKEN = 4  # of English text, for guesses only
MESSAGE_TOKENS = 4  # that a chat template puts around a message, for guesses only


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens; `batch_share` is what a batched call costs of that."""

    input_usd: float
    output_usd: float
    batch_share: float = 0.5

    def cost_usd(
        self, prompt_tokens: float, completion_tokens: float, *, batch: bool = False
    ) -> float:
        """Return the price of one call.

        Examples
        --------
        >>> Price(input_usd=1.0, output_usd=2.0).cost_usd(500_000, 250_000)
        1.0
        """
        usd = (prompt_tokens * self.input_usd + completion_tokens * self.output_usd) / MILLION
        return usd * self.batch_share if batch else usd


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """Return the table as shipped: `date`, `source`, and `models` by name."""
    found: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


def price(model: str, prices: Mapping[str, Price] | None = None) -> Price | None:
    """Return the price of `model`, from `prices` first, then from the table; None if unknown."""
    if prices is not None and model in prices:
        return prices[model]
    row = table()["models"].get(model)
    return Price(**row) if row else None


def guess_tokens(body: Mapping[str, Any]) -> int:
    """Return a rough number of prompt tokens of a request's body."""
    size = sum(len(str(m["content"]).encode()) for m in body["messages"])
    return size // BYTES_PER_TOKEN + MESSAGE_TOKENS * len(body["messages"])


def most_usd(body: Mapping[str, Any], price: Price) -> float:
    """Return the most that one call can cost: a token for every byte, and the longest reply."""
    size = sum(len(str(m["content"]).encode()) + 2 * MESSAGE_TOKENS for m in body["messages"])
    return price.cost_usd(size, body["max_tokens"])
