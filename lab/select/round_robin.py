"""Round robin: the queries take turns, and each takes the nearest row that is left.

Source: Ivison et al. 2025, arXiv:2503.01807, algorithm 1 (RDS+), and its form for several tasks;
Nayak et al. 2026, arXiv:2602.14696, whose released code is the same rule. The released code of the
first has another one, in which a query whose nearest row is taken loses its turn: `lost_turns`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.compiled import njit
from lab.select.queries import check_pair, nearest_rows
from lab.select.selection import Selection, check_budget

FIRST = 64  # nearest rows of a query that are looked for at first
LISTED = 2**22  # rows on all lists beyond which they are not made longer


def round_robin(
    X: ArrayLike,
    queries: ArrayLike,
    k: int,
    *,
    tasks: Sequence[Any] | None = None,
    lost_turns: bool = False,
) -> Selection:
    """Pick `k` rows, query by query in turn, each the nearest row not picked yet; nested.

    Nearest is of highest cosine, ties to the lower row; with one query the picks are sorted by it.

    Parameters
    ----------
    X : float (n, d)
        One row per example, in any representation: `embed.weighted_hidden` (the paper's), sentence
        vectors, gradients.
    queries : float (m, d)
        Examples of what is wanted, with their answers, in the same representation: a test set's
        development examples, a region of the map, the rows of a gap. Their order is that of the
        turns.
    k : int
        Rows to pick.
    tasks : sequence (m,), optional
        The task of each query. Tasks then take turns in the place of queries, and the nearest row
        of a task is that of highest cosine to any of its queries.
    lost_turns : bool
        A query whose nearest row was picked already does not pick in this round, and looks to its
        next nearest row in the next, as in the first paper's released code.

    Returns
    -------
    Selection
        `trace` is the cosine of each pick to the query, or task, that took it.

    Raises
    ------
    ValueError
        If a matrix is not finite, has a row of length 0 or other columns, `k` is out of range, or
        `tasks` does not name one task per query.

    Notes
    -----
    Cost: a product of all pairs in blocks, in single precision. Memory: 16 bytes for each of some
    nearest rows of a query, at first twice its share of `k`; never all pairs. When the list of one
    query ends, all are made anew of the rows that are left, twice as long up to some 64 MB; with
    `lost_turns` they grow without that limit, as rows that were picked count there.

    Examples
    --------
    >>> X = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]
    >>> round_robin(X, [[1.0, 0.1], [1.0, 0.0]], 2).indices.tolist()
    [1, 0]
    """
    rows, asked = check_pair(X, queries)
    n = len(rows)
    check_budget(k, n)
    groups = np.arange(len(asked)) if tasks is None else _numbered(tasks, len(asked))
    turns = int(groups.max()) + 1
    taken, place = np.zeros(n, dtype=np.bool_), np.zeros(turns, dtype=np.intp)
    indices, trace = np.empty(k, dtype=np.intp), np.empty(k)
    count, done, turn = min(n, max(FIRST, 2 * -(-k // turns))), 0, 0
    while done < k:
        left = None if lost_turns else ~taken
        lists = nearest_rows(rows, asked, count, groups=groups, left=left)
        available = n if lost_turns else n - done
        begun = done, turn, count == available
        done, turn = _take_turns(lists, taken, place, (indices, trace), begun, lost_turns)
        if not lost_turns:
            available, place[:] = n - done, 0
        longer = 2 * count if lost_turns else max(count, min(2 * count, LISTED // turns))
        count = min(available, longer)
    params = {"k": k, "queries": len(asked), "tasks": turns, "lost_turns": lost_turns}
    return Selection(indices, trace, n=n, method="round_robin", params=params)


def _numbered(tasks: Sequence[Any], m: int) -> Any:
    """Return the number of each task, in the order in which they are first seen."""
    if len(tasks) != m:
        raise ValueError(f"tasks must name the task of each of the {m} queries, got {len(tasks)}")
    numbers = {task: number for number, task in enumerate(dict.fromkeys(tasks))}
    return np.array([numbers[task] for task in tasks])


@njit(cache=True)
def _take_turns(
    lists: Any,
    taken: Any,
    place: Any,
    picks: Any,
    begun: Any,
    lost_turns: bool,  # noqa: FBT001 - numba takes no keywords
) -> Any:
    """Go on until all rows are picked, or the list of nearest rows ends of whose turn it is.

    `begun` holds the picks so far, whose turn it is, and whether lists hold all rows that are left.
    """
    rows, cosines = lists
    done, turn, whole = begun
    indices, trace = picks
    while done < len(indices):
        while place[turn] < rows.shape[1]:
            at = place[turn]
            row = rows[turn, at]
            place[turn] += 1
            if not taken[row]:
                taken[row] = True
                indices[done], trace[done] = row, cosines[turn, at]
                done += 1
                break
            if lost_turns:
                break
        else:
            if not whole:
                return done, turn
        turn = (turn + 1) % len(place)
    return done, turn
