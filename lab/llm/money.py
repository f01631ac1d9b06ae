"""What a client has spent, and the cap that it never passes.

Before a call its highest price is reserved; when it ends the reservation becomes what it cost. So
what is spent, what may have been spent on calls that broke off, and what is under way together
stay below the cap.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from lab.errors import BudgetError
from lab.llm import pricing
from lab.llm.pricing import Price

POLL_S = 0.005


class Ledger:
    """The money of one client, in US dollars; used from one event loop only."""

    def __init__(self, prices: Mapping[str, Price] | None, budget_usd: float | None) -> None:
        if budget_usd is not None and budget_usd <= 0:
            raise ValueError(f"budget_usd must be above 0, got {budget_usd}")
        self.prices = prices
        self.budget_usd = budget_usd
        self.spent_usd = 0.0  # on replies
        self.uncertain_usd = 0.0  # on tries that broke off and may have been billed
        self._reserved_usd = 0.0
        self._replies = 0
        self._turn = asyncio.Lock()

    @property
    def used_usd(self) -> float:
        """Return what is spent, tries that may have been billed included."""
        return self.spent_usd + self.uncertain_usd

    def price(self, model: str) -> Price | None:
        """Return the price of `model`.

        Raises
        ------
        BudgetError
            If there is a cap and no price to hold against it.
        """
        found = pricing.price(model, self.prices)
        if found is None and self.budget_usd is not None:
            raise BudgetError(
                f"budget_usd={self.budget_usd:g} needs a price for {model!r}; pass"
                f" prices={{{model!r}: llm.Price(input_usd=…, output_usd=…)}}"
            )
        return found

    async def reserve(self, body: Mapping[str, Any]) -> float:
        """Set aside the most that a call can cost; wait for others to end if the cap is near.

        Raises
        ------
        BudgetError
            If the cap is reached.
        """
        price = self.price(body["model"])
        if price is None:
            return 0.0
        most = pricing.most_usd(body, price)
        if self.budget_usd is not None:
            async with self._turn:
                while self.used_usd + self._reserved_usd + most > self.budget_usd:
                    if self._reserved_usd <= most * 1e-9:  # nothing is under way that could end
                        raise BudgetError(
                            f"budget_usd={self.budget_usd:g} is reached: {self.used_usd:.4f} is"
                            f" spent, and one more call can cost up to {most:.4f}"
                        )
                    await asyncio.sleep(POLL_S)
        self._reserved_usd += most
        return most

    def settle(self, reserved_usd: float, cost_usd: float | None) -> None:
        """Turn a reservation into what the reply cost."""
        self._release(reserved_usd)
        self.spent_usd += cost_usd or 0.0
        self._replies += 1

    def broke_off(self, reserved_usd: float, *, may_be_billed: bool) -> float:
        """Turn a reservation into what a failed try may have cost, and return that.

        It is the mean price of the replies so far, or the reservation if there are none.
        """
        self._release(reserved_usd)
        if not may_be_billed:
            return 0.0
        mean = self.spent_usd / self._replies if self._replies else reserved_usd
        cost = min(mean, reserved_usd)
        self.uncertain_usd += cost
        return cost

    def _release(self, reserved_usd: float) -> None:
        self._reserved_usd = max(0.0, self._reserved_usd - reserved_usd)
