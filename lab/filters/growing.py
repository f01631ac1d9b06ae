"""Self-Instruct's novelty for a pool that grows while it is asked: one text at a time.

The decisions are those of `novelty` over all texts in the order in which they came; what is kept
is indexed once. A token's rows are listed by their length, so that those which are too short or too
long for a text (the length filter of Bayardo, Ma & Srikant 2007) are passed over all at once.

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
    Cost: some 20 microseconds a text at a pool of 50,000 instructions, tokens included.

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
        self._seen: Ints = np.full(ROOM, -1, dtype=np.int32)
        self._head: Ints = np.full(ROOM, -1, dtype=np.int32)  # by token: its last group
        self._bits: NDArray[np.uint64] = np.zeros(ROOM, dtype=np.uint64)
        self._slots: Ints = np.full(ROOM, -1, dtype=np.int32)
        self._groups: Ints = np.zeros((ROOM, 5), dtype=np.int32)  # see `_enlist`
        self._listed: Ints = np.zeros((ROOM, 2), dtype=np.int32)  # row, its tokens from this one on
        self._signed: NDArray[np.uint64] = np.zeros(ROOM, dtype=np.uint64)  # its signature
        self._used = (0, 0)  # groups and entries
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
        found = _search(
            ids,
            (self._bits, self._slots, self._seen),
            rouge.Rows(self._ids, self._starts, self._ids, self._signed),
            self._index,
            (self.max_similarity, self._asked),
        )
        return int(found)

    @property
    def _index(self) -> tuple[Ints, Ints, Ints, NDArray[np.uint64]]:
        return self._head, self._groups, self._listed, self._signed

    def _keep(self, text: str, ids: Ints) -> None:
        row, start = len(self.texts), int(self._starts[len(self.texts)])
        while start + len(ids) > len(self._ids):
            self._ids = _doubled(self._ids, 0)
        if row + 2 > len(self._starts):
            self._starts = _doubled(self._starts, 0)
            self._seen = _doubled(self._seen, -1)
        while self._used[0] + len(ids) > len(self._groups):
            self._groups = _doubled(self._groups, 0)
        self._ids[start : start + len(ids)] = ids
        self._starts[row + 1] = start + len(ids)
        while (used := _enlist(ids, row, self._index, (*self._used, self.max_similarity)))[0] < 0:
            self._listed, self._signed = _doubled(self._listed, 0), _doubled(self._signed, 0)
        self._used = used
        self.texts.append(text)


def _doubled(array: NDArray[Any], empty: int) -> NDArray[Any]:
    return np.concatenate([array, np.full_like(array, empty)])


@njit(cache=True, nogil=True)
def _sign(ids: Ints) -> Any:
    signature = np.uint64(0)
    for token in ids:
        signature |= np.uint64(1) << np.uint64(token % rouge.WORD)
    return signature


@njit(cache=True, nogil=True)
def _enlist(ids: Ints, row: int, index: Any, used_and_limit: Any) -> tuple[int, int]:
    """Add a row to the lists of its rarest tokens; return how many groups and entries there are.

    A group holds the rows of one token and one length, side by side: length, start, count, room,
    and the token's group before it. A full one moves to a place twice as large; (-1, -1) says that
    the lists have no room for it, and nothing was added.
    """
    head, groups, listed, signed = index
    group, entry, limit = used_and_limit
    ordered = np.sort(ids)[::-1]
    n, signature, previous = len(ids), _sign(ids), -1
    wanted = entry
    for at in range(rouge._prefix(n, limit)):  # noqa: SLF001 - one search in two modules
        mine = _group(head, groups, ordered[at], n)
        full = mine < 0 or groups[mine, 2] == groups[mine, 3]
        wanted += max(1, 2 * groups[mine, 3] if mine >= 0 else 1) if full else 0
    if wanted > len(signed):
        return -1, -1
    for at in range(rouge._prefix(n, limit)):  # noqa: SLF001
        token = ordered[at]
        if token == previous:
            continue
        previous = token
        mine = _group(head, groups, token, n)
        if mine < 0:
            mine = group
            groups[mine, 0], groups[mine, 2], groups[mine, 3] = n, 0, 0
            groups[mine, 4], head[token] = head[token], mine
            group += 1
        start, count, room = groups[mine, 1], groups[mine, 2], groups[mine, 3]
        if count == room:
            for old in range(count):
                listed[entry + old] = listed[start + old]
                signed[entry + old] = signed[start + old]
            start, room = entry, max(1, 2 * room)
            groups[mine, 1], groups[mine, 3] = start, room
            entry += room
        listed[start + count, 0], listed[start + count, 1] = row, n - at
        signed[start + count] = signature
        groups[mine, 2] = count + 1
    return group, entry


@njit(cache=True, nogil=True)
def _group(head: Ints, groups: Ints, token: int, n: int) -> int:
    """Return the group of a token's rows of length n, -1 if there is none."""
    mine = head[token]
    while mine >= 0 and groups[mine, 0] != n:
        mine = groups[mine, 4]
    return int(mine)


@njit(cache=True, nogil=True)
def _search(ids: Ints, desk_arrays: Any, rows: Any, index: Any, limit_and_turn: Any) -> int:
    """Return a kept row with F above the limit to the text, or -1."""
    bits, slots, seen = desk_arrays
    head, groups, listed, signed = index
    limit, turn = limit_and_turn
    n, mine, ordered = len(ids), _sign(ids), np.sort(ids)[::-1]
    found, laid, previous = -1, False, -1
    desk = rouge.Desk(bits, slots, [np.zeros((1, 1), dtype=np.uint64)], seen)
    own = rouge.Rows(ids, np.array([0, n]), ids, signed)
    for at in range(rouge._prefix(n, limit)):  # noqa: SLF001
        token = ordered[at]
        if token == previous or found >= 0:
            continue
        previous = token
        group = head[token]
        while group >= 0 and found < 0:
            m, start, count = groups[group, 0], groups[group, 1], groups[group, 2]
            group = groups[group, 4]
            needed = limit / 2 * (n + m) - rouge.SLACK
            if min(m, n - at) < needed:
                continue
            for entry in range(start, start + count):
                shared = rouge._share_at_most(mine, signed[entry], n, m)  # noqa: SLF001
                other = listed[entry, 0]
                if min(shared, listed[entry, 1]) < needed or seen[other] == turn:
                    continue
                seen[other] = turn
                if not laid:
                    rouge._lay_out(desk, own, 0)  # noqa: SLF001
                    laid = True
                common = rouge._common(desk, n, rows, other)  # noqa: SLF001
                if rouge.f_measure(common, n, m) > limit:
                    found = other
                    break
    if laid:
        rouge._clear(desk, own, 0)  # noqa: SLF001
    return found
