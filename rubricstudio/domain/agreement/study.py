"""Every coefficient of agreement among people, for any slices of their answers.

A slice is a set of units: a criterion, the responses of a source, everything. Slices may
overlap. Figures of a slice whose criteria have different scales are not pooled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from rubricstudio.domain.agreement.alpha import alpha_features
from rubricstudio.domain.agreement.answers import Answers
from rubricstudio.domain.agreement.bootstrap import Bootstrap, Draws, Measure
from rubricstudio.domain.agreement.compare import PAGE
from rubricstudio.domain.agreement.conger import conger_of, rater_features
from rubricstudio.domain.agreement.counts import (
    Level,
    agreement_weights,
    category_counts,
    codes_of,
    ratio,
)
from rubricstudio.domain.agreement.icc import icc_features, icc_of
from rubricstudio.domain.agreement.kappa import (
    fleiss_of,
    gwet_of,
    pairwise_agreement_of,
    panel_features,
    withhold_uneven,
)
from rubricstudio.domain.agreement.panel import panel_mean
from rubricstudio.domain.agreement.scales import ScaleGroup, scale_groups
from rubricstudio.domain.agreement.slices import (
    Features,
    joined,
    picked,
    slice_statistics,
    unit_features,
)
from rubricstudio.domain.agreement.statistic import Reason, Statistic, absent
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.table import FloatArray, IntArray, Label

MOST_RATERS = 16
"""Coefficients with a term for every rater (Conger's kappa, ICC) stop here."""

FIGURES = (
    *("percent", "kappa", "kappa_linear", "kappa_quadratic", "fleiss", "alpha"),
    *("ac1", "ac2", "icc", "icc_k", "macro_f1", "prevalence"),
)

SHARES = ("percent", "prevalence")
"""Figures that are shares of what was compared: an interval at 0 or 1 has a width."""

SKEWED_SHARE = 0.8
PARADOX_GAP = 0.2


@dataclass(frozen=True, slots=True)
class Row:
    """How far people agree on one slice, between two of them, or one with the others.

    n: units with two or more values; n_units: all units; n_values, n_raters: values and
    who gave them. level: how alpha measures differences, None where scales are mixed.
    modal: the share in [0, 1] of the most frequent value among comparable units, None for
    points. figures: by the names in FIGURES.
    """

    n_units: int
    n: int
    n_raters: int
    n_values: int
    level: Level | None
    modal: float | None
    figures: Mapping[str, Statistic] = field(default_factory=dict)

    @property
    def coverage(self) -> float | None:
        """The share in [0, 1] of all units with two or more values; None for no units."""
        return self.n / self.n_units if self.n_units else None

    def figure(self, name: str) -> Statistic:
        """The figure of this name, or that it does not apply."""
        return self.figures.get(name, absent(Reason.NOTHING_COMPARABLE))

    @property
    def kappa_misleads(self) -> bool:
        """Whether one answer is so frequent that kappa falls far below AC1.

        Feinstein and Cicchetti's first paradox: at least 80 % of the answers are the same
        one, and AC1, which does not sink with prevalence, is 0.2 or more above kappa.
        """
        kappa, ac1 = self.figure("kappa").value, self.figure("ac1").value
        if kappa is None:
            kappa = self.figure("alpha").value
        if self.modal is None or kappa is None or ac1 is None:
            return False
        return self.modal >= SKEWED_SHARE and ac1 - kappa >= PARADOX_GAP


@dataclass(frozen=True, eq=False, slots=True)
class Slicing:
    """Entries (unit, slice): which units each of `n` slices holds."""

    units: IntArray
    slices: IntArray
    n: int


def whole(n_units: int) -> Slicing:
    """One slice of everything."""
    return Slicing(np.arange(n_units), np.zeros(n_units, dtype=np.int64), 1)


Bundle = tuple[Features, Mapping[str, Measure]]


@dataclass(frozen=True, eq=False, slots=True)
class _Scaled:
    """The answers on one scale: their places among all units, and what is measured on them."""

    group: ScaleGroup
    place: IntArray
    bundles: list[Bundle]
    by_rater: FloatArray | None


class Study:
    """Answers, prepared once, to be sliced in many ways that share their draws of tasks."""

    def __init__(
        self,
        answers: Answers,
        scales: Mapping[Label, Scale] | None = None,
        bootstrap: Bootstrap | None = PAGE,
    ) -> None:
        """scales: by criterion label (binary where not named); None: one nominal scale.

        bootstrap None: no intervals. Raises ValueError for a value off its scale.
        """
        self.answers = answers
        self.draws = Draws(bootstrap) if bootstrap else None
        self.groups = scale_groups(answers.table, scales, answers.table.values)
        self._scaled = [_scaled(answers, group) for group in self.groups]
        self._scale = np.zeros(answers.table.n_units, dtype=np.int64)
        for code, group in enumerate(self.groups):
            self._scale[group.units] = code

    def rows(self, slicing: Slicing) -> list[Row]:
        """One row for each slice."""
        low, high = self._scales_in(slicing)
        counts = self._counts(slicing)
        found = [_mixed(self.groups, int(n)) for n in counts["n"]]
        for code, scaled in enumerate(self._scaled):
            own = np.flatnonzero((low == code) & (high == code))
            rows = _of_scale(scaled, self, _only(slicing, own), len(own)) if len(own) else []
            for place, row in zip(own.tolist(), rows, strict=True):
                found[place] = row
        return [
            Row(
                n_units=int(counts["n_units"][place]),
                n=int(counts["n"][place]),
                n_raters=int(counts["n_raters"][place]),
                n_values=int(counts["n_values"][place]),
                level=level,
                modal=modal,
                figures=figures,
            )
            for place, (level, modal, figures) in enumerate(found)
        ]

    def _scales_in(self, slicing: Slicing) -> tuple[IntArray, IntArray]:
        """(n,) the lowest and highest code of a scale in each slice."""
        low = np.full(slicing.n, len(self.groups))
        high = np.full(slicing.n, -1)
        np.minimum.at(low, slicing.slices, self._scale[slicing.units])
        np.maximum.at(high, slicing.slices, self._scale[slicing.units])
        return low, high

    def _counts(self, slicing: Slicing) -> dict[str, IntArray]:
        """(n,) counts of each slice."""
        m = self.answers.table.values_per_unit[slicing.units]
        n_raters = len(self.answers.raters)
        seen = np.zeros(slicing.n * n_raters, dtype=np.bool_)
        for column in self.answers.who.T:
            who = column[slicing.units]
            seen[slicing.slices[who >= 0] * n_raters + who[who >= 0]] = True
        values = np.bincount(slicing.slices, weights=m, minlength=slicing.n)
        return {
            "n_units": np.bincount(slicing.slices, minlength=slicing.n),
            "n": np.bincount(slicing.slices[m >= 2], minlength=slicing.n),
            "n_values": values.astype(np.int64),
            "n_raters": seen.reshape(slicing.n, n_raters).sum(axis=1),
        }


_Found = tuple[Level | None, float | None, Mapping[str, Statistic]]


def _mixed(groups: Sequence[ScaleGroup], n: int) -> _Found:
    reason = Reason.MIXED_SCALES if len(groups) > 1 and n else Reason.NOTHING_COMPARABLE
    return None, None, {name: absent(reason, n) for name in FIGURES}


def _only(slicing: Slicing, own: IntArray) -> Slicing:
    """The slices `own`, renumbered from 0."""
    places = np.full(slicing.n, -1)
    places[own] = np.arange(len(own))
    slices = places[slicing.slices]
    return Slicing(slicing.units[slices >= 0], slices[slices >= 0], len(own))


def _scaled(answers: Answers, group: ScaleGroup) -> _Scaled:
    inside = answers.where(group.units)
    place = np.full(answers.table.n_units, -1)
    place[group.units] = np.arange(inside.table.n_units)
    few = len(answers.raters) <= MOST_RATERS
    by_rater = inside.by_rater() if group.categories is None and few else None
    return _Scaled(group, place, list(_bundles(inside, group)), by_rater)


def _bundles(inside: Answers, group: ScaleGroup) -> Iterator[Bundle]:
    """What is measured on answers of one scale, by the features it is read off."""
    values, weights = inside.table.values, inside.weights
    features, measure = alpha_features(values, group.level, group.categories, unit_weights=weights)
    yield features, {"alpha": measure}
    if group.categories is not None:
        yield _panel_bundle(inside, group.categories, group.level)
    if group.is_binary:
        shares = panel_mean(values)
        rated = ~np.isnan(shares)
        marked = np.stack([rated, np.where(rated, shares, 0.0)], axis=1)
        yield unit_features(marked, weights), {"prevalence": _mean}


def _mean(sums: FloatArray) -> FloatArray:
    """Sums of (is counted, value) to the mean value."""
    return ratio(sums[..., 1], sums[..., 0])


def _panel_bundle(inside: Answers, categories: FloatArray, level: Level) -> Bundle:
    """Percent, kappa, Fleiss and Gwet of answers in these categories."""
    values, q = inside.table.values, len(categories)
    counts = category_counts(values, categories)
    kinds = ["identity", *(["linear", "quadratic"] if level is Level.ORDINAL else [])]
    kept = {kind: agreement_weights(q, kind) for kind in kinds}
    plain = panel_features(counts, kept["identity"])
    shares = [panel_features(counts, kept[kind])[:, 1:2] for kind in kinds]
    features = unit_features(np.concatenate([plain, *shares], axis=1), inside.weights)
    n_raters = len(inside.raters)
    before = 0
    if n_raters <= MOST_RATERS:
        before = n_raters * q
        codes = codes_of(values, categories)
        who = rater_features(inside.who, codes, n_raters, q, inside.weights)
        features = joined(features, who)
    width = plain.shape[1]

    def panel(of: Measure, kind: str) -> Measure:
        """A measure of panel features whose agreement is the one under this kind of weights."""
        at = before + width + kinds.index(kind)

        def measure(sums: FloatArray) -> FloatArray:
            own = sums[..., before : before + width].copy()
            own[..., 1] = sums[..., at]
            return of(own)

        return measure

    def conger(kind: str) -> Measure:
        of, at = conger_of(kept[kind], n_raters), before + width + kinds.index(kind)

        def measure(sums: FloatArray) -> FloatArray:
            parts = [sums[..., : before + 1], sums[..., at : at + 1]]
            return of(np.concatenate(parts, axis=-1))

        return measure

    measures = {
        "percent": panel(pairwise_agreement_of, "identity"),
        "fleiss": panel(fleiss_of, "identity"),
        "ac1": panel(partial(gwet_of, kept=kept["identity"]), "identity"),
        "modal": panel(partial(_modal, q=q), "identity"),
    }
    names = {"identity": "kappa", "linear": "kappa_linear", "quadratic": "kappa_quadratic"}
    if before:
        measures |= {names[kind]: conger(kind) for kind in kinds}
    if level is Level.ORDINAL:
        measures["ac2"] = panel(partial(gwet_of, kept=kept["quadratic"]), "quadratic")
    return features, measures


def _modal(sums: FloatArray, q: int) -> FloatArray:
    """The share of the most frequent category, from sums of `panel_features`."""
    counts = sums[..., 3 : 3 + q]
    return ratio(counts.max(axis=-1), counts.sum(axis=-1))


def _of_scale(scaled: _Scaled, study: Study, slicing: Slicing, k: int) -> list[_Found]:
    """The figures of slices that hold units of this scale alone."""
    index = scaled.place[slicing.units]
    tasks = study.answers.table.tasks[slicing.units]
    named: dict[str, list[Statistic]] = {}
    for features, measures in scaled.bundles:
        named |= slice_statistics(
            picked(features, index),
            measures,
            tasks=tasks,
            slices=slicing.slices,
            n_slices=k,
            draws=study.draws,
            shares=SHARES,
        ).statistics
    if "fleiss" in named:
        m = study.answers.table.values_per_unit[slicing.units]
        withhold_uneven(named["fleiss"], m, slicing.slices)
    if scaled.by_rater is not None:
        named |= _icc(scaled.by_rater, study, slicing, index)
    modal = named.pop("modal", [absent(Reason.CONTINUOUS)] * k)
    missing = _missing(scaled.group, few=len(study.answers.raters) <= MOST_RATERS)
    return [
        (
            scaled.group.level,
            modal[place].value,
            {**missing, **{name: row[place] for name, row in named.items()}},
        )
        for place in range(k)
    ]


def _missing(group: ScaleGroup, *, few: bool) -> dict[str, Statistic]:
    """Why each figure that is not there is not there."""
    if group.categories is None:
        missing = {name: absent(Reason.CONTINUOUS) for name in FIGURES}
        missing["prevalence"] = absent(Reason.NOT_BINARY)
        missing |= {name: absent(Reason.MANY_RATERS) for name in ("icc", "icc_k")}
        return missing
    missing = {name: absent(Reason.UNORDERED) for name in FIGURES}
    missing["prevalence"] = absent(Reason.NOT_BINARY)
    missing |= {name: absent(Reason.NOT_POINTS) for name in ("icc", "icc_k")}
    if not few:
        missing |= {name: absent(Reason.MANY_RATERS) for name in FIGURES if "kappa" in name}
    return missing


def _icc(
    values: FloatArray, study: Study, slicing: Slicing, index: IntArray
) -> dict[str, list[Statistic]]:
    """ICC(2,1) and (2,k) of each slice, over the raters who have a value in it."""
    k, n_raters = slicing.n, values.shape[1]
    present = np.zeros((k, n_raters), dtype=np.bool_)
    for rater in range(n_raters):
        given = ~np.isnan(values[index, rater])
        present[np.unique(slicing.slices[given]), rater] = True
    found = {name: [absent(Reason.INCOMPLETE)] * k for name in ("icc", "icc_k")}
    measures = {"icc": partial(icc_of, average=False), "icc_k": partial(icc_of, average=True)}
    sets, which = np.unique(present, axis=0, return_inverse=True)
    for code, raters in enumerate(sets):
        own = np.flatnonzero(which.reshape(-1) == code)
        part = _only(slicing, own)
        weights = study.answers.weights
        given = None if weights is None else weights[part.units]
        chosen = values[index[np.isin(slicing.slices, own)]]
        rows = slice_statistics(
            unit_features(icc_features(chosen[:, raters]), given),
            measures,
            tasks=study.answers.table.tasks[part.units],
            slices=part.slices,
            n_slices=len(own),
            draws=study.draws,
        ).statistics
        for name, row in rows.items():
            for place, statistic in zip(own.tolist(), row, strict=True):
                nothing = statistic.reason is Reason.NOTHING_COMPARABLE
                found[name][place] = absent(Reason.INCOMPLETE) if nothing else statistic
    return found
