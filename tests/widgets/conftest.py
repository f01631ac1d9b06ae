import numpy as np
import pandas as pd
import pytest

from lab import records

HOSTILE = "<script>window.canary=1</script><img src=x onerror='window.canary=1'> \u202egnp.exe"


@pytest.fixture
def pool():
    rows = [
        {
            "instruction": f"Name a colour, number {n}.",
            "output": "Red." if n % 3 else f"Blue and green. {HOSTILE}",
            "source": "abc"[n % 3],
        }
        for n in range(60)
    ]
    return records.frame(rows)


@pytest.fixture
def scores(pool):
    rng = np.random.default_rng(0)
    rating = pd.Series(rng.integers(0, 11, len(pool)) / 2, index=pool.index)
    rating.iloc[5] = np.nan
    length = pd.Series(rng.integers(1, 400, len(pool)).astype(float), index=pool.index)
    return pd.DataFrame({"rating": rating, "length": length})


@pytest.fixture
def masks(pool):
    return {"even": pd.Series(np.arange(len(pool)) % 2 == 0, index=pool.index)}
