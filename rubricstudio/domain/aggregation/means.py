"""The mean of scores over responses, with the clip stage that belongs to it."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.aggregation.values import Clip
from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.agreement.slices import one_statistic, unit_features
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.table import FloatArray, IntArray


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
    scored = ~np.isnan(values)
    features = np.stack([scored, np.where(scored, values, 0.0)], axis=1)

    def measure(sums: FloatArray) -> FloatArray:
        mean = ratio(sums[..., 1], sums[..., 0])
        return np.clip(mean, 0.0, 1.0) if clip is Clip.MEAN else mean

    return one_statistic(
        unit_features(features), measure, n_units=len(values), tasks=tasks, bootstrap=bootstrap
    )
