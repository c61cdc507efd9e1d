"""What a panel of raters says together about each unit."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.agreement.counts import categories_of, category_counts
from rubricstudio.domain.table import BoolArray, FloatArray


def majority(values: FloatArray, at_least: int = 1) -> FloatArray:
    """(n_units, n_raters) values to the (n_units,) value given most often.

    NaN where the top two tie, or where fewer than `at_least` raters gave a value.
    """
    categories = categories_of(values)
    if not len(categories):
        return np.full(len(values), np.nan)
    counts = category_counts(values, categories)
    top = counts.max(axis=1)
    decided = ((counts == top[:, None]).sum(axis=1) == 1) & (counts.sum(axis=1) >= at_least)
    return np.where(decided, categories[counts.argmax(axis=1)], np.nan)


def panel_mean(values: FloatArray, at_least: int = 1) -> FloatArray:
    """(n_units,) mean of the values given; NaN under `at_least` of them."""
    given = ~np.isnan(values)
    m = given.sum(axis=1)
    totals = np.where(given, values, 0.0).sum(axis=1)
    return np.where(m >= max(at_least, 1), totals / np.maximum(m, 1), np.nan)


def unanimous(values: FloatArray) -> BoolArray:
    """(n_units,) whether two or more raters gave a value and all the same one."""
    given = ~np.isnan(values)
    low = np.where(given, values, np.inf).min(axis=1, initial=np.inf)
    high = np.where(given, values, -np.inf).max(axis=1, initial=-np.inf)
    return np.asarray((given.sum(axis=1) >= 2) & (low == high))
