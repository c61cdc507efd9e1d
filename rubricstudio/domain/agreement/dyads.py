"""Two people at a time: every pair of annotators, and each of them against the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rubricstudio.domain.agreement import confusion as conf
from rubricstudio.domain.agreement.alpha import interval_alpha, interval_features, pair_alpha
from rubricstudio.domain.agreement.answers import Pairs, pairs_of
from rubricstudio.domain.agreement.bootstrap import Draws, Measure
from rubricstudio.domain.agreement.counts import Level, ratio
from rubricstudio.domain.agreement.icc import icc_features, icc_of
from rubricstudio.domain.agreement.kappa import ac_of, kappa_of
from rubricstudio.domain.agreement.scales import ScaleGroup
from rubricstudio.domain.agreement.slices import Features, slice_statistics, unit_features
from rubricstudio.domain.agreement.statistic import Reason, Statistic, absent
from rubricstudio.domain.agreement.study import FIGURES, SHARES, Row, Study
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray

Pair = tuple[int, int]
"""The codes of two raters, the smaller first."""


@dataclass(frozen=True, eq=False, slots=True)
class _Entries:
    """Answers x and y on units: weight, by which each counts; share, what each adds to n."""

    units: IntArray
    slices: IntArray
    n: int
    x: FloatArray
    y: FloatArray
    weights: FloatArray
    share: FloatArray


class Dyads:
    """Every two answers on one unit of a study, found once."""

    def __init__(self, study: Study, units: BoolArray) -> None:
        """units: (n_units,) those that rows of pairs and raters are about, of one scale."""
        self.study = study
        self.pairs = pairs_of(study.answers)
        self.chosen = units[self.pairs.units]
        n = len(study.answers.raters)
        self._codes = self.pairs.first * n + self.pairs.second

    def most_shared(self, most: int) -> list[Pair]:
        """The pairs with a unit in common, the ones with most of them first, at most `most`."""
        n = max(len(self.study.answers.raters), 1)
        codes, counts = np.unique(self._codes[self.chosen], return_counts=True)
        order = np.lexsort((codes, -counts))[:most]
        return [(int(code) // n, int(code) % n) for code in codes[order]]

    def pair_rows(self, pairs: Sequence[Pair]) -> list[Row]:
        """How far the two of each pair agree, over the units they share."""
        places = self._places(pairs)
        mine = self.chosen & (places >= 0)
        entries = self._entries(mine, places[mine], len(pairs))
        return self._rows(entries, self._group_of(mine), self.study.draws)

    def cells(self, pairs: Sequence[Pair]) -> dict[int, list[Row]]:
        """The rows of the pairs on each criterion, by its code; without intervals."""
        places = self._places(pairs)
        criteria = self.study.answers.table.criteria[self.pairs.units]
        found: dict[int, list[Row]] = {}
        for group in self.study.groups:
            codes = np.unique(self.study.answers.table.criteria[group.units])
            mine = (places >= 0) & group.units[self.pairs.units]
            at = np.searchsorted(codes, criteria[mine]) * len(pairs) + places[mine]
            entries = self._entries(mine, at, len(codes) * len(pairs))
            rows = self._rows(entries, group, None)
            for place, code in enumerate(codes.tolist()):
                found[code] = rows[place * len(pairs) : (place + 1) * len(pairs)]
        return found

    def rater_rows(self) -> list[Row]:
        """Each rater against the others, in the order of the study's raters.

        Reference are the other people's answers one by one; where a unit has several, they
        share its weight, so that each unit counts once. Rows are the others, columns the
        rater: macro-F1 is the ceiling that a judge can be held against.
        """
        mine = np.flatnonzero(self.chosen)
        pairs = self.pairs
        others = np.maximum(self.study.answers.table.values_per_unit[pairs.units[mine]] - 1, 1)
        share = np.concatenate([1 / others, 1 / others])
        units = np.concatenate([pairs.units[mine], pairs.units[mine]])
        entries = _Entries(
            units=units,
            slices=np.concatenate([pairs.first[mine], pairs.second[mine]]),
            n=len(self.study.answers.raters),
            x=np.concatenate([pairs.y[mine], pairs.x[mine]]),
            y=np.concatenate([pairs.x[mine], pairs.y[mine]]),
            weights=share * self._weights(units),
            share=share,
        )
        return self._rows(entries, self._group_of(self.chosen), self.study.draws, one_sided=True)

    def _places(self, pairs: Sequence[Pair]) -> IntArray:
        """The place among `pairs` of each two answers, -1 for none."""
        n = max(len(self.study.answers.raters), 1)
        places = np.full(n * n, -1)
        for place, (first, second) in enumerate(pairs):
            places[first * n + second] = place
        return np.asarray(places[self._codes])

    def _weights(self, units: IntArray) -> FloatArray:
        weights = self.study.answers.weights
        return np.ones(len(units)) if weights is None else weights[units]

    def _entries(self, mine: BoolArray, slices: IntArray, n: int) -> _Entries:
        pairs: Pairs = self.pairs
        units = pairs.units[mine]
        ones = np.ones(len(units))
        return _Entries(
            units, slices, n, pairs.x[mine], pairs.y[mine], ones * self._weights(units), ones
        )

    def _group_of(self, mine: BoolArray) -> ScaleGroup | None:
        """The scale of the chosen units; None for no unit at all."""
        units = np.unique(self.pairs.units[mine])
        return next((g for g in self.study.groups if len(units) and g.units[units[0]]), None)

    def _rows(
        self,
        entries: _Entries,
        group: ScaleGroup | None,
        draws: Draws | None,
        *,
        one_sided: bool = False,
    ) -> list[Row]:
        if group is None:
            missing = {name: absent(Reason.NOTHING_COMPARABLE) for name in FIGURES}
            return [Row(0, 0, 2, 0, None, None, missing)] * entries.n
        features, measures = _measured(entries, group, one_sided=one_sided)
        found = slice_statistics(
            features,
            measures,
            tasks=self.study.answers.table.tasks[entries.units],
            slices=entries.slices,
            n_slices=entries.n,
            draws=draws,
            shares=SHARES,
        )
        missing = _missing(group)
        named = dict(found.statistics)
        modal = named.pop("modal", None)
        return [
            Row(
                n_units=n,
                n=n,
                n_raters=2,
                n_values=2 * n,
                level=group.level,
                modal=None if modal is None else modal[place].value,
                figures={**missing, **{name: row[place] for name, row in named.items()}},
            )
            for place, n in enumerate(found.n.tolist())
        ]


def _missing(group: ScaleGroup) -> dict[str, Statistic]:
    reason = Reason.CONTINUOUS if group.categories is None else Reason.UNORDERED
    return {name: absent(reason) for name in FIGURES}


def _measured(
    entries: _Entries, group: ScaleGroup, *, one_sided: bool
) -> tuple[Features, Mapping[str, Measure]]:
    if group.categories is None:
        both = np.stack([entries.x, entries.y], axis=1)
        columns = [interval_features(both), icc_features(both)]
        features = _counted(np.concatenate(columns, axis=1), entries)
        width = columns[0].shape[1]
        measures: dict[str, Measure] = {"alpha": lambda sums: interval_alpha(sums[..., :width])}
        if not one_sided:
            for name, average in (("icc", False), ("icc_k", True)):
                measures[name] = partial(_icc, at=width, average=average)
        return features, measures
    features = conf.confusion_features(
        entries.x, entries.y, group.categories, entries.weights, entries.share
    )
    measures = _confusion_measures(group, one_sided=one_sided)
    return features, {name: conf.square(of) for name, of in measures.items()}


def _icc(sums: FloatArray, at: int, average: bool) -> FloatArray:
    return icc_of(sums[..., at:], average=average)


def _counted(columns: FloatArray, entries: _Entries) -> Features:
    """Weighted columns, and the share that each entry adds to n."""
    weighted = columns * entries.weights[:, None]
    plain = unit_features(np.concatenate([weighted, entries.share[:, None]], axis=1))
    return Features(plain.width, plain.sums, lambda sums: sums[..., -1], weighted=True)


def _confusion_measures(group: ScaleGroup, *, one_sided: bool) -> dict[str, Measure]:
    measures: dict[str, Measure] = {
        "percent": conf.agreement_of,
        "kappa": kappa_of,
        "ac1": ac_of,
        "macro_f1": conf.macro_f1_of,
        "modal": _modal,
    }
    if not one_sided:
        measures["alpha"] = partial(pair_alpha, level=group.level)
    if group.level is Level.ORDINAL:
        for kind in ("linear", "quadratic"):
            measures[f"kappa_{kind}"] = partial(kappa_of, weights=kind)
        measures["ac2"] = partial(ac_of, weights="quadratic")
    if group.is_binary:
        measures["prevalence"] = conf.other_prevalence_of if one_sided else _prevalence
    return measures


def _prevalence(confusion: FloatArray) -> FloatArray:
    return (conf.prevalence_of(confusion) + conf.other_prevalence_of(confusion)) / 2


def _modal(confusion: FloatArray) -> FloatArray:
    """The share of the most frequent category among the answers of both."""
    both = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return ratio(both.max(axis=-1), both.sum(axis=-1))
