"""Logistic fits of preferences that converge, or say that they did not.

Newton's method with halved steps on the penalised likelihood, which is strictly convex: each step
must lower it, so that the fit cannot run away as undamped steps do. All refits of a bootstrap are
done at once.

Source: Boyd & Vandenberghe 2004, "Convex Optimization", section 9.5 (damped Newton, decrement).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
RIDGE = 1e-6  # keeps refits finite whose draw is separated; moves others by less than 1e-6
STEPS, HALVINGS = 100, 40
ENOUGH = 1e-10  # Newton decrement at which a fit has converged
DESCENT = 1e-4  # share of the promised decrease that a step must bring


def fit(
    X: Floats,
    y: Floats,
    *,
    center: ArrayLike = 0.0,
    pull: ArrayLike = RIDGE,
) -> tuple[Floats, bool]:
    """Fit logit y = X b: coefficients (k,), and whether the fit converged.

    Parameters
    ----------
    X : float (n, k)
        One column per coefficient.
    y : float (n,)
        Preferences in [0, 1].
    center, pull : float or (k,)
        A ridge of strength `pull` towards `center`, in log-likelihood.

    Examples
    --------
    >>> found, converged = fit(np.ones((4, 1)), np.array([1.0, 1.0, 1.0, 0.0]))
    >>> found.round(3).tolist(), converged
    ([1.099], True)
    """
    found, converged = fits(X, y, np.ones((1, len(X))), center=center, pull=pull)
    return found[0], bool(converged[0])


def fits(
    X: Floats,
    y: Floats,
    weights: Floats,
    *,
    center: ArrayLike = 0.0,
    pull: ArrayLike = RIDGE,
) -> tuple[Floats, NDArray[np.bool_]]:
    """Fit once for each row of weights (r, n): coefficients (r, k), and which fits converged."""
    k = X.shape[1]
    middle, strength = np.broadcast_to(center, k), np.broadcast_to(pull, k)
    found = np.tile(np.asarray(middle, dtype=np.float64), (len(weights), 1))
    done = np.zeros(len(weights), dtype=bool)

    def loss(b: Floats) -> Floats:
        z = b @ X.T
        fitted = (weights * (np.logaddexp(0, z) - y * z)).sum(axis=1)
        return np.asarray(fitted + 0.5 * (strength * (b - middle) ** 2).sum(axis=1))

    value = loss(found)
    for _ in range(STEPS):
        q = chance(found @ X.T)
        slope = (weights * (y - q)) @ X - strength * (found - middle)
        bend = np.einsum("rn,ni,nj->rij", weights * q * (1 - q), X, X) + np.diag(strength)
        step = np.linalg.solve(bend, slope[:, :, None])[:, :, 0]
        decrement = (slope * step).sum(axis=1)
        done = decrement < ENOUGH
        if done.all():
            break
        size = np.where(done, 0.0, 1.0)
        for _ in range(HALVINGS):
            tried = loss(found + size[:, None] * step)
            worse = ~done & (tried > value - DESCENT * size * decrement)
            if not worse.any():
                break
            size[worse] /= 2
        size[worse] = 0.0
        found = found + size[:, None] * step
        value = loss(found)
        if worse[~done].all():  # no step lowers the loss any more: rounding is all that is left
            break
    return found, done | (decrement < ENOUGH**0.5)


def chance(x: ArrayLike) -> Floats:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(x, dtype=np.float64))))


def separated(x: Floats, y: Floats) -> bool:
    """Say whether a bound on x (n,) parts the preferences y, so that a slope has no finite fit.

    Examples
    --------
    >>> up = np.array([-2.0, -1.0, 1.0, 2.0])
    >>> separated(up, (up > 0) * 1.0), separated(up, np.array([0.0, 1.0, 0.0, 1.0]))
    (True, False)
    """
    ones, zeros = x[y > 0], x[y < 1]  # a preference between counts as both
    if len(ones) == 0 or len(zeros) == 0:
        return True
    return bool(zeros.max() <= ones.min() or ones.max() <= zeros.min())
