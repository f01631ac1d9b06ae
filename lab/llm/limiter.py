"""How many calls may be under way: one window per model, that gives way and creeps up again.

Additive increase, multiplicative decrease: each success widens the window a little, a 429 or 5xx
narrows it, once per round, by half the share of calls that lately met one: a little for stray
faults, to the half when every call is pushed back. A server's wait (`Retry-After`) stops all calls,
and rate-limit headers (`x-ratelimit-…`) space the calls out.

Source: RFC 8257 (DCTCP): the moving share of marked packets, and the cut by half of it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from lab.llm import waits

GAIN = 1 / 16  # weight of the last call in the share of calls that are pushed back
LEAST = 4  # calls that are always allowed, if the most is not lower
ROUNDS = 32  # rounds of successes from nothing to the most


@dataclass
class Bucket:
    """What is left of a rate limit, as the server's headers tell it, refilling over time."""

    level: float
    limit: float
    per_second: float
    seen: float

    def wait_s(self, amount: float, now: float) -> float:
        """Return how long to wait until `amount` may go."""
        self._refill(now)
        missing = min(amount, self.limit) - self.level
        return missing / self.per_second if missing > 0 else 0.0

    def take(self, amount: float, now: float) -> None:
        """Count `amount` as gone."""
        self._refill(now)
        self.level -= amount

    def _refill(self, now: float) -> None:
        self.level = min(self.limit, self.level + self.per_second * max(0.0, now - self.seen))
        self.seen = max(now, self.seen)


class Limiter:
    """Lets calls through to one model; used from one event loop only."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.window = float(most)
        self.in_flight = 0
        self.pushed_share = 0.0
        self._closed_until = 0.0
        self._last_cut = 0.0
        self._buckets: dict[str, Bucket] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self, tokens: int) -> None:
        """Wait for a place, then take it; `tokens` is what the call will count against limits."""
        while True:
            now = time.monotonic()
            wait = max(self._closed_until - now, self._limits_wait(tokens, now))
            if wait > 0:
                await asyncio.sleep(wait)
            elif self.in_flight < self.window:
                break
            else:
                await self._queue()
        self.in_flight += 1
        for name, amount in (("requests", 1), ("tokens", tokens)):
            if name in self._buckets:
                self._buckets[name].take(amount, now)

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._wake()

    def succeeded(self, headers: Mapping[str, str]) -> None:
        """Widen the window a little, and heed the headers."""
        self.pushed_share *= 1 - GAIN
        self.window = min(float(self.most), self.window + self.most / ROUNDS / self.window)
        self._heed(headers)

    def pushed_back(self, started: float, wait_s: float | None, headers: Mapping[str, str]) -> None:
        """Narrow the window, once per round of calls; stop if the server asks to wait."""
        now = time.monotonic()
        self.pushed_share += GAIN * (1 - self.pushed_share)
        if started > self._last_cut:
            self._last_cut = now
            self.window = max(
                float(min(LEAST, self.most)), self.window * (1 - self.pushed_share / 2)
            )
        if wait_s is not None:
            self._closed_until = max(self._closed_until, now + wait_s)
        self._heed(headers)

    async def _queue(self) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._wake()
            raise

    def _wake(self) -> None:
        free = int(self.window) - self.in_flight
        while free > 0 and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1

    def _limits_wait(self, tokens: int, now: float) -> float:
        amounts = {"requests": 1, "tokens": tokens}
        return max((b.wait_s(amounts[name], now) for name, b in self._buckets.items()), default=0.0)

    def _heed(self, headers: Mapping[str, str]) -> None:
        for name in ("requests", "tokens"):
            limit = waits.seconds(headers.get(f"x-ratelimit-limit-{name}"))
            left = waits.seconds(headers.get(f"x-ratelimit-remaining-{name}"))
            reset = waits.wait_s(headers.get(f"x-ratelimit-reset-{name}"))
            if limit is None or left is None or reset is None or limit <= 0:
                continue
            now = time.monotonic()
            known = self._buckets.get(name)
            per_second = (limit - left) / reset if reset > 0 and left < limit else limit / 60
            if known is None:
                self._buckets[name] = Bucket(left, limit, per_second, now)
                continue
            known._refill(now)  # noqa: SLF001 - the two are one
            known.level = min(known.level, left)
            known.limit, known.per_second = limit, per_second
