"""Self-Instruct's novelty for a pool that grows while it is asked: one text at a time.

The decisions are those of `novelty` over all texts in the order in which they came; what is kept
is indexed once, so that a text costs the same whether it comes first or after fifty thousand.

Source: Wang et al. 2023, arXiv:2212.10560, section 2.2; the search is that of `lab.filters.rouge`.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.compiled import njit
from lab.filters import rouge
from lab.filters.tokens import Tokenizer, rouge_tokens

ROOM = 1 << 12  # first size of what grows; doubled when full

Ints = NDArray[np.int32]


class Growing:
    """A pool of kept texts that says of a new one whether it is novel.

    Source: Self-Instruct, arXiv:2212.10560, section 2.2.
    Cost: some 20 microseconds a text at a pool of 50,000 instructions.

    Parameters
    ----------
    seeds : iterable of str
        Texts that are in the pool already.
    max_similarity : float
        Largest ROUGE-L F allowed, 0 to 1; an F equal to it passes.
    tokenize : callable
        `rouge_tokens`, or `cjk_tokens` for Chinese and Japanese.

    Raises
    ------
    ValueError
        If `max_similarity` is not between 0 and 1.

    Examples
    --------
    >>> pool = Growing(["Name a red fruit."])
    >>> pool.offer("Name a red fruit!"), pool.offer("Sort these numbers.")
    ('Name a red fruit.', None)
    """

    def __init__(
        self,
        seeds: Iterable[str] = (),
        *,
        max_similarity: float = 0.7,
        tokenize: Tokenizer = rouge_tokens,
    ) -> None:
        if not 0 <= max_similarity <= 1:
            raise ValueError(f"max_similarity must be between 0 and 1, got {max_similarity}")
        self.max_similarity, self._tokenize = float(max_similarity), tokenize
        self.texts: list[str] = []
        self._asked = 0
        self._lay_out(list(seeds))

    def _lay_out(self, texts: list[str]) -> None:
        """Index `texts`, the most frequent tokens first: what comes later is taken for rarer."""
        counts = Counter(token for text in texts for token in self._tokenize(text))
        self.texts = []
        self._numbers: dict[str, int] = {
            token: n for n, (token, _) in enumerate(counts.most_common())
        }
        self._ids: Ints = np.zeros(ROOM, dtype=np.int32)
        self._starts: NDArray[np.int64] = np.zeros(ROOM, dtype=np.int64)
        self._signatures: NDArray[np.uint64] = np.zeros(ROOM, dtype=np.uint64)
        self._seen: Ints = np.full(ROOM, -1, dtype=np.int32)
        self._head: Ints = np.full(ROOM, -1, dtype=np.int32)  # by token: its last entry
        self._bits: NDArray[np.uint64] = np.zeros(ROOM, dtype=np.uint64)
        self._slots: Ints = np.full(ROOM, -1, dtype=np.int32)
        self._listed: Ints = np.zeros((ROOM, 4), dtype=np.int32)  # row, length, left, entry before
        self._entries = 0
        self._again_at = max(2 * len(texts), ROOM)  # by then other tokens are rare
        for text in texts:
            self._keep(text, self._encode(text))

    def __len__(self) -> int:
        return len(self.texts)

    def offer(self, text: str) -> str | None:
        """Keep `text` and return None, or return the kept text that it is too close to."""
        ids = self._encode(text)
        near = self._blocker(ids)
        if near < 0:
            self._keep(text, ids)
            if len(self.texts) >= self._again_at:
                self._lay_out(self.texts)
            return None
        return self.texts[near]

    def _encode(self, text: str) -> Ints:
        """Return the numbers of the tokens; a new one is taken for rarer than all before."""
        numbers = self._numbers
        ids = [numbers.setdefault(token, len(numbers)) for token in self._tokenize(text)]
        while len(numbers) > len(self._head):
            self._head = _doubled(self._head, -1)
            self._slots = _doubled(self._slots, -1)
            self._bits = _doubled(self._bits, 0)
        return np.asarray(ids, dtype=np.int32)

    def _blocker(self, ids: Ints) -> int:
        if not len(ids):
            return -1
        self._asked += 1
        desk = rouge.Desk(self._bits, self._slots, _no_masks(), self._seen)
        rows = rouge.Rows(self._ids, self._starts, self._ids, self._signatures)
        found = _search(
            (ids, np.sort(ids)[::-1].copy()),
            desk,
            rows,
            (self._head, self._listed),
            (self.max_similarity, self._asked),
        )
        return int(found)

    def _keep(self, text: str, ids: Ints) -> None:
        row, start = len(self.texts), int(self._starts[len(self.texts)])
        while start + len(ids) > len(self._ids):
            self._ids = _doubled(self._ids, 0)
        if row + 2 > len(self._starts):
            self._starts = _doubled(self._starts, 0)
            self._signatures = _doubled(self._signatures, 0)
            self._seen = _doubled(self._seen, -1)
        while self._entries + len(ids) > len(self._listed):
            self._listed = np.concatenate([self._listed, np.zeros_like(self._listed)])
        self._ids[start : start + len(ids)] = ids
        self._starts[row + 1] = start + len(ids)
        self._signatures[row] = _sign(ids)
        ordered = np.sort(ids)[::-1].copy()
        limit = self.max_similarity
        self._entries = _enlist(ordered, row, self._head, self._listed, (self._entries, limit))
        self.texts.append(text)


def _doubled(array: NDArray[Any], empty: int) -> NDArray[Any]:
    return np.concatenate([array, np.full_like(array, empty)])


@njit(cache=True, nogil=True)
def _no_masks() -> Any:
    return [np.zeros((1, 1), dtype=np.uint64)]


@njit(cache=True, nogil=True)
def _sign(ids: Ints) -> Any:
    signature = np.uint64(0)
    for token in ids:
        signature |= np.uint64(1) << np.uint64(token % rouge.WORD)
    return signature


@njit(cache=True, nogil=True)
def _enlist(ordered: Ints, row: int, head: Ints, listed: Ints, at_and_limit: Any) -> int:
    """Add a row to the lists of its rarest tokens; return the number of entries."""
    entry, limit = at_and_limit
    n, previous = len(ordered), -1
    for at in range(rouge._prefix(n, limit)):  # noqa: SLF001 - one search in two modules
        token = ordered[at]
        if token != previous:
            previous = token
            listed[entry, 0] = row
            listed[entry, 1] = n
            listed[entry, 2] = n - at
            listed[entry, 3] = head[token]
            head[token] = entry
            entry += 1
    return int(entry)


@njit(cache=True, nogil=True)
def _search(text: Any, desk: Any, rows: Any, index: Any, limit_and_turn: Any) -> int:
    """Return a kept row with F above the limit to the text, or -1."""
    ids, ordered = text
    head, listed = index
    limit, turn = limit_and_turn
    n = len(ids)
    mine = _sign(ids)
    found, laid, previous = -1, False, -1
    own = rouge.Rows(ids, np.array([0, n]), ordered, rows.signatures)
    for at in range(rouge._prefix(n, limit)):  # noqa: SLF001
        token = ordered[at]
        if token == previous:
            continue
        previous = token
        entry = head[token]
        while entry >= 0 and found < 0:
            m, other = listed[entry, 1], listed[entry, 0]
            needed = limit / 2 * (n + m) - rouge.SLACK
            if min(listed[entry, 2], n - at) >= needed and desk.seen[other] != turn:
                shared = rouge._share_at_most(mine, rows.signatures[other], n, m)  # noqa: SLF001
                if shared >= needed:
                    desk.seen[other] = turn
                    if not laid:
                        rouge._lay_out(desk, own, 0)  # noqa: SLF001
                        laid = True
                    common = rouge._common(desk, n, rows, other)  # noqa: SLF001
                    if rouge.f_measure(common, n, m) > limit:
                        found = other
            entry = listed[entry, 3]
        if found >= 0:
            break
    if laid:
        rouge._clear(desk, own, 0)  # noqa: SLF001
    return found
