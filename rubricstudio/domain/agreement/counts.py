"""From a matrix of values to counts of categories, on which every coefficient rests."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from rubricstudio.domain.table import FloatArray, IntArray


class Level(StrEnum):
    """What differences between two values mean: nothing, an order, or a distance."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


def categories_of(values: FloatArray) -> FloatArray:
    """The distinct values, rising; NaN is none."""
    return np.unique(values[~np.isnan(values)])


def codes_of(values: FloatArray, categories: FloatArray) -> IntArray:
    """Each value's place among the rising `categories`, -1 for NaN; shape stays.

    Raises ValueError for a value that is no category.
    """
    missing = np.isnan(values)
    if not len(categories):
        if not missing.all():
            raise ValueError("there are values but no categories")
        return np.full(values.shape, -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(categories, values), len(categories) - 1)
    astray = (categories[places] != values) & ~missing
    if astray.any():
        raise ValueError(f"the value {values[astray][0]:g} is none of the categories")
    return np.where(missing, -1, places).astype(np.int64)


def category_counts(values: FloatArray, categories: FloatArray) -> FloatArray:
    """(n_units, n_raters) values to (n_units, q): how many raters chose each category."""
    codes = codes_of(values, categories)
    n_units, q = len(values), len(categories)
    # column q collects the missing ones, so that no row has to be picked out first
    places = np.where(codes < 0, q, codes) + (np.arange(n_units) * (q + 1))[:, None]
    counts = np.bincount(places.ravel(), minlength=n_units * (q + 1)).astype(np.float64)
    return counts.reshape(n_units, q + 1)[:, :q]


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """above / below, NaN where below is 0 (or not a number)."""
    above, below = np.broadcast_arrays(above, below)
    answer = np.full(below.shape, np.nan)
    np.divide(above, below, out=answer, where=np.abs(below) > 0)
    return answer


def agreement_weights(q: int, kind: str) -> FloatArray:
    """(q, q) agreement weights in [0, 1] by places: identity, linear or quadratic.

    linear: 1 - |i-j|/(q-1); quadratic: 1 - (i-j)^2/(q-1)^2. Raises ValueError for others.
    """
    if kind == "identity" or q < 2:
        return np.eye(q)
    powers = {"linear": 1, "quadratic": 2}
    if kind not in powers:
        raise ValueError(f"weights are identity, linear or quadratic, not {kind!r}")
    places = np.arange(q)
    away = np.abs(places[:, None] - places[None, :]) / (q - 1)
    return np.asarray(1 - away ** powers[kind], dtype=np.float64)
