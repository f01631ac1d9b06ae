"""Selection beside its peers, with the same picks: k-center, DEITA's filter, facility location.

The peers are loops as people write them over numpy and scikit-learn distances, scikit-matter's
farthest point sampling, DEITA's filter as its authors ship it (in our words, the same calls), and
apricot's facility location. Memory bandwidth is measured by a pass over the same matrix, and the
bound of a plain algorithm, which reads the matrix once for every pick, is given beside.

    python benchmarks/selection.py [--quick]

scikit-matter pins an older scikit-learn than this project; it is compared if it is there:
`pip install --no-deps skmatter==0.4.1`.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from lab import coverage, files, paths, select

Array = np.ndarray
ROUNDING = 1e-9  # of a gain; what differs by less is a tie


def mixture(n: int, d: int, *, seed: int = 0) -> Array:
    """Return unit rows around centres of very different weight, as sentence vectors lie."""
    rng = np.random.default_rng(seed)
    count = max(10, n // 50)
    centres = rng.normal(size=(count, d)).astype(np.float32)
    part = rng.choice(count, size=n, p=rng.dirichlet(np.full(count, 0.3)))
    X = np.empty((n, d), dtype=np.float32)
    for at in range(0, n, 10_000):
        rows = part[at : at + 10_000]
        spread = rng.uniform(0.3, 1.0, size=(len(rows), 1)).astype(np.float32)
        X[at : at + 10_000] = centres[rows] + spread * rng.standard_normal(
            (len(rows), d), dtype=np.float32
        )
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def timed(work: Callable[[], Any], *, tries: int = 1) -> tuple[float, Any]:
    """Return the least seconds of some tries, and the last result."""
    seconds, result = [], None
    for _ in range(tries):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def difference_loop(X: Array, k: int) -> Array:
    """Farthest first by differences, one pass with a copy for every pick."""
    nearest = np.linalg.norm(X - X[0], axis=1)
    picks = [0]
    for _ in range(k - 1):
        picks.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(X - X[picks[-1]], axis=1))
    return np.array(picks)


def sklearn_loop(X: Array, k: int) -> Array:
    """Farthest first by scikit-learn's distances, as active-learning code has it."""
    from sklearn.metrics import pairwise_distances

    nearest = pairwise_distances(X, X[[0]]).min(axis=1)
    picks = [0]
    for _ in range(k - 1):
        picks.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, pairwise_distances(X, X[[picks[-1]]]).min(axis=1))
    return np.array(picks)


def skmatter_fps(X: Array, k: int) -> Array:
    """scikit-matter's farthest point sampling of rows."""
    from skmatter.sample_selection import FPS

    return np.asarray(FPS(n_to_select=k, initialize=0).fit(X).selected_idx_)


def deita_loop(X: Array, scores: Array, k: int, ceiling: float) -> Array:
    """DEITA's filter as shipped: per candidate, new tensors of all kept rows, normalised anew."""
    import torch

    def cosine(a: Any, b: Any) -> Any:
        for _ in range(2):
            a, b = a / a.norm(dim=1)[:, None], b / b.norm(dim=1)[:, None]
        return torch.mm(a, b.t())

    order = np.argsort(-scores, kind="stable")
    rows = np.array(X[order].tolist())
    kept = [0]
    for at in range(1, len(rows)):
        candidate = torch.tensor(rows[at : at + 1], dtype=torch.float32)
        against = torch.zeros(1, len(kept))
        for start in range(0, len(kept), 100_000):
            part = torch.tensor(rows[kept][start : start + 100_000], dtype=torch.float32)
            against[:, start : start + len(part)] = cosine(candidate, part)
        cosine(candidate, candidate).tril(-1)
        if not bool(torch.any(against > ceiling)):
            kept.append(at)
        if len(kept) >= k:
            break
    return order[kept]


def apricot_facility(X: Array, k: int) -> Array:
    """Ask apricot for lazy facility location, over cosines that it is given."""
    from apricot import FacilityLocationSelection

    similarity = np.maximum(X @ X.T, 0).astype(np.float64)
    model = FacilityLocationSelection(k, metric="precomputed", optimizer="lazy").fit(similarity)
    return np.asarray(model.ranking)


@njit
def read(values: Any) -> float:
    """Read every value once, in wide registers."""
    total = np.float32(0)
    for start in range(0, len(values), 4096):
        part = values[start : start + 4096]
        most = np.float32(0)
        for at in range(len(part)):
            most = max(most, part[at])
        total += most
    return total


def bandwidth(X: Array) -> float:
    """Return the bytes a second at which one thread, or numpy's product, reads `X`."""
    flat, row = X.ravel(), X[0].copy()
    read(flat[:8192])
    one, _ = timed(lambda: read(flat), tries=5)
    product, _ = timed(lambda: X @ row, tries=5)
    return X.nbytes / min(one, product)


def agree(ours: Array, theirs: Array) -> str:
    """Say where two orders of picks part, if they do."""
    same = ours[: len(theirs)] == theirs[: len(ours)]
    return "all" if same.all() else f"{int(same.argmin())} of {len(theirs)}, then others"


def alpaca() -> Array | None:
    """Return stored vectors of the Alpaca pool, if benchmarks/coverage.py has made them."""
    file = paths.store() / "embed" / "alpaca-minilm.npy"
    return np.load(file) if file.exists() else None


def kcenter_rows(*, quick: bool) -> list[str]:
    """k-center beside the loops."""
    n, d, k = (5_000, 256, 50) if quick else (20_000, 768, 100)
    X = mixture(n, d)
    select.kcenter(X[:200], 5)  # compile
    own, picked = timed(lambda: select.kcenter(X, k, start=[0]), tries=3)
    lines = [f"| k-center {n:,} x {d}, k = {k} | ours | {own:.3f} | 1 | |"]
    peers = {"differences": difference_loop, "scikit-learn distances": sklearn_loop}
    try:
        import skmatter  # noqa: F401

        peers["scikit-matter FPS"] = skmatter_fps
    except ImportError:
        lines.append("| | scikit-matter FPS | not installed | | |")
    for name, loop in peers.items():
        seconds, theirs = timed(lambda loop=loop: loop(X, k))
        same = agree(picked.indices, theirs)
        lines.append(f"| | {name} | {seconds:.2f} | {seconds / own:.0f} | {same} |")
    return lines


def bound_rows(*, quick: bool) -> list[str]:
    """Ours against the memory bound of a plain pass for every pick."""
    X = alpaca()
    name = "Alpaca" if X is not None else "mixture"
    X = mixture(52_002, 384) if X is None else X
    lines = []
    speed = bandwidth(X)
    for k in (100, 500) if quick else (100, 520, 5_000, 5_200):
        own, _ = timed(lambda k=k: select.kcenter(X, k, start=[0]))
        bound = X.nbytes * k / speed
        lines.append(
            f"| {name} {len(X):,} x {X.shape[1]} | {k:,} | {own:.2f} | {bound:.2f} | "
            f"{own / bound:.2f} | {speed / 1e9:.0f} GB/s |"
        )
    return lines


def growth_rows(*, quick: bool) -> list[str]:
    """How seconds grow with n, d and k."""
    base = (10_000, 64, 100)
    settings = [base, (100_000, 64, 100), (10_000, 256, 100), (10_000, 64, 1_000)]
    if not quick:
        settings += [(1_000_000, 64, 100), (10_000, 768, 100), (100_000, 64, 1_000)]
    lines = []
    for n, d, k in settings:
        X = mixture(n, d)
        seconds, _ = timed(lambda X=X, k=k: select.kcenter(X, k, start=[0]))
        plain = X.nbytes * k / bandwidth(X)
        lines.append(f"| {n:,} | {d} | {k:,} | {seconds:.3f} | {plain:.3f} |")
    return lines


def deita_rows(*, quick: bool) -> list[str]:
    """DEITA's filter beside its own loop."""
    n, k = (800, 500) if quick else (4_000, 3_000)
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(n, 768))
    X = centres[rng.integers(0, n, n)] + rng.normal(size=(n, 768)) * 0.2
    X = np.vstack([X[: n // 2], centres[: n - n // 2]]).astype(np.float32)
    scores = rng.normal(size=n)
    select.deita(X[:100], scores[:100], 5)  # compile
    own, picked = timed(lambda: select.deita(X, scores, k), tries=3)
    theirs_seconds, theirs = timed(lambda: deita_loop(X, scores, k, 0.9))
    same = agree(picked.indices, theirs)
    return [
        f"| DEITA filter, {len(picked):,} of {n:,} x 768 | ours | {own:.3f} | 1 | |",
        f"| | the authors' loop | {theirs_seconds:.1f} | {theirs_seconds / own:.0f} | {same} |",
    ]


def gains(X: Array, picks: Array) -> Array:
    """Return what each pick adds to the mean similarity of a row to its nearest pick."""
    nearest = np.maximum.accumulate(np.maximum(X[picks].astype(np.float64) @ X.T, 0))
    return np.diff(nearest.mean(axis=1), prepend=0.0)


def facility_rows(*, quick: bool) -> list[str]:
    """Facility location beside apricot, and without an N x N matrix."""
    n, k = (1_500, 150) if quick else (5_000, 500)
    X = mixture(n, 384)
    select.facility(X[:100], 5)  # compile
    own, picked = timed(lambda: select.facility(X, k), tries=3)
    lines = [f"| facility location, {n:,} x 384, k = {k} | ours | {own:.3f} | 1 | |"]
    try:
        apricot_facility(X[:200], 5)  # compile
        seconds, theirs = timed(lambda: apricot_facility(X, k))
        gap = abs(gains(X, picked.indices) - gains(X, theirs)).max()
        shared = len(set(picked.indices) & set(theirs))
        rest = "ties" if gap < ROUNDING else "others"
        note = f"{shared} of {k}, the rest {rest}: a step's gain differs by at most {gap:.0e}"
        lines.append(f"| | apricot, lazy | {seconds:.2f} | {seconds / own:.1f} | {note} |")
    except ImportError:
        lines.append("| | apricot | not installed | | |")
    n, k = (10_000, 500) if quick else (100_000, 1_000)
    X = mixture(n, 64)
    near_seconds, near = timed(lambda: coverage.neighbours(X, k=20))
    graph = (near.indices, near.similarities())
    seconds, _ = timed(lambda: select.facility(X, k, graph=graph))
    lines.append(
        f"| facility location on a graph, {n:,} x 64, k = {k:,} | ours | {seconds:.2f} "
        f"(+ graph {near_seconds:.1f}) | | no N x N |"
    )
    return lines


def main() -> None:
    """Print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, half a minute")
    quick = parser.parse_args().quick
    lines = ["### Selection beside its peers", ""]
    lines += ["| work | who | seconds | times ours | same picks |", "|---|---|---|---|---|"]
    lines += kcenter_rows(quick=quick) + deita_rows(quick=quick) + facility_rows(quick=quick)
    lines += ["", "k-center against the memory bound of plain passes:", ""]
    lines += [
        "| pool | k | ours, s | bound, s | ours / bound | measured |",
        "|---|---|---|---|---|---|",
    ]
    lines += bound_rows(quick=quick)
    lines += ["", "k-center as the work grows (bound: plain passes at measured bandwidth):", ""]
    lines += ["| n | d | k | ours, s | bound, s |", "|---|---|---|---|---|"]
    lines += growth_rows(quick=quick)
    peak = files.peak_memory_mb() / 2**10
    lines += ["", f"Peak memory {peak:.2f} GiB."]
    text = "\n".join(lines) + "\n"
    print(text)
    if not quick:
        folder = paths.benchmark_results()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "selection.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
