"""How far people agree among themselves: per criterion and overall, for review pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from rubricstudio.domain.agreement.alpha import alpha_features
from rubricstudio.domain.agreement.bootstrap import Bootstrap, Draws, Measure
from rubricstudio.domain.agreement.compare import PAGE
from rubricstudio.domain.agreement.counts import (
    Level,
    agreement_weights,
    categories_of,
    category_counts,
    ratio,
)
from rubricstudio.domain.agreement.kappa import (
    fleiss_of,
    gwet_of,
    pairwise_agreement_of,
    panel_features,
    withhold_uneven,
)
from rubricstudio.domain.agreement.panel import panel_mean, unanimous
from rubricstudio.domain.agreement.scales import ScaleGroup, scale_groups
from rubricstudio.domain.agreement.slices import Features, slice_statistics, unit_features
from rubricstudio.domain.agreement.statistic import Reason, Statistic, absent
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray, Label, VerdictTable


@dataclass(frozen=True, slots=True)
class PanelAgreement:
    """How far raters agree on one criterion, or on all of them (criterion None).

    n: units with two or more values. n_units: all units; n_raters: raters with a value;
    n_values: values. unanimous: share of comparable units on which all values are
    equal; unanimous_by_value: how many such units for each value. pairwise: the mean
    share of rater pairs that agree. alpha at the level of the scale (binary nominal,
    ordinal, points interval). gwet: AC1, or AC2 with quadratic weights on an ordinal
    scale. prevalence: the mean over units of the share of raters who said met.
    """

    criterion: Label | None
    n_units: int
    n: int
    n_raters: int
    n_values: int
    unanimous: Statistic
    alpha: Statistic
    fleiss: Statistic
    gwet: Statistic
    pairwise: Statistic
    prevalence: Statistic
    unanimous_by_value: Mapping[float, int]

    @property
    def coverage(self) -> float | None:
        """The share in [0, 1] of all units with two or more values; None for no units."""
        return self.n / self.n_units if self.n_units else None


@dataclass(frozen=True, slots=True)
class PeopleAgreement:
    """Agreement of a panel: over all criteria, and each by its label in table order."""

    overall: PanelAgreement
    by_criterion: Mapping[Label, PanelAgreement]


def people_agreement(
    table: VerdictTable,
    *,
    scales: Mapping[Label, Scale] | None = None,
    unit_weights: FloatArray | None = None,
    bootstrap: Bootstrap | None = PAGE,
) -> PeopleAgreement:
    """How far the raters of `table` agree with each other, with intervals by task.

    scales: by criterion label (binary where not named); None: one nominal scale of the
    values seen. Coefficients over criteria of different scales are not pooled.
    unit_weights: (n_units,) above 0, by which a unit counts in every figure but n. Raises
    ValueError for a value that is not on its criterion's scale.
    """
    panel = _Panel(
        table,
        unanimous(table.values),
        table.values_per_unit,
        [
            (group, _bundles(table.values[group.units], group, _of(unit_weights, group.units)))
            for group in scale_groups(table, scales, table.values)
        ],
        Draws(bootstrap) if bootstrap else None,
        unit_weights,
    )
    codes, slices = np.unique(table.criteria, return_inverse=True)
    labels = [table.criterion_labels[code] for code in codes.tolist()]
    overall = panel.rows(np.zeros(table.n_units, dtype=np.int64), [None])[0]
    return PeopleAgreement(overall, dict(zip(labels, panel.rows(slices, labels), strict=True)))


def _of(unit_weights: FloatArray | None, units: BoolArray) -> FloatArray | None:
    return None if unit_weights is None else unit_weights[units]


def _mean(sums: FloatArray) -> FloatArray:
    """Sums of (is counted, value) to the mean value."""
    return ratio(sums[..., 1], sums[..., 0])


_Bundle: TypeAlias = tuple[Features, Mapping[str, Measure]]
_NAMES = ("alpha", "fleiss", "gwet", "pairwise", "prevalence")
_SHARES = ("unanimous", "pairwise", "prevalence")


def _bundles(
    values: FloatArray, group: ScaleGroup, unit_weights: FloatArray | None
) -> list[_Bundle]:
    """What is measured on the values of one scale, by the features it is read off."""
    features, measure = alpha_features(
        values, group.level, group.categories, unit_weights=unit_weights
    )
    bundles: list[_Bundle] = [(features, {"alpha": measure})]
    if group.categories is not None:
        bundles.append(_panel_bundle(values, group.categories, group.level, unit_weights))
    if group.is_binary:
        shares = panel_mean(values)
        rated = ~np.isnan(shares)
        prevalence = np.stack([rated, np.where(rated, shares, 0.0)], axis=1)
        bundles.append((unit_features(prevalence, unit_weights), {"prevalence": _mean}))
    return bundles


def _panel_bundle(
    values: FloatArray, categories: FloatArray, level: Level, unit_weights: FloatArray | None
) -> _Bundle:
    """Fleiss, Gwet and pairwise agreement of values in these categories."""
    counts, q = category_counts(values, categories), len(categories)
    plain = panel_features(counts, np.eye(q))
    width = plain.shape[1]

    def first(of: Measure) -> Measure:
        return lambda sums: of(sums[..., :width])

    measures = {
        "fleiss": first(fleiss_of),
        "pairwise": first(pairwise_agreement_of),
        "gwet": first(partial(gwet_of, kept=np.eye(q))),
    }
    if level is not Level.ORDINAL:
        return unit_features(plain, unit_weights), measures
    kept = agreement_weights(q, "quadratic")
    measures["gwet"] = lambda sums: gwet_of(sums[..., width:], kept)
    both = np.concatenate([plain, panel_features(counts, kept)], axis=1)
    return unit_features(both, unit_weights), measures


@dataclass(frozen=True, eq=False, slots=True)
class _Panel:
    """A table, which of its units are unanimous, their values, and what is measured on them."""

    table: VerdictTable
    same: BoolArray
    m: IntArray
    scales: list[tuple[ScaleGroup, list[_Bundle]]]
    draws: Draws | None
    unit_weights: FloatArray | None

    def rows(self, slices: IntArray, labels: Sequence[Label | None]) -> list[PanelAgreement]:
        """One row for each slice code of the units."""
        k = len(labels)
        unanimity = np.stack([self.m >= 2, self.same], axis=1).astype(np.float64)
        shares = self._sliced(
            (unit_features(unanimity, self.unit_weights), {"unanimous": _mean}),
            self.table.tasks,
            slices,
            k,
        )["unanimous"]
        named = self._coefficients(slices, k)
        by_value = self._unanimous_by_value(slices, k)
        units = np.bincount(slices, minlength=k).tolist()
        values = np.bincount(slices, weights=self.m, minlength=k).tolist()
        raters = self._raters(slices, k).tolist()
        return [
            PanelAgreement(
                criterion=label,
                n_units=units[place],
                n=shares[place].n,
                n_raters=raters[place],
                n_values=int(values[place]),
                unanimous=shares[place],
                unanimous_by_value=by_value[place],
                **named[place],
            )
            for place, label in enumerate(labels)
        ]

    def _raters(self, slices: IntArray, k: int) -> IntArray:
        """(k,) how many raters gave a value in each slice."""
        counts = np.zeros(k, dtype=np.int64)
        for column in self.table.values.T:
            counts += np.bincount(slices[~np.isnan(column)], minlength=k) > 0
        return counts

    def _unanimous_by_value(self, slices: IntArray, k: int) -> list[dict[float, int]]:
        """For each slice the number of unanimous units by their value."""
        values = np.fmax.reduce(self.table.values[self.same], axis=1, initial=-np.inf)
        options = categories_of(values)
        codes = slices[self.same] * len(options) + np.searchsorted(options, values)
        cells, counts = np.unique(codes, return_counts=True)
        found: list[dict[float, int]] = [{} for _ in range(k)]
        for cell, count in zip(cells.tolist(), counts.tolist(), strict=True):
            place, option = divmod(cell, len(options))
            found[place][float(options[option])] = count
        return found

    def _sliced(
        self, bundle: _Bundle, tasks: IntArray, slices: IntArray, k: int
    ) -> Mapping[str, list[Statistic]]:
        features, measures = bundle
        return slice_statistics(
            features,
            measures,
            tasks=tasks,
            slices=slices,
            n_slices=k,
            draws=self.draws,
            shares=_SHARES,
        ).statistics

    def _coefficients(self, slices: IntArray, k: int) -> list[dict[str, Statistic]]:
        """The coefficients of each slice; a slice of mixed scales has none."""
        found = [{name: absent(Reason.MIXED_SCALES) for name in _NAMES} for _ in range(k)]
        for group, bundles in self.scales:
            mine = group.slices(slices)
            if mine is None:
                continue
            own, places = mine
            rows = self._of_scale(group, bundles, places, len(own))
            for place, row in zip(own.tolist(), rows, strict=True):
                found[place] = row
        return found

    def _of_scale(
        self, group: ScaleGroup, bundles: list[_Bundle], slices: IntArray, k: int
    ) -> list[dict[str, Statistic]]:
        named: dict[str, list[Statistic]] = {}
        for bundle in bundles:
            named |= self._sliced(bundle, self.table.tasks[group.units], slices, k)
        if "fleiss" in named:
            withhold_uneven(named["fleiss"], self.m[group.units], slices)
        missing = {name: absent(Reason.CONTINUOUS) for name in _NAMES}
        missing["prevalence"] = absent(Reason.NOT_BINARY)
        return [
            {**missing, **{name: row[place] for name, row in named.items()}} for place in range(k)
        ]
