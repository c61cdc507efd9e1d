"""People with each other and judges with people, over the rounds that were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.agreement import (
    Comparison,
    JudgeAgreement,
    PanelAgreement,
    PeopleAgreement,
    compare,
    people_agreement,
)
from rubricstudio.domain.rubric import Criterion, Scale, ScaleKind
from rubricstudio.domain.table import BoolArray, Label, VerdictTable
from scoring.queries.material import Judge, Material

SKEWED_SHARE = 0.8
PARADOX_GAP = 0.2


@dataclass(frozen=True)
class PeopleResult:
    """Agreement among people. `overall` is over the criteria of `Compared.scope`."""

    overall: PanelAgreement
    by_criterion: Mapping[Label, PanelAgreement]


@dataclass(frozen=True)
class JudgeResult:
    """A judge against the people's majority.

    unscored: the judge's verdicts without a value, also where people have none, by
    criterion; None holds their number over the criteria of `Compared.scope`.
    """

    judge: Judge
    overall: JudgeAgreement
    by_criterion: Mapping[Label, JudgeAgreement]
    unscored: Mapping[Label | None, int]


@dataclass(frozen=True)
class Compared:
    """Everything the comparison shows. Judges come best kappa first.

    scope: the scale of the criteria that overall figures are about where criteria differ in
    scale (coefficients over different scales are not pooled); None where they are about all.
    """

    material: Material
    people: PeopleResult
    judges: tuple[JudgeResult, ...]
    scope: Scale | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was comparable."""
        return not self.people.overall.n and not any(row.overall.n for row in self.judges)


def compared(material: Material) -> Compared:
    """Compare; no queries."""
    first, rest, scope = _split_by_scale(material)
    people = _people(material, first, rest)
    judges = [_judge(material, judge, first, rest) for judge in material.judges]
    return Compared(material, people, tuple(sorted(judges, key=_by_kappa)), scope)


def _by_kappa(result: JudgeResult) -> tuple[bool, float, float, str]:
    kappa, agreement = result.overall.kappa.value, result.overall.agreement.value
    return (kappa is None, -(kappa or 0), -(agreement or 0), result.judge.label)


def _split_by_scale(material: Material) -> tuple[BoolArray, BoolArray, Scale | None]:
    """(n_units,) those overall figures are about, the others, and the scale of the first."""
    first, scale = scope_of(material.table, material.shown_criteria)
    return first, ~first, scale


def scope_of(
    table: VerdictTable, criteria: Sequence[tuple[Label, Criterion]]
) -> tuple[BoolArray, Scale | None]:
    """(n_units,) what figures over several criteria are about, and their scale.

    Everything, without a scale, where all criteria share one; else binary criteria, or
    where there are none the scale with the most units.
    """
    by_shape: dict[tuple[object, ...], list[Label]] = {}
    scales = dict(criteria)
    for label, criterion in scales.items():
        by_shape.setdefault(_shape(criterion.scale), []).append(label)
    if len(by_shape) < 2:
        return np.ones(table.n_units, dtype=np.bool_), None
    groups = {shape: _units_of(table, labels) for shape, labels in by_shape.items()}
    binary = _shape(Scale())
    best = binary if binary in groups else max(groups, key=lambda shape: int(groups[shape].sum()))
    return groups[best], scales[by_shape[best][0]].scale


def _shape(scale: Scale) -> tuple[object, ...]:
    """What makes two scales the same for numbers: not the words of their levels."""
    points = scale.maximum if scale.kind is ScaleKind.POINTS else None
    return (scale.kind, tuple(level.value for level in scale.levels), points)


def _units_of(table: VerdictTable, labels: list[Label]) -> BoolArray:
    codes = [table.criterion_labels.index(label) for label in labels]
    return np.isin(table.criteria, codes)


def _people(material: Material, first: BoolArray, rest: BoolArray) -> PeopleResult:
    asked = material.people_asked

    def part(units: BoolArray) -> PeopleAgreement:
        kept, weights = units & asked, material.weights
        if weights is not None:
            kept, weights = kept & ~np.isnan(weights), weights[kept & ~np.isnan(weights)]
        people = material.people_table.where(kept)
        return people_agreement(people, scales=material.scales, unit_weights=weights)

    found = part(first)
    others = part(rest).by_criterion if rest.any() else {}
    return PeopleResult(found.overall, {**found.by_criterion, **others})


def _judge(material: Material, judge: Judge, first: BoolArray, rest: BoolArray) -> JudgeResult:
    mine = material.asked_of(judge)
    values = material.table.rater_values(judge.column)

    def part(units: BoolArray) -> Comparison:
        kept = units & (material.people_asked | mine)
        people = material.people_table.where(kept)
        settled = None if material.settled is None else material.settled[kept]
        return compare(values[kept], people, scales=material.scales, reference=settled)

    found = part(first)
    others = part(rest).by_criterion if rest.any() else {}
    unscored = mine & np.isnan(values)
    labels, codes = material.table.criterion_labels, material.table.criteria
    counts = np.bincount(codes[unscored], minlength=len(labels)).tolist()
    by_label: dict[Label | None, int] = dict(zip(labels, counts, strict=True))
    by_label[None] = int(np.count_nonzero(unscored & first))
    return JudgeResult(judge, found.overall, {**found.by_criterion, **others}, by_label)


def baseline(row: JudgeAgreement) -> float | None:
    """The agreement of whoever always gives the people's most frequent answer, in [0, 1].

    None without a confusion (a points scale, different scales, nothing comparable).
    """
    answers = [sum(counts) for counts in row.confusion]
    total = sum(answers)
    return max(answers) / total if total else None


def is_kappa_misleading(row: JudgeAgreement) -> bool:
    """Whether one answer is so frequent that kappa falls far below the agreement beyond chance.

    Feinstein and Cicchetti's first paradox: at least 80 % of the people's answers are
    the same one, and AC1, which does not sink with prevalence, is 0.2 or more above kappa.
    """
    share, kappa, ac1 = baseline(row), row.kappa.value, row.ac1.value
    if share is None or kappa is None or ac1 is None:
        return False
    return share >= SKEWED_SHARE and ac1 - kappa >= PARADOX_GAP
