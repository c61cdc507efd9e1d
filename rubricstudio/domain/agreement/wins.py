"""How often something was preferred, with an interval by task."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.agreement.bootstrap import (
    DEFAULT,
    Bootstrap,
    Draws,
    compact,
    group_sums,
    statistics,
)
from rubricstudio.domain.agreement.statistic import Reason, Statistic, absent
from rubricstudio.domain.table import FloatArray, IntArray


def mean_by_task(
    points: FloatArray, tasks: IntArray, weights: FloatArray, bootstrap: Bootstrap = DEFAULT
) -> Statistic:
    """The weighted mean of `points` (n,), in [0, 1], with its bootstrap-by-task interval.

    A comparison that was won has 1 point, a tie half of one, so this is a win rate. weights:
    (n,) >= 0, NaN where a comparison was not chosen by chance and does not count; `n` is
    how many do. Where all are won, or none, the interval is Wilson's over tasks.
    """
    counts = ~np.isnan(points) & (np.nan_to_num(weights) > 0)
    if not counts.any():
        return absent(Reason.NOTHING_COMPARABLE)
    points, weights, tasks = points[counts], weights[counts], compact(tasks[counts])
    n_tasks = int(tasks.max()) + 1
    sums = group_sums(np.stack([points * weights, weights], axis=1), tasks, n_tasks)
    total = sums.sum(axis=0)
    drawn = Draws(bootstrap).sums(sums)
    return statistics(
        np.array([total[0] / total[1]]),
        (drawn[:, 0] / drawn[:, 1])[:, None],
        np.array([len(points)]),
        np.array([n_tasks]),
        bootstrap,
        behind=np.array([n_tasks]),
    )[0]
