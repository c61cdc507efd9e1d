"""How good a judge's probabilities are. A self-reported confidence is not one."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.agreement.slices import one_statistic, unit_features
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray


def brier(
    probabilities: FloatArray,
    outcomes: FloatArray,
    *,
    tasks: IntArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """The mean of (p - y)^2 in [0, 1], 0 best, over (n_units,) pairs without NaN.

    Raises ValueError for p outside [0, 1] or y other than 0 and 1.
    """
    both = _both(probabilities, outcomes)
    squares = np.where(both, (probabilities - outcomes) ** 2, 0.0)
    features = unit_features(np.stack([both, squares], axis=1))

    def measure(sums: FloatArray) -> FloatArray:
        return ratio(sums[..., 1], sums[..., 0])

    return one_statistic(features, measure, n_units=len(both), tasks=tasks, bootstrap=bootstrap)


def calibration_error(
    probabilities: FloatArray,
    outcomes: FloatArray,
    *,
    bins: int = 10,
    tasks: IntArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """ECE in [0, 1], 0 best: sum over bins of n_b/n * |mean outcome - mean probability|.

    Bins have equal width and are closed below, the last one also above. Pairs with NaN
    are left out. Raises ValueError as `brier`, and for fewer than one bin.
    """
    if bins < 1:
        raise ValueError("the calibration error needs one bin or more")
    both = _both(probabilities, outcomes)
    places = np.minimum(np.where(both, probabilities, 0.0) * bins, bins - 1).astype(np.int64)
    mine = (places[:, None] == np.arange(bins)) & both[:, None]
    gaps = np.where(both, outcomes - probabilities, 0.0)
    features = np.concatenate([both[:, None], mine * gaps[:, None]], axis=1)

    def measure(sums: FloatArray) -> FloatArray:
        # n_b/n * |sum of gaps / n_b| is |sum of gaps| / n: the bins' sizes cancel
        return ratio(np.abs(sums[..., 1:]).sum(axis=-1), sums[..., 0])

    return one_statistic(
        unit_features(features),
        measure,
        n_units=len(both),
        tasks=tasks,
        bootstrap=bootstrap,
    )


def _both(probabilities: FloatArray, outcomes: FloatArray) -> BoolArray:
    if ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities lie between 0 and 1")
    if not np.isin(outcomes[~np.isnan(outcomes)], (0.0, 1.0)).all():
        raise ValueError("outcomes are 0 or 1")
    return ~np.isnan(probabilities) & ~np.isnan(outcomes)
