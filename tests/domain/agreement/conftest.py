"""Random tables with missing cells, and the folder of real data."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def random_ratings(
    seed: int, *, units: int = 60, raters: int = 4, q: int = 3, missing: float = 0.3
) -> FloatArray:
    """(units, raters) values 1..q that partly agree, a share of them missing."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, q + 1, size=(units, 1))
    guesses = rng.integers(1, q + 1, size=(units, raters))
    values = np.where(rng.random((units, raters)) < 0.6, truth, guesses).astype(np.float64)
    values[rng.random((units, raters)) < missing] = np.nan
    return values


ratings = st.builds(
    random_ratings,
    seed=st.integers(0, 2**32 - 1),
    units=st.integers(2, 40),
    raters=st.integers(2, 5),
    q=st.integers(2, 5),
    missing=st.floats(0, 0.6),
)
