"""A judge against the people's majority: per criterion and overall, for review pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.agreement import confusion as conf
from rubricstudio.domain.agreement.bootstrap import Bootstrap, Draws, Measure
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.agreement.kappa import ac1_of, kappa_of
from rubricstudio.domain.agreement.panel import majority, panel_mean
from rubricstudio.domain.agreement.scales import ScaleGroup, scale_groups
from rubricstudio.domain.agreement.slices import Sliced, slice_statistics, unit_features
from rubricstudio.domain.agreement.statistic import Reason, Statistic, absent
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray, Label, VerdictTable

PAGE = Bootstrap(resamples=500)


@dataclass(frozen=True, slots=True)
class JudgeAgreement:
    """How one judge compares with the people on one criterion, or on all (criterion None).

    n: units with a judge's value and a consensus of people. n_units: all units.
    no_people: units no person gave a value; tied: units on which people are split;
    no_verdict: units with a consensus but no judge's value. n_tasks: tasks behind n.
    bias: mean of judge minus people as a share of the scale, in [-1, 1]: above 0 the
    judge gives the higher values. tp to tn, precision and recall take "met" as
    positive. confusion: rows people, columns judge, both by `categories`.
    """

    criterion: Label | None
    n_units: int
    no_people: int
    tied: int
    no_verdict: int
    n: int
    n_tasks: int
    agreement: Statistic
    bias: Statistic
    kappa: Statistic
    weighted_kappa: Statistic
    ac1: Statistic
    mcc: Statistic
    balanced_accuracy: Statistic
    macro_f1: Statistic
    precision: Statistic
    recall: Statistic
    prevalence: Statistic
    judge_prevalence: Statistic
    tp: Statistic
    fp: Statistic
    fn: Statistic
    tn: Statistic
    categories: tuple[float, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()

    @property
    def coverage(self) -> float | None:
        """The share in [0, 1] of all units that could be compared; None for no units."""
        return self.n / self.n_units if self.n_units else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A judge against people: over all criteria, and each by its label in table order."""

    overall: JudgeAgreement
    by_criterion: Mapping[Label, JudgeAgreement]


def consensus(
    people: VerdictTable, scales: Mapping[Label, Scale] | None = None, *, at_least: int = 1
) -> FloatArray:
    """(n_units,) what the people say together: their majority, the mean on points scales.

    NaN where they tie or fewer than `at_least` of them gave a value.
    """
    agreed = majority(people.values, at_least)
    for group in scale_groups(people, scales, people.values):
        if group.categories is None:
            agreed[group.units] = panel_mean(people.values[group.units], at_least)
    return agreed


def compare(
    judge_values: FloatArray,
    people: VerdictTable,
    *,
    scales: Mapping[Label, Scale] | None = None,
    reference: FloatArray | None = None,
    at_least: int = 1,
    bootstrap: Bootstrap | None = PAGE,
) -> Comparison:
    """Compare a judge's (n_units,) values with the people's consensus on the same units.

    people: a table with the people's columns only (`VerdictTable.for_raters`), its
    units aligned with `judge_values`. scales: by criterion label, as in `scale_groups`;
    coefficients over criteria of different scales are not pooled. reference: (n_units,)
    values to use in place of the consensus, for instance adjudicated ones. Units
    missing on either side are left out and counted. Raises ValueError when lengths
    differ or a value is not on its criterion's scale.
    """
    agreed = consensus(people, scales, at_least=at_least) if reference is None else reference
    for column in (judge_values, agreed):
        if len(column) != people.n_units:
            raise ValueError(f"{len(column)} values for {people.n_units} units")
    groups = scale_groups(people, scales, np.stack([judge_values, agreed]))
    draws = Draws(bootstrap) if bootstrap else None
    pair = _Pair(judge_values, agreed, people, groups, draws)
    codes, slices = np.unique(people.criteria, return_inverse=True)
    labels = [people.criterion_labels[code] for code in codes.tolist()]
    overall = pair.rows(np.zeros(people.n_units, dtype=np.int64), [None])[0]
    return Comparison(overall, dict(zip(labels, pair.rows(slices, labels), strict=True)))


def _mean(sums: FloatArray) -> FloatArray:
    """Sums of (is counted, value) to the mean value."""
    return ratio(sums[..., 1], sums[..., 0])


_ANY: Mapping[str, Measure] = {
    "kappa": kappa_of,
    "ac1": ac1_of,
    "mcc": conf.mcc_of,
    "balanced_accuracy": conf.balanced_accuracy_of,
    "macro_f1": conf.macro_f1_of,
}
_ORDERED: Mapping[str, Measure] = {"weighted_kappa": lambda counts: kappa_of(counts, "quadratic")}
_BINARY: Mapping[str, Measure] = {
    "precision": conf.precision_of,
    "recall": conf.recall_of,
    "prevalence": conf.prevalence_of,
    "judge_prevalence": conf.other_prevalence_of,
    "tp": lambda counts: counts[..., 1, 1],
    "fp": lambda counts: counts[..., 0, 1],
    "fn": lambda counts: counts[..., 1, 0],
    "tn": lambda counts: counts[..., 0, 0],
}
_SHARES = ("precision", "recall", "prevalence", "judge_prevalence")


@dataclass(frozen=True, slots=True)
class _Coefficients:
    """What the confusion of one slice gives."""

    named: Mapping[str, Statistic]
    categories: tuple[float, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class _Pair:
    """Two aligned (n_units,) columns and what is needed to compare them."""

    judge: FloatArray
    agreed: FloatArray
    people: VerdictTable
    groups: list[ScaleGroup]
    draws: Draws | None

    def rows(self, slices: IntArray, labels: Sequence[Label | None]) -> list[JudgeAgreement]:
        """One comparison for each slice code of the units."""
        k = len(labels)
        agreement = self._mean_of(self._equalities(), slices, k, shares=("mean",))
        bias = self._mean_of(self._differences(), slices, k)
        counts = self._unit_counts(slices, k)
        coefficients = self._coefficients(slices, k)
        return [
            JudgeAgreement(
                criterion=label,
                n_units=int(counts["n_units"][place]),
                no_people=int(counts["no_people"][place]),
                tied=int(counts["tied"][place]),
                no_verdict=int(counts["no_verdict"][place]),
                n=int(counts["n"][place]),
                n_tasks=int(counts["n_tasks"][place]),
                agreement=agreement[place],
                bias=bias[place],
                categories=coefficients[place].categories,
                confusion=coefficients[place].confusion,
                **coefficients[place].named,
            )
            for place, label in enumerate(labels)
        ]

    @property
    def _both(self) -> BoolArray:
        return ~np.isnan(self.judge) & ~np.isnan(self.agreed)

    def _unit_counts(self, slices: IntArray, k: int) -> dict[str, IntArray]:
        """(k,) numbers of units, why some were left out, and the tasks of the others."""
        silent = self.people.values_per_unit == 0
        undecided = np.isnan(self.agreed)
        marks = {
            "n_units": np.ones(len(slices), dtype=np.bool_),
            "no_people": undecided & silent,
            "tied": undecided & ~silent,
            "no_verdict": ~undecided & np.isnan(self.judge),
            "n": self._both,
        }
        counts = {name: np.bincount(slices[mark], minlength=k) for name, mark in marks.items()}
        span = len(self.people.task_labels)
        pairs = np.unique(slices[self._both] * span + self.people.tasks[self._both])
        return {**counts, "n_tasks": np.bincount(pairs // max(span, 1), minlength=k)}

    def _equalities(self) -> FloatArray:
        """(n_units, 2): counts for agreement, both values equal. Points scales do not count."""
        counted = self._both
        for group in self.groups:
            if group.categories is None:
                counted &= ~group.units
        return np.stack([counted, counted & (self.judge == self.agreed)], axis=1).astype(np.float64)

    def _differences(self) -> FloatArray:
        """(n_units, 2): counts for bias, judge minus people as a share of the scale."""
        features = np.zeros((len(self.judge), 2))
        for group in self.groups:
            if group.is_ordered:
                inside = group.units & self._both
                features[inside, 0] = 1
                features[inside, 1] = (self.judge - self.agreed)[inside] / group.span
        return features

    def _mean_of(
        self, features: FloatArray, slices: IntArray, k: int, shares: Sequence[str] = ()
    ) -> list[Statistic]:
        return slice_statistics(
            unit_features(features),
            {"mean": _mean},
            tasks=self.people.tasks,
            slices=slices,
            n_slices=k,
            draws=self.draws,
            shares=shares,
        ).statistics["mean"]

    def _coefficients(self, slices: IntArray, k: int) -> list[_Coefficients]:
        """Everything that a confusion gives, slice by slice; scales are never mixed."""
        found = [_without(Reason.MIXED_SCALES)] * k
        for group in self.groups:
            mine = group.slices(slices)
            if mine is None:
                continue
            own, places = mine
            rows = self._of_scale(group, places, len(own))
            for place, row in zip(own.tolist(), rows, strict=True):
                found[place] = row
        return found

    def _of_scale(self, group: ScaleGroup, slices: IntArray, k: int) -> list[_Coefficients]:
        if group.categories is None:
            return [_without(Reason.CONTINUOUS)] * k
        judge, agreed = self.judge[group.units], self.agreed[group.units]
        measures = {
            **_ANY,
            **(_ORDERED if group.is_ordered else {}),
            **(_BINARY if group.is_binary else {}),
        }
        sliced = slice_statistics(
            conf.confusion_features(agreed, judge, group.categories),
            {name: conf.square(of) for name, of in measures.items()},
            tasks=self.people.tasks[group.units],
            slices=slices,
            n_slices=k,
            draws=self.draws,
            shares=_SHARES,
        )
        return _of_sliced(sliced, group.categories)


def _of_sliced(sliced: Sliced, categories: FloatArray) -> list[_Coefficients]:
    q = len(categories)
    missing = {name: absent(Reason.UNORDERED) for name in _ORDERED}
    missing |= {name: absent(Reason.NOT_BINARY) for name in _BINARY}
    return [
        _Coefficients(
            {**missing, **{name: row[place] for name, row in sliced.statistics.items()}},
            tuple(categories.tolist()),
            tuple(tuple(row) for row in table),
        )
        for place, table in enumerate(sliced.totals.reshape(-1, q, q).astype(int).tolist())
    ]


def _without(reason: Reason) -> _Coefficients:
    names = [*_ANY, *_ORDERED, *_BINARY]
    return _Coefficients({name: absent(reason) for name in names})
