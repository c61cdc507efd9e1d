"""How well a judge's scores tell met from not met, wherever the line between them is drawn."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap, Draws, compact, statistics
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray


def auc(
    scores: FloatArray,
    outcomes: FloatArray,
    *,
    tasks: IntArray | None = None,
    bootstrap: Bootstrap = DEFAULT,
) -> Statistic:
    """The area under the ROC curve in [0, 1] over (n_units,) pairs without NaN; 0.5 is chance.

    The share of (met, not met) pairs of units in which the met one has the higher score, ties
    counting half (Mann and Whitney). Undefined where all outcomes are the same. Raises
    ValueError for outcomes other than 0 and 1.
    """
    both = ~np.isnan(scores) & ~np.isnan(outcomes)
    if not np.isin(outcomes[both], (0.0, 1.0)).all():
        raise ValueError("outcomes are 0 or 1")
    codes = np.zeros(len(scores), dtype=np.int64) if tasks is None else tasks
    codes, met = compact(codes[both]), outcomes[both] == 1.0
    n_tasks = int(codes.max(initial=-1)) + 1
    wins = _wins(scores[both], met, codes, n_tasks)
    ones, zeros = (np.bincount(codes[each], minlength=n_tasks) * 1.0 for each in (met, ~met))

    def measure(times: FloatArray) -> FloatArray:
        return ratio(((times @ wins) * times).sum(axis=-1), (times @ ones) * (times @ zeros))

    replicates = None
    if tasks is not None and n_tasks > 1:
        replicates = measure(Draws(bootstrap).sums(np.eye(n_tasks)))[:, None]
    (found,) = statistics(
        measure(np.ones((1, n_tasks))),
        replicates,
        np.array([len(codes)]),
        np.array([n_tasks]),
        None if tasks is None else bootstrap,
    )
    return found


def _wins(scores: FloatArray, met: BoolArray, codes: IntArray, n: int) -> FloatArray:
    """(n, n) by task of the met unit and of the other: pairs the met one wins, ties half.

    A resample that draws tasks several times then needs these sums and no units.
    """
    found = np.zeros((n, n))
    for task in range(n):
        below = np.sort(scores[~met & (codes == task)])
        places = [np.searchsorted(below, scores[met], side) for side in ("left", "right")]
        found[:, task] = np.bincount(codes[met], weights=(places[0] + places[1]) / 2, minlength=n)
    return found
