"""The server's own account: every call that came, and every reply that it charged for."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One call as the server saw it."""

    path: str
    status: int  # 0 if none was sent
    fault: str | None
    paid: bool  # a whole reply went out, and is charged
    prompt_tokens: int = 0
    completion_tokens: int = 0
    request: str = ""  # hash of the body


@dataclass
class Log:
    """What a server has seen since it started."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self.entries.append(entry)

    @property
    def paid(self) -> int:
        """Return the number of replies that were charged for."""
        return sum(entry.paid for entry in self.entries)

    @property
    def faults(self) -> Counter[str]:
        """Return how often each fault struck."""
        return Counter(entry.fault for entry in self.entries if entry.fault)

    def summary(self) -> dict[str, Any]:
        """Return the totals: calls, paid replies, distinct requests among them, tokens, faults."""
        paid = [entry for entry in self.entries if entry.paid]
        return {
            "calls": len(self.entries),
            "paid": len(paid),
            "paid_requests": len({entry.request for entry in paid}),
            "prompt_tokens": sum(entry.prompt_tokens for entry in paid),
            "completion_tokens": sum(entry.completion_tokens for entry in paid),
            "faults": dict(self.faults),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return the entries as plain values."""
        return [asdict(entry) for entry in self.entries]
