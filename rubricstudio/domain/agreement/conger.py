"""Cohen's kappa for any number of raters and missing values.

Source: A. J. Conger, "Integration and generalization of kappas for multiple raters" (1980),
with missing values as in Gwet's handbook; equal to irrCAC's `conger`. For two raters without
missing values it is Cohen's kappa.
"""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.agreement.bootstrap import Measure
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.agreement.slices import Features
from rubricstudio.domain.table import FloatArray, IntArray


def rater_features(
    who: IntArray, codes: IntArray, n_raters: int, q: int, unit_weights: FloatArray | None
) -> Features:
    """(n_units, places) raters and category codes (both -1 for none) to n_raters*q features.

    How often each rater chose each category; the count is not the comparable units and is
    taken from features they are joined to.
    """
    width = n_raters * q

    def sums(units: IntArray, groups: IntArray, n_groups: int) -> FloatArray:
        totals = np.zeros(n_groups * width)
        for place in range(who.shape[1]):
            rater, code = who[units, place], codes[units, place]
            given = (rater >= 0) & (code >= 0)
            cells = groups[given] * width + rater[given] * q + code[given]
            by = None if unit_weights is None else unit_weights[units][given]
            totals += np.bincount(cells, weights=by, minlength=len(totals))
        return totals.reshape(n_groups, width)

    return Features(width, sums, lambda totals: totals.sum(axis=-1))


def conger_of(kept: FloatArray, n_raters: int) -> Measure:
    """The measure of sums of `rater_features`, comparable units, and agreement under `kept`.

    kept: (q, q) agreement weights. Chance agreement is the mean over ordered pairs of
    different raters of the agreement that their own shares of categories give by chance.
    """
    q = len(kept)

    def measure(sums: FloatArray) -> FloatArray:
        width = n_raters * q
        chosen = sums[..., :width].reshape(*sums.shape[:-1], n_raters, q)
        given = chosen.sum(axis=-1)
        shares = np.nan_to_num(ratio(chosen, given[..., None]))
        raters = (given > 0).sum(axis=-1) * 1.0
        together = shares.sum(axis=-2)
        everyone = ((together @ kept) * together).sum(axis=-1)
        themselves = ((shares @ kept) * shares).sum(axis=(-1, -2))
        chance = ratio(everyone - themselves, raters * (raters - 1))
        return 1 - ratio(1 - ratio(sums[..., width + 1], sums[..., width]), 1 - chance)

    return measure
