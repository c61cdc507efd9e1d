"""Two votes of the same people on the same units, before and after they talked.

Everything is over the cells (person, unit) that have a value in both votes, so that the two
figures differ only by what people changed. Both votes share their draws of tasks: the
interval of a difference is that of the paired bootstrap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rubricstudio.domain.agreement.alpha import alpha_features
from rubricstudio.domain.agreement.answers import Answers
from rubricstudio.domain.agreement.bootstrap import Bootstrap, Draws, Measure
from rubricstudio.domain.agreement.compare import PAGE
from rubricstudio.domain.agreement.counts import agreement_weights, category_counts
from rubricstudio.domain.agreement.kappa import pairwise_agreement_of, panel_features
from rubricstudio.domain.agreement.scales import ScaleGroup, scale_groups
from rubricstudio.domain.agreement.slices import (
    Features,
    joined,
    picked,
    slice_statistics,
    unit_features,
)
from rubricstudio.domain.agreement.statistic import Reason, Statistic, absent
from rubricstudio.domain.agreement.study import Slicing
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray, Label

FIGURES = ("percent", "alpha")


@dataclass(frozen=True, slots=True)
class Changes:
    """What people changed. n: cells with a value in both votes, of which `changed` differ.

    towards, away: those that came nearer to, or went further from, what the others had said
    in the first vote (see `centres`); the rest moved neither way, or the others had no answer.
    """

    n: int
    changed: int
    towards: int
    away: int

    @property
    def neither(self) -> int:
        """Changes without a direction."""
        return self.changed - self.towards - self.away


@dataclass(frozen=True, slots=True)
class Shift:
    """One figure in both votes and what it gained: `difference` is after less before."""

    before: Statistic
    after: Statistic
    difference: Statistic


@dataclass(frozen=True, slots=True)
class VoteRow:
    """Both votes on one slice. n: units with two or more people. figures: by FIGURES."""

    n: int
    changes: Changes
    figures: Mapping[str, Shift] = field(default_factory=dict)


class TwoVotes:
    """Two votes, prepared once, to be sliced in many ways."""

    def __init__(
        self,
        first: Answers,
        second: Answers,
        scales: Mapping[Label, Scale],
        bootstrap: Bootstrap | None = PAGE,
    ) -> None:
        """first, second: of the same units and people, cell by cell (else ValueError)."""
        same = first.who.shape == second.who.shape and np.array_equal(first.who, second.who)
        if not same or not np.array_equal(
            np.isnan(first.table.values), np.isnan(second.table.values)
        ):
            raise ValueError("the two votes are not of the same cells")
        self.first, self.second = first, second
        self.draws = Draws(bootstrap) if bootstrap else None
        self.groups = scale_groups(first.table, scales, first.table.values)
        self._scale = np.zeros(first.table.n_units, dtype=np.int64)
        for code, group in enumerate(self.groups):
            self._scale[group.units] = code
        self._direction = directions(first.table.values, second.table.values, self._points())

    def _points(self) -> BoolArray:
        """(n_units,) whether a unit is judged in points."""
        points = np.zeros(self.first.table.n_units, dtype=np.bool_)
        for group in self.groups:
            points[group.units] = group.categories is None
        return points

    def rows(self, slicing: Slicing) -> list[VoteRow]:
        """One row for each slice; figures over several scales are not pooled."""
        return [self._row(slicing.units[slicing.slices == place]) for place in range(slicing.n)]

    def _row(self, units: IntArray) -> VoteRow:
        before, after = self.first.table.values[units], self.second.table.values[units]
        direction = self._direction[units]
        changes = Changes(
            n=int(np.count_nonzero(~np.isnan(before))),
            changed=int(np.count_nonzero((before != after) & ~np.isnan(before))),
            towards=int(np.count_nonzero(direction > 0)),
            away=int(np.count_nonzero(direction < 0)),
        )
        n = int(np.count_nonzero(self.first.table.values_per_unit[units] >= 2))
        codes = np.unique(self._scale[units])
        if len(codes) != 1:
            reason = Reason.MIXED_SCALES if len(codes) and n else Reason.NOTHING_COMPARABLE
            missing = absent(reason, n)
            return VoteRow(n, changes, dict.fromkeys(FIGURES, Shift(missing, missing, missing)))
        group = self.groups[int(codes[0])]
        return VoteRow(n, changes, self._shifts(group, units, before, after))

    def _shifts(
        self, group: ScaleGroup, units: IntArray, before: FloatArray, after: FloatArray
    ) -> dict[str, Shift]:
        continuous = absent(Reason.CONTINUOUS)
        found = {"percent": Shift(continuous, continuous, continuous)}
        for name, one, other in _measured(group, before, after):
            sides = ("before", "after") if name == "percent" else ()
            found[name] = self._shift(units, one, other, shares=sides)
        return found

    def _shift(
        self,
        units: IntArray,
        one: tuple[Features, Measure],
        other: tuple[Features, Measure],
        *,
        shares: Sequence[str],
    ) -> Shift:
        """A figure in both votes. What is joined first stands last (see `joined`)."""
        (first, measure), (second, again) = one, other
        width = second.width
        both = joined(first, second)

        def before(sums: FloatArray) -> FloatArray:
            return measure(sums[..., width:])

        def after(sums: FloatArray) -> FloatArray:
            return again(sums[..., :width])

        found = slice_statistics(
            picked(both, np.arange(len(units))),
            {
                "before": before,
                "after": after,
                "difference": lambda sums: after(sums) - before(sums),
            },
            tasks=self.first.table.tasks[units],
            slices=np.zeros(len(units), dtype=np.int64),
            n_slices=1,
            draws=self.draws,
            shares=shares,
        ).statistics
        return Shift(*(found[name][0] for name in ("before", "after", "difference")))


_Bundle = tuple[str, tuple[Features, Measure], tuple[Features, Measure]]


def _measured(group: ScaleGroup, before: FloatArray, after: FloatArray) -> list[_Bundle]:
    """What is measured on this scale, of each vote."""
    alphas = [alpha_features(values, group.level, group.categories) for values in (before, after)]
    bundles: list[_Bundle] = [("alpha", alphas[0], alphas[1])]
    if group.categories is not None:
        kept = agreement_weights(len(group.categories), "identity")
        one, other = (
            unit_features(panel_features(category_counts(values, group.categories), kept))
            for values in (before, after)
        )
        bundles.append(("percent", (one, pairwise_agreement_of), (other, pairwise_agreement_of)))
    return bundles


def directions(before: FloatArray, after: FloatArray, points: BoolArray) -> IntArray:
    """(n_units, n_places): 1 towards the others' first answer, -1 away from it, 0 neither."""
    centre = centres(before, points)
    nearer = np.abs(before - centre) - np.abs(after - centre)
    found: IntArray = np.nan_to_num(np.sign(nearer)).astype(np.int64)
    return found


def centres(values: FloatArray, points: BoolArray) -> FloatArray:
    """(n_units, n_places): what the others of each cell said, NaN where that is nothing single.

    The most frequent value of the others; where several are, none. In points their median.
    """
    found = np.full(values.shape, np.nan)
    for unit, row in enumerate(values):
        for place in np.flatnonzero(~np.isnan(row)):
            others = np.delete(row, place)
            others = others[~np.isnan(others)]
            if not len(others):
                continue
            if points[unit]:
                found[unit, place] = np.median(others)
                continue
            seen, counts = np.unique(others, return_counts=True)
            if np.count_nonzero(counts == counts.max()) == 1:
                found[unit, place] = seen[counts.argmax()]
    return found
