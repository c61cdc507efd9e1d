"""Statistics of many slices of one table (each criterion, or all of them) in one go.

Every slice shares the same draws of tasks, so a page with forty criteria costs
one matrix product, not forty bootstraps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from rubricstudio.domain.agreement.bootstrap import (
    DEFAULT,
    Bootstrap,
    Draws,
    Measure,
    compact,
    group_sums,
    statistics,
)
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.table import FloatArray, IntArray

Summer: TypeAlias = Callable[[IntArray, IntArray, int], FloatArray]
"""(indices of units, their group codes, n_groups) to (n_groups, f) sums."""

_CELLS = 8_000_000  # floats of (task, slice, feature) sums held at once


@dataclass(frozen=True, slots=True)
class Features:
    """Sums over units that measures are read off.

    width: f, the number of features. sums: computes them. count: the measure that
    gives the comparable units behind a set of sums. weighted: the last feature counts
    the comparable units, each once, and no measure sees it; the others are weighted.
    """

    width: int
    sums: Summer
    count: Measure
    weighted: bool = False

    def measured(self, measure: Measure) -> Measure:
        """The measure as a function of all features."""
        return (lambda sums: measure(sums[..., :-1])) if self.weighted else measure


@dataclass(frozen=True, slots=True)
class Sliced:
    """The named statistics of each slice, in order of its code.

    totals: (k, f) feature sums. n: (k,) comparable units; n_tasks: the tasks they are from.
    """

    statistics: Mapping[str, list[Statistic]]
    totals: FloatArray
    n: IntArray
    n_tasks: IntArray


def unit_features(features: FloatArray, unit_weights: FloatArray | None = None) -> Features:
    """(n_units, f) features whose first column marks the comparable units with 1.

    unit_weights: (n_units,) above 0; a unit of weight 3 counts as three equal ones,
    except in n.
    """
    if unit_weights is not None:
        return _weighted_features(features, unit_weights)

    def sums(units: IntArray, groups: IntArray, n_groups: int) -> FloatArray:
        return group_sums(features[units], groups, n_groups)

    return Features(features.shape[1], sums, lambda totals: totals[..., 0])


def _weighted_features(features: FloatArray, unit_weights: FloatArray) -> Features:
    once = (features[:, :1] > 0).astype(np.float64)
    both = np.concatenate([features * unit_weights[:, None], once], axis=1)
    return replace(
        unit_features(both),
        count=last_feature,
        weighted=True,
    )


def joined(first: Features, *others: Features) -> Features:
    """The features side by side, `first` last; what is comparable is what it counts.

    The others carry no count of their own (`Features.weighted` is False).
    """
    parts = (*others, first)
    before = sum(part.width for part in others)

    def sums(units: IntArray, groups: IntArray, n_groups: int) -> FloatArray:
        return np.concatenate([part.sums(units, groups, n_groups) for part in parts], axis=1)

    def count(totals: FloatArray) -> FloatArray:
        return first.count(totals[..., before:])

    return Features(before + first.width, sums, count, first.weighted)


def picked(features: Features, index: IntArray) -> Features:
    """The features of units index[0], index[1], ...; one may come several times."""

    def sums(units: IntArray, groups: IntArray, n_groups: int) -> FloatArray:
        return features.sums(index[units], groups, n_groups)

    return replace(features, sums=sums)


def last_feature(sums: FloatArray) -> FloatArray:
    """What `Features.weighted` features count comparable units with."""
    return np.asarray(sums[..., -1])


def slice_statistics(
    features: Features,
    measures: Mapping[str, Measure],
    *,
    tasks: IntArray,
    slices: IntArray,
    n_slices: int,
    draws: Draws | None,
    shares: Collection[str] = (),
) -> Sliced:
    """Each measure of each slice: (n_units,) codes of slices, from 0, and of tasks.

    A slice whose comparable units lie in one task has values without intervals, and
    so have all without `draws`. shares: the measures that are shares of units, in [0, 1], whose
    interval has a width also at its ends (see `bootstrap.statistics`).
    """
    telling = {name: features.measured(measures[name]) for name in shares if name in measures}
    parts = list(_parts(features, tasks, slices, n_slices, draws, telling))
    order = np.argsort(np.concatenate([np.zeros(0, np.int64), *(part.slices for part in parts)]))
    named: dict[str, list[Statistic]] = {}
    for name, measure in measures.items():
        seen = features.measured(measure)
        row = [one for part in parts for one in part.statistics(name, seen, draws)]
        named[name] = [row[place] for place in order]
    return Sliced(
        named,
        np.concatenate([np.zeros((0, features.width)), *(part.totals for part in parts)])[order],
        np.concatenate([np.zeros(0, np.int64), *(part.n for part in parts)])[order],
        np.concatenate([np.zeros(0, np.int64), *(part.n_tasks for part in parts)])[order],
    )


def one_statistic(
    features: Features,
    measure: Measure,
    *,
    n_units: int,
    tasks: IntArray | None,
    bootstrap: Bootstrap = DEFAULT,
    is_share: bool = False,
) -> Statistic:
    """One measure over all units, with an interval where (n_units,) task codes are given."""
    everything = np.zeros(n_units, dtype=np.int64)
    return slice_statistics(
        features,
        {"value": measure},
        tasks=everything if tasks is None else tasks,
        slices=everything,
        n_slices=1,
        draws=None if tasks is None else Draws(bootstrap),
        shares=("value",) if is_share else (),
    ).statistics["value"][0]


@dataclass(frozen=True, slots=True)
class _Part:
    """Sums of some slices: totals (k, f), replicates (resamples, k, f) or None.

    behind: for each share by name, (k,) the tasks in which it has something to count.
    """

    slices: IntArray
    totals: FloatArray
    replicates: FloatArray | None
    n: IntArray
    n_tasks: IntArray
    behind: Mapping[str, IntArray] = field(default_factory=dict)

    def statistics(self, name: str, measure: Measure, draws: Draws | None) -> list[Statistic]:
        return statistics(
            measure(self.totals),
            None if self.replicates is None else measure(self.replicates),
            self.n,
            self.n_tasks,
            None if draws is None else draws.bootstrap,
            self.behind.get(name),
        )


def _parts(
    features: Features,
    tasks: IntArray,
    slices: IntArray,
    n_slices: int,
    draws: Draws | None,
    shares: Mapping[str, Measure],
) -> Iterator[_Part]:
    """Slices of one task need no draws; the others go in chunks that fit in memory."""
    spread = _tasks_per_slice(tasks, slices, n_slices)
    single = np.flatnonzero(spread < 2) if draws else np.arange(n_slices)
    if len(single):
        yield _without_draws(features, slices, single, spread[single])
    if draws is None:
        return
    shared = np.flatnonzero(spread >= 2)
    n_tasks = int(tasks.max()) + 1 if len(tasks) else 1
    size = max(1, _CELLS // (n_tasks * features.width))
    for start in range(0, len(shared), size):
        yield _with_draws(features, tasks, slices, shared[start : start + size], draws, shares)


def _tasks_per_slice(tasks: IntArray, slices: IntArray, n_slices: int) -> IntArray:
    n_tasks = int(tasks.max()) + 1 if len(tasks) else 1
    pairs = np.unique(slices * n_tasks + tasks)
    return np.bincount(pairs // n_tasks, minlength=n_slices)


def _members(slices: IntArray, chosen: IntArray) -> tuple[IntArray, IntArray]:
    """The units of the chosen slices, and each one's place among `chosen`."""
    if len(chosen) == 1 and not slices.any() and not chosen[0]:
        return np.arange(len(slices)), slices  # everything is one slice
    places = np.full(int(max(chosen.max(), slices.max(initial=0))) + 1, -1, dtype=np.int64)
    places[chosen] = np.arange(len(chosen))
    units = np.flatnonzero(places[slices] >= 0)
    return units, places[slices[units]]


def _without_draws(
    features: Features, slices: IntArray, chosen: IntArray, spread: IntArray
) -> _Part:
    units, places = _members(slices, chosen)
    totals = features.sums(units, places, len(chosen))
    return _Part(chosen, totals, None, np.rint(features.count(totals)).astype(np.int64), spread)


def _with_draws(
    features: Features,
    tasks: IntArray,
    slices: IntArray,
    chosen: IntArray,
    draws: Draws,
    shares: Mapping[str, Measure],
) -> _Part:
    units, places = _members(slices, chosen)
    codes, k = compact(tasks[units]), len(chosen)
    n_tasks = int(codes.max()) + 1
    sums = features.sums(units, codes * k + places, n_tasks * k)
    sums = sums.reshape(n_tasks, k, features.width)
    counted = features.count(sums) > 0
    sums = sums[sums.any(axis=(1, 2))]  # a task that adds nothing is not drawn
    totals = sums.sum(axis=0)
    n = np.rint(features.count(totals)).astype(np.int64)
    replicates = None
    if len(sums) > 1:
        flat = draws.sums(sums.reshape(len(sums), -1))
        replicates = flat.reshape(-1, k, features.width)
    behind = {name: np.sum(~np.isnan(share(sums)), axis=0) for name, share in shares.items()}
    return _Part(chosen, totals, replicates, n, counted.sum(axis=0), behind)
