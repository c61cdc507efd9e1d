"""Intraclass correlation of a two-way random-effects design, absolute agreement.

Source: Shrout and Fleiss (1979), forms ICC(2,1) and ICC(2,k).
"""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.agreement.slices import one_statistic, unit_features
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.table import FloatArray, IntArray


def icc(
    values: FloatArray,
    *,
    average: bool = False,
    tasks: IntArray | None = None,
    unit_weights: FloatArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """ICC(2,1), or ICC(2,k) of the raters' mean with `average`, of (n_units, k) values.

    Only units that all k raters gave a value count (n). No value for fewer than two
    such units or raters, or where nothing varies.
    """

    def measure(sums: FloatArray) -> FloatArray:
        return icc_of(sums, average=average)

    return one_statistic(
        unit_features(icc_features(values), unit_weights),
        measure,
        n_units=len(values),
        tasks=tasks,
        bootstrap=bootstrap,
    )


def icc_features(values: FloatArray) -> FloatArray:
    """(n_units, k) values to (n_units, 3 + k): complete, row total squared, squares, values."""
    complete = ~np.isnan(values).any(axis=1) & (values.shape[1] > 0)
    centre = np.median(values[complete]) if complete.any() else 0.0  # 0 exactly if constant
    centred = np.where(complete[:, None], values - centre, 0.0)
    totals = centred.sum(axis=1)
    marks = np.stack([complete, totals**2, (centred**2).sum(axis=1)], axis=1)
    return np.concatenate([marks, centred], axis=1)


def icc_of(sums: FloatArray, *, average: bool) -> FloatArray:
    """ICC from sums of (complete, row total squared, squares, value of each rater).

    With the mean squares of items MSR, raters MSC and error MSE over n items and k
    raters: (MSR-MSE)/(MSR + (k-1)MSE + k(MSC-MSE)/n), and for the mean of k raters
    (MSR-MSE)/(MSR + (MSC-MSE)/n).
    """
    n, row_squares, squares, columns = sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3:]
    k = columns.shape[-1]
    if k < 2:
        return np.full(n.shape, np.nan)
    grand = ratio(columns.sum(axis=-1) ** 2, n * k)
    items = row_squares / k - grand
    raters = ratio((columns**2).sum(axis=-1), n) - grand
    error = squares - grand - items - raters
    varies = squares - grand > 1e-12 * squares  # else only rounding noise is left
    msr, msc = ratio(items, n - 1), raters / (k - 1)
    mse = ratio(error, (n - 1) * (k - 1))
    below = msr + ratio(msc - mse, n)
    if not average:
        below = msr + (k - 1) * mse + k * ratio(msc - mse, n)
    return np.where(varies, ratio(msr - mse, below), np.nan)
