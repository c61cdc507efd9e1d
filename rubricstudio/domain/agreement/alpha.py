"""Krippendorff's alpha, 1 - Do/De from coincidences, for any number of missing values.

Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). A unit
with m >= 2 values adds each ordered pair of them with weight 1/(m-1); a unit with
fewer adds nothing. All three forms here are functions of sums over units.
"""

from __future__ import annotations

import math

import numpy as np

from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap, Measure, group_sums
from rubricstudio.domain.agreement.counts import Level, categories_of, category_counts, ratio
from rubricstudio.domain.agreement.slices import (
    Features,
    last_feature,
    one_statistic,
    unit_features,
)
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.table import FloatArray, IntArray

_BLOCK = 4_000_000  # floats of per-unit coincidences held at once


def alpha(
    values: FloatArray,
    *,
    level: Level = Level.NOMINAL,
    tasks: IntArray | None = None,
    unit_weights: FloatArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """Krippendorff's alpha of (n_units, n_raters) values, NaN missing; at most 1.

    n is the number of units with two or more values. With (n_units,) task codes the
    statistic carries an interval. unit_weights: (n_units,) above 0; the coincidences of
    a unit of weight 3 count as those of three equal units, n as one. No value where
    nothing is comparable or all comparable values are equal (0/0).
    """
    features, measure = alpha_features(values, level, unit_weights=unit_weights)
    return one_statistic(features, measure, n_units=len(values), tasks=tasks, bootstrap=bootstrap)


def alpha_features(
    values: FloatArray,
    level: Level,
    categories: FloatArray | None = None,
    *,
    unit_weights: FloatArray | None = None,
) -> tuple[Features, Measure]:
    """Features of (n_units, n_raters) values at this level, and alpha as their measure.

    categories: rising, default those seen; the interval level needs none.
    """
    if level is Level.INTERVAL:
        return unit_features(interval_features(values), unit_weights), interval_alpha
    categories = categories_of(values) if categories is None else categories
    counts = category_counts(values, categories)
    if level is Level.NOMINAL:
        return unit_features(nominal_features(counts), unit_weights), nominal_alpha
    return _coincidences(counts, unit_weights), ordinal_alpha


def _coincidences(counts: FloatArray, unit_weights: FloatArray | None) -> Features:
    """`ordinal_features` summed in blocks of units, for q*q columns can be many."""
    width = counts.shape[1] ** 2 + (1 if unit_weights is None else 2)

    def sums(units: IntArray, groups: IntArray, n_groups: int) -> FloatArray:
        totals = np.zeros((n_groups, width))
        block = max(1, _BLOCK // width)
        for start in range(0, len(units), block):
            chosen = units[start : start + block]
            features = ordinal_features(counts[chosen])
            if unit_weights is not None:
                weighted = features * unit_weights[chosen][:, None]
                features = np.concatenate([weighted, features[:, :1]], axis=1)
            totals += group_sums(features, groups[start : start + block], n_groups)
        return totals

    if unit_weights is None:
        return Features(width, sums, lambda totals: totals[..., 0])
    return Features(width, sums, last_feature, weighted=True)


def nominal_features(counts: FloatArray) -> FloatArray:
    """(n_units, q) category counts to (n_units, 2 + q): comparable, matching pairs, counts."""
    m = counts.sum(axis=1)
    pairable = m >= 2
    matching = (counts * (counts - 1)).sum(axis=1) / np.where(pairable, m - 1, 1)
    columns = np.concatenate([np.ones((len(m), 1)), matching[:, None], counts], axis=1)
    return np.where(pairable[:, None], columns, 0.0)


def nominal_alpha(sums: FloatArray) -> FloatArray:
    """Alpha from sums of `nominal_features`: 1 - (n-1)(n - sum o_cc)/(n^2 - sum n_c^2)."""
    matching, counts = sums[..., 1], sums[..., 2:]
    n = counts.sum(axis=-1)
    observed = n - matching
    expected = n * n - (counts * counts).sum(axis=-1)
    return 1 - ratio((n - 1) * observed, expected)


def ordinal_features(counts: FloatArray) -> FloatArray:
    """(n_units, q) category counts to (n_units, 1 + q*q): comparable, coincidences."""
    m = counts.sum(axis=1)
    pairable = m >= 2
    share = np.where(pairable, 1 / np.where(pairable, m - 1, 1), 0)
    pairs = counts[:, :, None] * counts[:, None, :]
    q = counts.shape[1]
    pairs[:, np.arange(q), np.arange(q)] -= counts
    coincidences = (pairs * share[:, None, None]).reshape(len(counts), q * q)
    return np.concatenate([pairable[:, None], coincidences], axis=1)


def ordinal_alpha(sums: FloatArray) -> FloatArray:
    """Alpha from sums of `ordinal_features`.

    The ordinal distance of two categories is the difference of their midranks among
    the pairable values, so it changes with every resample.
    """
    q = math.isqrt(sums.shape[-1] - 1)
    coincidences = sums[..., 1:].reshape(*sums.shape[:-1], q, q)
    counts = coincidences.sum(axis=-1)
    n = counts.sum(axis=-1)
    ranks = np.cumsum(counts, axis=-1) - counts / 2
    away = (ranks[..., :, None] - ranks[..., None, :]) ** 2
    observed = (coincidences * away).sum(axis=(-1, -2))
    expected = (counts[..., :, None] * counts[..., None, :] * away).sum(axis=(-1, -2))
    return 1 - ratio((n - 1) * observed, expected)


def pair_alpha(confusion: FloatArray, level: Level) -> FloatArray:
    """Nominal or ordinal alpha of two raters from (..., q, q) confusion counts."""
    coincidences = confusion + np.swapaxes(confusion, -1, -2)
    units = confusion.sum(axis=(-1, -2))[..., None]
    if level is Level.ORDINAL:
        flat = coincidences.reshape(*coincidences.shape[:-2], -1)
        return ordinal_alpha(np.concatenate([units, flat], axis=-1))
    matching = np.trace(coincidences, axis1=-2, axis2=-1)[..., None]
    return nominal_alpha(np.concatenate([units, matching, coincidences.sum(axis=-1)], axis=-1))


def interval_features(values: FloatArray) -> FloatArray:
    """(n_units, n_raters) values to (n_units, 5): comparable, disagreement, count, sum, squares.

    Values are centred first: alpha does not change and no digits cancel. The
    disagreement of a unit, sum over pairs of (a-b)^2/(m-1), is 2(m*sum x^2 - (sum x)^2)/(m-1).
    """
    given = ~np.isnan(values)
    m = given.sum(axis=1).astype(np.float64)
    pairable = m >= 2
    usable = given & pairable[:, None]
    centre = np.median(values[usable]) if usable.any() else 0.0
    centred = np.where(usable, values - centre, 0.0)
    total, squares = centred.sum(axis=1), (centred**2).sum(axis=1)
    within = 2 * (m * squares - total**2) / np.where(pairable, m - 1, 1)
    return np.stack([pairable, within, m * pairable, total, squares], axis=1)


def interval_alpha(sums: FloatArray) -> FloatArray:
    """Alpha from sums of `interval_features`."""
    observed, n, total, squares = (sums[..., place] for place in range(1, 5))
    expected = 2 * (n * squares - total**2)
    # equal values leave rounding noise here, which must not pass for variation
    expected = np.where(expected > 1e-12 * n * squares, expected, 0.0)
    return 1 - ratio((n - 1) * observed, expected)
