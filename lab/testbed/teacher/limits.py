"""The server's rate limits: buckets that refill evenly, and the headers that tell about them."""

import time
from collections.abc import Callable

Headers = list[tuple[bytes, bytes]]
MINUTE_S = 60.0


class RateLimits:
    """At most so many requests and tokens per minute; None is no limit."""

    def __init__(
        self,
        requests_per_minute: float | None,
        tokens_per_minute: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        given = {"requests": requests_per_minute, "tokens": tokens_per_minute}
        self._most = {name: most for name, most in given.items() if most is not None}
        self._left = dict(self._most)
        self._clock = clock
        self._seen = clock()

    def take(self, tokens: int) -> tuple[bool, Headers, float]:
        """Count one request; return whether it may go, the headers, and how long to wait."""
        now = self._clock()
        for name, most in self._most.items():
            refill = most / MINUTE_S * (now - self._seen)
            self._left[name] = min(most, self._left[name] + refill)
        self._seen = now
        wanted = {"requests": 1.0, "tokens": float(tokens)}
        missing = {name: wanted[name] - left for name, left in self._left.items()}
        waits = [lack * MINUTE_S / self._most[name] for name, lack in missing.items()]
        wait_s = max(waits, default=0.0)
        if wait_s <= 0:
            for name in self._left:
                self._left[name] -= wanted[name]
        return wait_s <= 0, self._headers(), max(wait_s, 0.0)

    def _headers(self) -> Headers:
        headers = []
        for name, most in self._most.items():
            left = max(self._left[name], 0.0)
            reset_s = (most - left) * MINUTE_S / most
            for word, value in (
                ("limit", f"{most:g}"),
                ("remaining", f"{int(left)}"),
                ("reset", f"{int(reset_s * 1000)}ms"),
            ):
                headers.append((f"x-ratelimit-{word}-{name}".encode(), value.encode()))
        return headers
