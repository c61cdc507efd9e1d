"""The mean of scores over responses, with the clip stage that belongs to it."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.aggregation.values import Clip
from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap, Draws, Measure
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.agreement.slices import (
    Features,
    one_statistic,
    slice_statistics,
    unit_features,
)
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.table import FloatArray, IntArray


def _features(values: FloatArray) -> Features:
    scored = ~np.isnan(values)
    return unit_features(np.stack([scored, np.where(scored, values, 0.0)], axis=1))


def _measure(clip: Clip) -> Measure:
    def measure(sums: FloatArray) -> FloatArray:
        mean = ratio(sums[..., 1], sums[..., 0])
        return np.clip(mean, 0.0, 1.0) if clip is Clip.MEAN else mean

    return measure


def means_of_scores(
    values: FloatArray,
    slices: IntArray,
    n_slices: int,
    *,
    clip: Clip = Clip.NONE,
    tasks: IntArray,
    bootstrap: Bootstrap = DEFAULT,
) -> list[Statistic]:
    """`mean_of_scores` of each slice, by its code from 0: (n_responses,) codes.

    All slices share one set of resampled tasks, which is what makes many of them cheap.
    """
    return slice_statistics(
        _features(values),
        {"mean": _measure(clip)},
        tasks=tasks,
        slices=slices,
        n_slices=n_slices,
        draws=Draws(bootstrap),
    ).statistics["mean"]


def mean_of_scores(
    values: FloatArray,
    *,
    clip: Clip = Clip.NONE,
    tasks: IntArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """The mean of (n_responses,) scores, NaN left out, and its interval by task.

    With the clip stage `mean` the mean, and each resampled mean, is cut to [0, 1]:
    the headline of HealthBench. n is the number of responses with a score.
    """
    return one_statistic(
        _features(values),
        _measure(clip),
        n_units=len(values),
        tasks=tasks,
        bootstrap=bootstrap,
    )
