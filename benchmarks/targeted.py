"""Targeted and newer selectors beside the loops that were published, or a plain definition.

The peers hold all pairs or redo all work for every pick, as the released code does (in our words,
the same calls); each runs in a process and a thread of its own, so that its memory is seen and its
seconds are the processor's, which a busy machine changes little.

    python benchmarks/targeted.py [--quick]
"""

import argparse
import heapq
import multiprocessing
import os
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np

from lab import paths, select, testbed
from lab.select.dsir import TOKEN

Array = np.ndarray
Case = tuple[float, Array, float]  # seconds, picks, MiB
FULL = {"n": 52_002, "d": 384, "m": 1_000, "k": 2_600, "dense": 8_000, "texts": 20_000}
QUICK = {"n": 4_000, "d": 64, "m": 50, "k": 200, "dense": 600, "texts": 600}


def rows(n: int, d: int, m: int) -> tuple[Array, Array]:
    """Return unit rows around centres, and queries around a fifth of them."""
    rng = np.random.default_rng(0)
    count = max(5, n // 50)
    centres = rng.standard_normal((count, d), dtype=np.float32)
    X = centres[rng.integers(0, count, n)]
    X += 0.8 * rng.standard_normal((n, d), dtype=np.float32)
    Q = centres[rng.integers(0, count // 5, m)]
    Q += 0.8 * rng.standard_normal((m, d), dtype=np.float32)
    return tuple(each / np.linalg.norm(each, axis=1, keepdims=True) for each in (X, Q))


def round_robin_loop(X: Array, Q: Array, k: int) -> Array:
    """Round robin as released: all pairs, a masked copy of a query's row for every pick."""
    S = (Q @ X.T).copy()
    used = np.zeros(len(X), dtype=bool)
    picks: list[int] = []
    while len(picks) < k:
        row = np.where(used, -np.inf, S[len(picks) % len(Q)])
        picks.append(int(np.argmax(row)))
        used[picks[-1]] = True
    return np.array(picks)


def doubly_greedy_loop(X: Array, Q: Array, k: int) -> Array:
    """Doubly greedy as released: all pairs, then a sort of the highest."""
    return np.argsort(-(Q @ X.T).max(axis=0), kind="stable")[:k]


def uot_loop(X: Array, Q: Array, k: int) -> Array:
    """Sinkhorn's scaling over all pairs, as a transport library has it, until u and v stand."""
    n, m = len(X), len(Q)
    kernel = np.exp(-(1 - (Q @ X.T).astype(np.float64)) / 2 / 0.01) / n / m
    u, v = np.ones(m), np.ones(n)
    for _ in range(1000):
        old = u, v
        u = 1 / m / (kernel @ v)
        v = (1 / n / (kernel.T @ u)) ** (1e-4 / (1e-4 + 0.01))
        change = (abs(a - b).max() / max(abs(a).max(), 1) for a, b in zip((u, v), old, strict=True))
        if sum(change) / 2 < 1e-6:
            break
    return np.argsort(-(u[:, None] * kernel * v).sum(axis=0), kind="stable")[:k]


def tsds_loop(X: Array, Q: Array, k: int, neighbours: int) -> Array:
    """TSDS as released, with exact neighbours: a queue of the queries; rows of most mass."""
    S = Q @ X.T
    near = np.argsort(-S, axis=1, kind="stable")[:, :neighbours]
    distance = np.sqrt(np.maximum(2 - 2 * np.take_along_axis(S, near, axis=1), 0)).astype(float)
    candidates, place = np.unique(near, return_inverse=True)
    density = np.empty(len(candidates))
    for at in range(0, len(candidates), 1024):
        products = X[candidates[at : at + 1024]] @ X[candidates].T
        density[at : at + 1024] = np.maximum(1 - (2 - 2 * products) / 0.75**2, 0).sum(axis=1)
    room = 1 / density[place].reshape(near.shape)
    queue = [(room[i, 0], 0, i) for i in range(len(Q))]
    heapq.heapify(queue)
    spent, cost, last = distance[:, 0] * room[:, 0], np.zeros(len(Q)), np.zeros(len(Q), dtype=int)
    total, level = 0.0, 0.0
    while queue:
        level, at, i = heapq.heappop(queue)
        total -= cost[i]
        cost[i] = distance[i, at + 1] * level - spent[i]
        total += cost[i]
        if 0.5 / 5 * total >= 0.5 * len(Q):
            break
        last[i] = at
        if at < neighbours - 2:
            heapq.heappush(queue, (level + room[i, at + 1], at + 1, i))
            spent[i] += distance[i, at + 1] * room[i, at + 1]
    mass = np.zeros(len(X))
    for i in range(len(Q)):
        sent = room[i, : last[i] + 1] / len(Q) / level
        mass[near[i, : last[i] + 1]] += sent
        mass[near[i, last[i] + 1]] += max(1 / len(Q) - sent.sum(), 0)
    return np.argsort(-mass, kind="stable")[:k]


def qdit_loop(X: Array, quality: Array, k: int, alpha: float) -> Array:
    """Greedy on gain and quality without laziness: all gains anew for every pick."""
    S = np.maximum(X @ X.T, 0)
    best = np.zeros(len(X), dtype=np.float32)
    picks: list[int] = []
    for _ in range(k):
        gain = np.maximum(S - best, 0).sum(axis=1)
        value = (1 - alpha) * gain + alpha * quality
        value[picks] = -np.inf
        picks.append(int(value.argmax()))
        best = np.maximum(best, S[picks[-1]])
    return np.array(picks)


def mig_loop(tags: list[list[int]], scores: Array, k: int, vectors: Array) -> Array:
    """MIG as released: a dense matrix of rows and labels, the rows that are left for every pick."""
    edges = vectors @ vectors.T
    edges = np.where(edges >= 0.9, edges, 0)
    own = np.zeros((len(tags), len(vectors)), dtype=np.float32)
    for row, of in enumerate(tags):
        own[row, of] = scores[row]
    spread = own @ (edges / edges.sum(axis=0)).astype(np.float32)
    left, mass, picks = np.ones(len(tags), dtype=bool), np.zeros(len(vectors), np.float32), []
    for _ in range(k):
        gains = spread[left] @ (0.8 * (mass + 1e-6) ** -0.2)
        picks.append(int(np.flatnonzero(left)[gains.argmax()]))
        left[picks[-1]] = False
        mass += spread[picks[-1]]
    return np.array(picks)


def dsir_loop(texts: list[str], targets: list[str], k: int) -> Array:
    """DSIR as released, without noise: a vector of 10,000 counts for every text, twice."""

    def counts(text: str) -> Array:
        tokens, found = TOKEN.findall(text.lower()), np.zeros(10_000, dtype=int)
        for gram in tokens + [" ".join(tokens[i : i + 2]) for i in range(len(tokens) - 1)]:
            found[int(sha256(gram.encode()).hexdigest(), 16) % 10_000] += 1
        return found

    pool, wanted = (sum(counts(text) for text in of) for of in (texts, targets))
    ratio = np.log(wanted / wanted.sum() + 1e-8) - np.log(pool / pool.sum() + 1e-8)
    weights = np.round([ratio @ counts(text) for text in texts], 10)
    return np.argsort(-weights, kind="stable")[:k]


def zip_loop(texts: list[str], k: int) -> Array:
    """ZIP's rounds with every redundancy computed from all of the text, as released."""

    def redundancy(of: list[int]) -> float:
        raw = "".join(texts[i] + "\n" for i in of).encode()
        return len(raw) / len(zlib.compress(raw, 9))

    known = np.array([redundancy([row]) for row in range(len(texts))])
    picks: list[int] = []
    while len(picks) < k:
        best = np.sort(np.argsort(known, kind="stable")[: min(10_000, len(texts) - len(picks))])
        known[best] = [redundancy([*picks, row]) for row in best]
        left = best[np.argsort(known[best], kind="stable")[:200]].tolist()
        for _ in range(min(100, k - len(picks))):
            row = min(left, key=lambda row: (redundancy([*picks, row]), row))
            left.remove(row)
            known[row] = np.inf
            picks.append(row)
    return np.array(picks)


def targeted(name: str, *, ours: bool, n: int, d: int, m: int, k: int) -> Case:
    """Time a targeted selector, or its loop, on `n` rows and `m` queries."""
    X, Q = rows(n, d, m)
    small = rows(200, d, 3)
    mine: dict[str, Callable[[Array, Array, int], Array]] = {
        "round_robin": lambda X, Q, k: select.round_robin(X, Q, k).indices,
        "doubly_greedy": lambda X, Q, k: select.doubly_greedy(X, Q, k).indices,
        "nearest": lambda X, Q, k: select.nearest(X, Q, k).indices,
        "uot": lambda X, Q, k: select.uot(X, Q, k).indices,
        "tsds": lambda X, Q, k: (
            select.tsds(X, Q, k, seed=None, max_neighbours=min(5000, len(X) // 10)).indices
        ),
    }
    theirs: dict[str, Callable[[Array, Array, int], Array]] = {
        "round_robin": round_robin_loop,
        "doubly_greedy": doubly_greedy_loop,
        "nearest": lambda X, Q, k: np.argsort(-(Q @ X.T).mean(axis=0), kind="stable")[:k],
        "uot": uot_loop,
        "tsds": lambda X, Q, k: tsds_loop(X, Q, k, min(5000, len(X) // 10)),
    }
    call = (mine if ours else theirs)[name]
    call(*small, 2)  # compile
    return timed(lambda: call(X, Q, k))


def others(name: str, *, ours: bool, n: int, k: int) -> Case:
    """Time a selector of another kind, or its loop, on `n` rows."""
    rng = np.random.default_rng(0)
    if name == "qdit":
        X, _ = rows(n, 384, 1)
        scores = rng.normal(size=n)
        select.qdit(X[:99], scores[:99], 3)  # compile
        if ours:
            return timed(lambda: select.qdit(X, scores, k).indices)
        return timed(lambda: qdit_loop(X, scores, k, 0.7))
    if name == "mig":
        vectors = rows(n // 16, 64, 1)[0].astype(float)
        tags = [np.unique(rng.integers(0, len(vectors), 4)).tolist() for _ in range(n)]
        scores, named = rng.uniform(1, 30, n), dict(enumerate(vectors))
        select.mig(tags[:9], scores[:9], 2, vectors=named)  # loads scipy
        if ours:
            return timed(lambda: select.mig(tags, scores, k, vectors=named).indices)
        return timed(lambda: mig_loop(tags, scores, k, vectors))
    pool = testbed.pool(n, seed=0)
    texts = (pool["instruction"] + "\n" + pool["output"]).tolist()
    if name == "zip":
        return timed(lambda: select.zip(texts, k).indices if ours else zip_loop(texts, k))
    asked = testbed.pool(200, domains=["calendar"], seed=1)
    targets = (asked["instruction"] + "\n" + asked["output"]).tolist()
    if ours:
        return timed(lambda: select.dsir(texts, targets, k, seed=None).indices)
    return timed(lambda: dsir_loop(texts, targets, k))


def timed(work: Callable[[], Array]) -> Case:
    """Return seconds of the processor, picks, and the MiB by which the process grew at most."""
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # forgets the peak so far
    start = time.process_time()
    picks = work()
    return time.process_time() - start, picks, memory("VmHWM") - before


def memory(name: str) -> float:
    """Return the memory that this process holds, or held at most, in MiB; on Linux."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def agree(ours: Array, theirs: Array) -> str:
    """Say where two lists of picks part, and how many rows they share."""
    same = ours == theirs
    if same.all():
        return "all, in order"
    return (
        f"{len(set(ours) & set(theirs)):,} of {len(ours):,}; in order up to {int(same.argmin()):,}"
    )


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, half a minute")
    quick = parser.parse_args().quick
    size = QUICK if quick else FULL
    shape = {name: size[name] for name in ("n", "d", "m", "k")}
    load = os.getloadavg()[0]
    lines = ["### Targeted and newer selectors beside their loops", ""]
    about = f"{size['n']:,} rows x {size['d']}, {size['m']:,} queries, k = {size['k']:,}"
    lines += [
        f"{about} for the first five. Seconds are the processor's, on one thread; the load of"
    ]
    lines += [f"the machine at the start was {load:.1f}.", ""]
    lines += [
        "| method | ours, CPU s | loop, CPU s | loop / ours | ours, MiB | loop, MiB | same picks |"
    ]
    lines += ["|---|---|---|---|---|---|---|"]
    cases: list[tuple[str, Callable[..., Case], dict[str, int]]] = [
        (name, targeted, shape)
        for name in ("nearest", "doubly_greedy", "round_robin", "tsds", "uot")
    ]
    few = size["dense"] // 20
    cases += [(name, others, {"n": size["dense"], "k": few}) for name in ("qdit", "mig")]
    cases += [("dsir", others, {"n": size["texts"], "k": size["texts"] // 10})]
    cases += [("zip", others, {"n": size["texts"] // 10, "k": 200 if not quick else 30})]
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        for name, case, given in cases:
            own, mine, held = pool.submit(case, name, ours=True, **given).result()
            peer, theirs, theirs_held = pool.submit(case, name, ours=False, **given).result()
            what = name if case is targeted else f"{name}, {given['k']:,} of {given['n']:,}"
            lines.append(
                f"| {what} | {own:.2f} | {peer:.2f} | {peer / own:.1f} | {held:.0f} | "
                f"{theirs_held:.0f} | {agree(mine, theirs)} |"
            )
            print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    print(text)
    if not quick:
        folder = paths.benchmark_results()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "targeted.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
