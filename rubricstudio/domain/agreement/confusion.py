"""Confusion counts of a judge against a reference, and what is read off them.

A confusion is (..., q, q) counts: rows are the reference (people), columns the
judge, categories rising. For met/not met, q is 2: [[TN, FP], [FN, TP]].
"""

from __future__ import annotations

import math

import numpy as np

from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap, Measure
from rubricstudio.domain.agreement.counts import categories_of, codes_of, ratio
from rubricstudio.domain.agreement.slices import Features, last_feature, one_statistic
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.table import FloatArray, IntArray

BINARY_CATEGORIES = np.array([0.0, 1.0])


def confusion_matrix(
    reference: FloatArray, other: FloatArray, categories: FloatArray | None = None
) -> FloatArray:
    """(q, q) counts over the units where both (n_units,) columns have a value.

    Categories default to those seen, rising. Raises ValueError for a value outside them.
    """
    if categories is None:
        categories = categories_of(np.stack([reference, other]))
    features = confusion_features(reference, other, categories)
    units = np.arange(len(reference))
    flat = features.sums(units, np.zeros(len(units), dtype=np.int64), 1)
    return flat.reshape(len(categories), len(categories))


def agreement_of(confusion: FloatArray) -> FloatArray:
    """The share of units with equal values, in [0, 1]."""
    same = np.trace(confusion, axis1=-2, axis2=-1)
    return ratio(same, confusion.sum(axis=(-1, -2)))


def precision_of(confusion: FloatArray) -> FloatArray:
    """TP/(TP+FP) of the highest category; NaN where the judge never chose it."""
    return ratio(confusion[..., -1, -1], confusion[..., :, -1].sum(axis=-1))


def recall_of(confusion: FloatArray) -> FloatArray:
    """TP/(TP+FN) of the highest category; NaN where the reference never has it."""
    return ratio(confusion[..., -1, -1], confusion[..., -1, :].sum(axis=-1))


def balanced_accuracy_of(confusion: FloatArray) -> FloatArray:
    """The mean recall of the categories the reference has; NaN where it has fewer than two."""
    rows = confusion.sum(axis=-1)
    recalls = ratio(np.diagonal(confusion, axis1=-2, axis2=-1), rows)
    return np.where((rows > 0).sum(axis=-1) >= 2, _mean_of_defined(recalls), np.nan)


def macro_f1_of(confusion: FloatArray) -> FloatArray:
    """The mean F1 of the categories that either side has: 2*both/(reference + judge)."""
    hits = 2 * np.diagonal(confusion, axis1=-2, axis2=-1)
    return _mean_of_defined(ratio(hits, confusion.sum(axis=-1) + confusion.sum(axis=-2)))


def mcc_of(confusion: FloatArray) -> FloatArray:
    """Matthews' correlation (Gorodkin's for q > 2) in [-1, 1]; NaN where a side is constant."""
    n = confusion.sum(axis=(-1, -2))
    same = np.trace(confusion, axis1=-2, axis2=-1)
    rows, columns = confusion.sum(axis=-1), confusion.sum(axis=-2)
    shared = same * n - (rows * columns).sum(axis=-1)
    spread = (n * n - (rows**2).sum(axis=-1)) * (n * n - (columns**2).sum(axis=-1))
    return ratio(shared, np.sqrt(spread))


def prevalence_of(confusion: FloatArray) -> FloatArray:
    """The reference's share of the highest category, in [0, 1]."""
    return ratio(confusion[..., -1, :].sum(axis=-1), confusion.sum(axis=(-1, -2)))


def other_prevalence_of(confusion: FloatArray) -> FloatArray:
    """The judge's share of the highest category, in [0, 1]."""
    return prevalence_of(np.swapaxes(confusion, -1, -2))


def bias_of(confusion: FloatArray) -> FloatArray:
    """For q = 2, (FP - FN)/n in [-1, 1]: above 0 the judge says "met" more often."""
    off = confusion[..., 0, 1] - confusion[..., 1, 0]
    return ratio(off, confusion.sum(axis=(-1, -2)))


def _mean_of_defined(values: FloatArray) -> FloatArray:
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1) * 1.0)


def square(of: Measure) -> Measure:
    """A measure of (..., q, q) confusions as one of (..., q*q) flattened ones."""

    def measure(sums: FloatArray) -> FloatArray:
        q = math.isqrt(sums.shape[-1])
        return of(sums.reshape(*sums.shape[:-1], q, q))

    return measure


def confusion_features(
    reference: FloatArray,
    other: FloatArray,
    categories: FloatArray,
    unit_weights: FloatArray | None = None,
    units: FloatArray | None = None,
) -> Features:
    """The flattened (q*q) confusion of two (n_units,) columns as features.

    unit_weights: (n_units,) above 0, by which a unit counts. units: (n_units,) how much
    each adds to n, 1 where left out.
    """
    q = len(categories)
    rows, columns = codes_of(reference, categories), codes_of(other, categories)
    codes = np.where((rows >= 0) & (columns >= 0), rows * q + columns, -1)

    def summed(chosen: IntArray, groups: IntArray, n: int, by: FloatArray | None) -> FloatArray:
        counted = codes[chosen] >= 0
        places = groups[counted] * (q * q) + codes[chosen][counted]
        weights = None if by is None else by[chosen][counted]
        counts = np.bincount(places, weights=weights, minlength=n * q * q).astype(np.float64)
        return counts.reshape(n, q * q)

    def plain(chosen: IntArray, groups: IntArray, n_groups: int) -> FloatArray:
        return summed(chosen, groups, n_groups, None)

    def weighted(chosen: IntArray, groups: IntArray, n_groups: int) -> FloatArray:
        n = summed(chosen, groups, n_groups, units).sum(axis=1, keepdims=True)
        return np.concatenate([summed(chosen, groups, n_groups, unit_weights), n], axis=1)

    if unit_weights is None:
        return Features(q * q, plain, lambda totals: totals.sum(axis=-1))
    return Features(q * q + 1, weighted, last_feature, weighted=True)


def from_confusion(
    of: Measure,
    reference: FloatArray,
    other: FloatArray,
    *,
    categories: FloatArray | None = None,
    tasks: IntArray | None = None,
    unit_weights: FloatArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """The statistic `of` (a function above) of two (n_units,) columns, by task where given.

    unit_weights: (n_units,) above 0; a unit of weight 3 counts as three, except in n.
    """
    if categories is None:
        categories = categories_of(np.stack([reference, other]))
    return one_statistic(
        confusion_features(reference, other, categories, unit_weights),
        square(of),
        n_units=len(reference),
        tasks=tasks,
        bootstrap=bootstrap,
        is_share=of in _SHARES,
    )


_SHARES = (agreement_of, precision_of, recall_of, prevalence_of, other_prevalence_of)


def percent_agreement(
    reference: FloatArray,
    other: FloatArray,
    *,
    tasks: IntArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """The share in [0, 1] of units with equal values among those both gave a value."""
    return from_confusion(agreement_of, reference, other, tasks=tasks, bootstrap=bootstrap)
