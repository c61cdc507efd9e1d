"""Bootstrap by task, for any statistic that is a function of sums over units.

Items nest in tasks, so tasks are what is drawn with replacement. Every statistic
here is `measure(sums)`, with sums of per-unit features; a resample of tasks then
needs no second look at the data: its sums are (times each task was drawn) @ (sums
of each task), and 1,000 resamples are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from rubricstudio.domain.agreement.statistic import Reason, Statistic, absent
from rubricstudio.domain.shares import wilson
from rubricstudio.domain.table import FloatArray, IntArray

Measure: TypeAlias = Callable[[FloatArray], FloatArray]
"""(..., n_features) sums to (...) values; NaN where undefined."""

_CHUNK = 1_000_000  # draws made at once, to bound memory
_KEPT = 8_000_000  # draws kept for the next statistic of the same table


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are made: `resamples` >= 1, `confidence` in (0, 1), a fixed `seed`."""

    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if self.resamples < 1 or not 0 < self.confidence < 1:
            raise ValueError("a bootstrap needs 1 or more resamples and a confidence in (0, 1)")


DEFAULT = Bootstrap()


def compact(tasks: IntArray) -> IntArray:
    """Task codes renumbered 0.. without gaps, so that only tasks with units are drawn."""
    return np.asarray(np.unique(tasks, return_inverse=True)[1], dtype=np.int64)


def group_sums(features: FloatArray, groups: IntArray, n_groups: int) -> FloatArray:
    """(n_units, f) features summed by group code: (n_groups, f)."""
    sums = np.zeros((n_groups, features.shape[1]))
    for column in range(features.shape[1]):
        weights = np.ascontiguousarray(features[:, column])
        sums[:, column] = np.bincount(groups, weights=weights, minlength=n_groups)
    return sums


@dataclass(frozen=True, slots=True)
class Draws:
    """The draws of tasks of one bootstrap, kept while several statistics share them.

    The same seed and number of tasks draw the same tasks, whatever is summed.
    """

    bootstrap: Bootstrap = DEFAULT
    kept: dict[int, list[FloatArray]] = field(default_factory=dict)

    def sums(self, sums: FloatArray) -> FloatArray:
        """(n_tasks, f) sums by task to (resamples, f): the sums of each resample of tasks."""
        return np.concatenate([times @ sums for times in self._blocks(len(sums))])

    def _blocks(self, n_tasks: int) -> Iterable[FloatArray]:
        if n_tasks * self.bootstrap.resamples > _KEPT:
            return _draws(n_tasks, self.bootstrap)
        if n_tasks not in self.kept:
            self.kept[n_tasks] = list(_draws(n_tasks, self.bootstrap))
        return self.kept[n_tasks]


def _draws(n_tasks: int, bootstrap: Bootstrap) -> Iterator[FloatArray]:
    """(some resamples, n_tasks) blocks: how often each resample drew each task."""
    rng = np.random.default_rng(bootstrap.seed)
    rows = max(1, _CHUNK // n_tasks)
    for start in range(0, bootstrap.resamples, rows):
        count = min(rows, bootstrap.resamples - start)
        drawn = rng.integers(0, n_tasks, size=(count, n_tasks))
        drawn += (np.arange(count) * n_tasks)[:, None]
        times = np.bincount(drawn.ravel(), minlength=count * n_tasks)
        yield times.reshape(count, n_tasks).astype(np.float64)


def percentile_interval(replicates: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """(resamples, ...) to the low and high percentiles (...), NaN replicates left out.

    Both ends are NaN where fewer than half of the replicates are defined. Linear
    interpolation between order statistics, as numpy.percentile.
    """
    ordered = np.sort(replicates, axis=0)  # NaN last
    defined = np.sum(~np.isnan(ordered), axis=0)
    tail = (1 - confidence) / 2
    ends = [_quantile(ordered, defined, share) for share in (tail, 1 - tail)]
    for end in ends:
        end[defined * 2 < len(ordered)] = np.nan
    return ends[0], ends[1]


def _quantile(ordered: FloatArray, defined: IntArray, share: float) -> FloatArray:
    """The quantile of the first `defined` entries along axis 0."""
    place = np.maximum(defined - 1, 0) * share
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(defined - 1, 0))
    low = np.take_along_axis(ordered, below[None], axis=0)[0]
    high = np.take_along_axis(ordered, above[None], axis=0)[0]
    return np.asarray(low + (high - low) * (place - below))


def statistics(
    values: FloatArray,
    replicates: FloatArray | None,
    n: IntArray,
    n_tasks: IntArray,
    bootstrap: Bootstrap | None,
    behind: IntArray | None = None,
) -> list[Statistic]:
    """(k,) values with (resamples, k) replicates to k statistics, reasons included.

    behind: where the values are shares, (k,) the tasks in which each has something to count. A
    share of 0 or 1 is the same in every resample, which says nothing of how sure it is: its
    interval is Wilson's, each task one trial.
    """
    if replicates is None or bootstrap is None:
        lows = highs = np.full(len(values), np.nan)
    else:
        lows, highs = percentile_interval(replicates, bootstrap.confidence)
    rows = zip(
        values.tolist(), lows.tolist(), highs.tolist(), n.tolist(), n_tasks.tolist(), strict=True
    )
    found = [_statistic(*row, wanted=bootstrap is not None) for row in rows]
    if behind is None or bootstrap is None:
        return found
    return [
        _with_width(one, tasks, bootstrap.confidence)
        for one, tasks in zip(found, behind.tolist(), strict=True)
    ]


def _with_width(share: Statistic, tasks: int, confidence: float) -> Statistic:
    """The share with Wilson's interval where it is 0 or 1 in all `tasks` that tell."""
    if share.low is None or share.value not in (0.0, 1.0) or not tasks:
        return share
    low, high = wilson(share.value * tasks, tasks, confidence)
    return replace(share, low=low, high=high, wilson=tasks)


def _statistic(
    value: float, low: float, high: float, n: int, n_tasks: int, *, wanted: bool
) -> Statistic:
    if not n:
        return absent(Reason.NOTHING_COMPARABLE)
    if value != value:
        return absent(Reason.UNDEFINED, n)
    if not wanted:
        return Statistic(value, n=n)
    if n_tasks < 2:
        return Statistic(value, n=n, reason=Reason.ONE_TASK)
    if low != low:
        return Statistic(value, n=n, reason=Reason.UNSTABLE)
    return Statistic(value, low, high, n)
