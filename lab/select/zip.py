"""ZIP: rows that are hardest to compress together, which is to say, least redundant.

Source: Yin et al. 2024, arXiv:2407.06645 (Entropy Law). The paper's text could not be read: this is
the authors' code (`USTC-StarTeam/ZIP`) but where it says otherwise below. Redundancy is the bytes
of a text over its bytes after zlib's level 9, lower is better. In rounds: of the rows of lowest
redundancy as last computed, compute it anew with all picks before them and keep some; of these,
pick one after the other the row that keeps the redundancy of the picks lowest.

zlib looks back 32 KiB: redundant with the picks means with the last of them.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from lab.select.selection import IntArray, Selection, check_budget

LEVEL = 9


def zip(  # noqa: A001 - the name under which it was published
    texts: Sequence[str],
    k: int,
    *,
    candidates: int = 10_000,
    shortlist: int = 200,
    at_once: int = 100,
    whole: bool = True,
) -> Selection:
    """Pick `k` texts that together are hard to compress (ZIP); ties to the lower row; nested.

    Parameters
    ----------
    texts : sequence of str
        One per row, none of them empty. The authors' code writes whole records as Python shows
        them, names of fields included.
    k : int
        Rows to pick.
    candidates, shortlist, at_once : int
        In each round, the rows computed anew, those of them kept, and those of these picked, in
        falling order, at least 1.
    whole : bool
        Whether a round's picks are chosen for their redundancy with all picks. False leaves out
        those of earlier rounds in that step, as the authors' code does.

    Returns
    -------
    Selection
        `trace` is the redundancy of the picks so far, those of earlier rounds included.

    Raises
    ------
    ValueError
        If a text is empty, or `k` or a number of rows is out of range.

    Notes
    -----
    Two things of the authors' code are left out: rows of the shortlist that were not picked are
    lost for good there, and a budget is rounded up to whole rounds. Cost: each round compresses
    `candidates` rows, and `shortlist` rows for each of its picks, from where the picks before them
    ended; some 50,000 of Alpaca's rows a second.

    Examples
    --------
    >>> zip(["abababab", "abababab", "the quick fox"], 2).indices.tolist()
    [2, 0]
    """
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    n = len(raw)
    check_budget(k, n)
    if b"" in raw:
        raise ValueError(f"texts must not be empty, but that of row {raw.index(b'')} is")
    if not candidates >= shortlist >= at_once >= 1:
        raise ValueError(
            "candidates, shortlist and at_once must fall and be at least 1, "
            f"got {candidates}, {shortlist} and {at_once}"
        )
    every = _Packed()
    redundancy = np.array([every.redundancy_with(text) for text in raw])
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    done = 0
    while done < k:
        best = _lowest(redundancy, candidates)
        redundancy[best] = [every.redundancy_with(raw[row]) for row in best]
        left = best[np.argsort(redundancy[best], kind="stable")[:shortlist]].tolist()
        recent = every if whole else _Packed()
        for _ in range(min(at_once, len(left), k - done)):
            row = min(left, key=lambda row: (recent.redundancy_with(raw[row]), row))
            left.remove(row)
            recent.add(raw[row])
            if not whole:
                every.add(raw[row])
            indices[done], trace[done] = row, every.redundancy_with(b"")
            redundancy[row] = np.inf
            done += 1
    params = {"k": k, "candidates": candidates, "shortlist": shortlist, "at_once": at_once}
    return Selection(indices, trace, n=n, method="zip", params={**params, "whole": whole})


def _lowest(redundancy: Any, count: int) -> IntArray:
    """Return the rows of lowest redundancy that are left, in the order of rows."""
    order = np.argsort(redundancy, kind="stable")[: min(count, int(np.isfinite(redundancy).sum()))]
    return np.sort(order)


class _Packed:
    """Texts compressed one after the other, each on a line of its own."""

    def __init__(self) -> None:
        self.size, self.written = 0, 0
        self.packer = zlib.compressobj(LEVEL)

    def add(self, text: bytes) -> None:
        line = text + b"\n"
        self.size += len(line)
        self.written += len(self.packer.compress(line))

    def redundancy_with(self, text: bytes) -> float:
        """Return all bytes over all bytes compressed, as if `text` were added and all ended."""
        line = text + b"\n" if text else b""
        packer = self.packer.copy()
        more = len(packer.compress(line)) + len(packer.flush())
        return (self.size + len(line)) / (self.written + more)
