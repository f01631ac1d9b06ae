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
    """US dollars for a million tokens.

    Parameters
    ----------
    input_usd, output_usd : float
        For what is asked, and for what is answered, thoughts included.
    batch_share : float
        What a batched call costs of that.
    cached_usd : float, optional
        For those tokens of the prompt that the server had read before; None if they cost as much
        as the others.

    Examples
    --------
    >>> Price(input_usd=0.5, output_usd=1.5).batch_share
    0.5
    """

    input_usd: float
    output_usd: float
    batch_share: float = 0.5
    cached_usd: float | None = None

    def cost_usd(
        self,
        prompt_tokens: float,
        completion_tokens: float,
        *,
        cached_tokens: float = 0,
        batch: bool = False,
    ) -> float:
        """Return the price of one call; `cached_tokens` are among those of the prompt.

        Examples
        --------
        >>> price = Price(input_usd=1.0, output_usd=2.0, cached_usd=0.1)
        >>> price.cost_usd(500_000, 250_000), price.cost_usd(500_000, 0, cached_tokens=500_000)
        (1.0, 0.05)
        """
        cached_usd = self.input_usd if self.cached_usd is None else self.cached_usd
        usd = (prompt_tokens - cached_tokens) * self.input_usd + cached_tokens * cached_usd
        usd = (usd + completion_tokens * self.output_usd) / MILLION
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
    size += len(json.dumps(body["tools"])) if "tools" in body else 0
    return price.cost_usd(size, body["max_tokens"])
