"""Chance-corrected agreement of two raters and of panels: Cohen, Fleiss, Gwet.

Sources: Cohen (1960, 1968); Fleiss (1971); Gwet, "Handbook of Inter-Rater
Reliability" (AC1, AC2), checked against irrCAC.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap
from rubricstudio.domain.agreement.confusion import from_confusion
from rubricstudio.domain.agreement.counts import (
    agreement_weights,
    categories_of,
    category_counts,
    ratio,
)
from rubricstudio.domain.agreement.slices import one_statistic, unit_features
from rubricstudio.domain.agreement.statistic import Reason, Statistic, absent
from rubricstudio.domain.table import FloatArray, IntArray


def kappa_of(confusion: FloatArray, weights: str = "identity") -> FloatArray:
    """Cohen's kappa of (..., q, q) confusion counts: (po - pe)/(1 - pe), NaN where pe is 1.

    weights identity, linear or quadratic, by place among the categories.
    """
    kept = agreement_weights(confusion.shape[-1], weights)
    n = confusion.sum(axis=(-1, -2))
    rows, columns = confusion.sum(axis=-1), confusion.sum(axis=-2)
    observed = ratio((confusion * (1 - kept)).sum(axis=(-1, -2)), n)
    chance = rows[..., :, None] * columns[..., None, :]
    expected = ratio((chance * (1 - kept)).sum(axis=(-1, -2)), n * n)
    return 1 - ratio(observed, expected)


def cohen_kappa(
    reference: FloatArray,
    other: FloatArray,
    *,
    weights: str = "identity",
    categories: FloatArray | None = None,
    tasks: IntArray | None = None,
    unit_weights: FloatArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """Cohen's kappa of two (n_units,) columns over the units both gave a value.

    `categories` (rising, default: those seen) fix the places that linear and
    quadratic weights measure by. No value where both gave one same answer throughout.
    """
    return from_confusion(
        partial(kappa_of, weights=weights),
        reference,
        other,
        categories=categories,
        tasks=tasks,
        unit_weights=unit_weights,
        bootstrap=bootstrap,
    )


def panel_features(counts: FloatArray, kept: FloatArray) -> FloatArray:
    """(n_units, q) category counts to (n_units, 3 + 2q) features of panel coefficients.

    Columns: unit has two or more values; share of its pairs that agree under the
    (q, q) weights `kept`; unit has a value; the counts of comparable units (q); the
    share of each category in the unit (q).
    """
    m = counts.sum(axis=1)
    pairable, rated = m >= 2, m >= 1
    agreeing = (counts * (counts @ kept - 1)).sum(axis=1)
    share = np.where(pairable, agreeing / np.where(pairable, m * (m - 1), 1), 0.0)
    return np.concatenate(
        [
            np.stack([pairable, share, rated], axis=1),
            np.where(pairable[:, None], counts, 0.0),
            counts / np.where(rated, m, 1)[:, None],
        ],
        axis=1,
    )


def pairwise_agreement_of(sums: FloatArray) -> FloatArray:
    """The mean over comparable units of the share of rater pairs that agree, in [0, 1]."""
    return ratio(sums[..., 1], sums[..., 0])


def fleiss_of(sums: FloatArray) -> FloatArray:
    """Fleiss' kappa from sums of `panel_features`; only for equal numbers of raters."""
    q = (sums.shape[-1] - 3) // 2
    counts = sums[..., 3 : 3 + q]
    chance = (ratio(counts, counts.sum(axis=-1)[..., None]) ** 2).sum(axis=-1)
    return 1 - ratio(1 - pairwise_agreement_of(sums), 1 - chance)


def gwet_of(sums: FloatArray, kept: FloatArray) -> FloatArray:
    """Gwet's AC1 (identity weights) or AC2 from sums of `panel_features`, NaN for q < 2."""
    q = len(kept)
    if q < 2:
        return np.full(sums.shape[:-1], np.nan)
    prevalence = ratio(sums[..., 3 + q :], sums[..., 2][..., None])
    chance = kept.sum() / (q * (q - 1)) * (prevalence * (1 - prevalence)).sum(axis=-1)
    return 1 - ratio(1 - pairwise_agreement_of(sums), 1 - chance)


def fleiss_kappa(
    values: FloatArray,
    *,
    tasks: IntArray | None = None,
    unit_weights: FloatArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """Fleiss' kappa of (n_units, n_raters) values; units without a value are left out.

    No value unless each unit has the same number, 2 or more, of values (who gave
    them does not matter): use alpha then.
    """
    categories = categories_of(values)
    counts = category_counts(values, categories)
    m = counts.sum(axis=1)
    if not equal_raters(m):
        return absent(Reason.UNEQUAL_RATERS, int(np.count_nonzero(m >= 2)))
    features = unit_features(panel_features(counts, np.eye(len(categories))), unit_weights)
    return one_statistic(features, fleiss_of, n_units=len(values), tasks=tasks, bootstrap=bootstrap)


def equal_raters(m: FloatArray) -> bool:
    """Whether all units with a value have the same number of them; (n_units,) numbers."""
    present = m[m > 0]
    return bool((present == present[:1]).all())


def withhold_uneven(row: list[Statistic], m: IntArray, slices: IntArray) -> None:
    """Replace Fleiss' kappa of slices whose rated units differ in their number of values."""
    low, high = np.full(len(row), m.max(initial=0)), np.zeros(len(row), dtype=np.int64)
    rated = m > 0
    np.minimum.at(low, slices[rated], m[rated])
    np.maximum.at(high, slices[rated], m[rated])
    for place in np.flatnonzero(low < high).tolist():
        row[place] = absent(Reason.UNEQUAL_RATERS, row[place].n)


def gwet_ac(
    values: FloatArray,
    *,
    weights: str = "identity",
    categories: FloatArray | None = None,
    tasks: IntArray | None = None,
    unit_weights: FloatArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """Gwet's AC1 (identity weights) or AC2 (linear, quadratic) of (n_units, n_raters) values.

    `categories` are those a rater could choose (default: those seen); with fewer
    than two there is no value. Units with one value count for prevalence only.
    """
    categories = categories_of(values) if categories is None else categories
    kept = agreement_weights(len(categories), weights)
    return one_statistic(
        unit_features(panel_features(category_counts(values, categories), kept), unit_weights),
        partial(gwet_of, kept=kept),
        n_units=len(values),
        tasks=tasks,
        bootstrap=bootstrap,
    )


def ac1_of(confusion: FloatArray) -> FloatArray:
    """Gwet's AC1 of two raters from (..., q, q) confusion counts."""
    return ac_of(confusion)


def ac_of(confusion: FloatArray, weights: str = "identity") -> FloatArray:
    """Gwet's AC1 (identity) or AC2 (linear, quadratic) of two raters from (..., q, q) counts."""
    q = confusion.shape[-1]
    if q < 2:
        return np.full(confusion.shape[:-2], np.nan)
    kept = agreement_weights(q, weights)
    n = confusion.sum(axis=(-1, -2))
    both = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    prevalence = ratio(both, 2 * n[..., None])
    chance = kept.sum() / (q * (q - 1)) * (prevalence * (1 - prevalence)).sum(axis=-1)
    disagreement = ratio((confusion * (1 - kept)).sum(axis=(-1, -2)), n)
    return 1 - ratio(disagreement, 1 - chance)
