import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session", name="X")
def blobs():
    """Five blobs of unit rows, with ids; the last ten rows repeat the first ten."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(5, 12))
    rows = np.vstack([c + 0.15 * rng.normal(size=(60, 12)) for c in centres])
    rows[-10:] = rows[:10]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index = pd.Index([f"id{number}" for number in range(len(rows))], name="id")
    return pd.DataFrame(rows.astype(np.float32), index=index)
