"""Two judges over what both have judged: with each other, and each with the people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rubricstudio.domain.agreement import JudgeAgreement, compare
from rubricstudio.domain.rubric import Criterion, Scale
from rubricstudio.domain.table import BoolArray, FloatArray, Label
from rubricstudio.models import Round
from scoring.models import Judge
from scoring.queries import material as materials
from scoring.queries.comparison import Compared, compared, scope_of
from scoring.queries.configuration import Setting, configuration_of
from scoring.queries.material import Material, verdict_material
from scoring.queries.selection import Selection, comparable_rounds

FIRST, SECOND = -1, -2
"""Columns of the two judges."""


@dataclass(frozen=True)
class Difference:
    """A parameter that two judges set differently; None where the kind has no such parameter."""

    name: str
    first: Setting | None
    second: Setting | None


@dataclass(frozen=True)
class JudgePair:
    """Two judges on the cells of which both reached a verdict.

    overall: over the criteria of `scope` (all where it is None). by_criterion: by criterion id.
    only_first, only_second: cells of which one judge alone reached a verdict. with_people: each
    judge against the people's majority, on the same cells.
    """

    runs: tuple[Round, ...]
    sessions: tuple[Round, ...]
    overall: JudgeAgreement
    by_criterion: Mapping[Label, JudgeAgreement]
    criteria: list[tuple[Label, Criterion]]
    scope: Scale | None
    only_first: int
    only_second: int
    with_people: Compared


def differences(first: Judge, second: Judge) -> list[Difference]:
    """The parameters in which two judges differ, in the order in which a form shows them."""
    sides = [{row.name: row for row in configuration_of(judge)} for judge in (first, second)]
    names = dict.fromkeys([*sides[0], *sides[1]])
    pairs = [Difference(name, sides[0].get(name), sides[1].get(name)) for name in names]
    return [each for each in pairs if _value(each.first) != _value(each.second)]


def _value(setting: Setting | None) -> str | None:
    return None if setting is None else setting.value


def judge_pair(first: Judge, second: Judge) -> JudgePair | None:
    """What two judges of a project say of the same cells; None where one has no verdict.

    Of several runs of a judge the newest verdict on a cell counts.
    """
    project = first.rater.project
    rounds = comparable_rounds(project)
    wanted = {first.pk, second.pk}
    runs = tuple(row for row in rounds if row.kind == "run")
    people = tuple(row for row in rounds if row.kind == "session")
    mine = Round.objects.filter(run__judge__in=wanted).values_list("pk", flat=True)
    runs = tuple(row for row in runs if row.pk in set(mine))
    material = verdict_material(Selection(project, people, runs))
    sides = [_side(material, judge) for judge in (first, second)]
    if any(side is None for side in sides):
        return None
    (a, asked_a), (b, asked_b) = (side for side in sides if side is not None)
    both = ~np.isnan(a) & ~np.isnan(b)
    joined = _joined(material, (first, second), (a, b), (asked_a, asked_b), both)
    table = joined.table
    criteria = joined.shown_criteria
    kept, scope = scope_of(table, criteria)
    other = table.for_raters([SECOND])
    whole = compare(table.rater_values(FIRST)[kept], other.where(kept), scales=material.scales)
    each = compare(table.rater_values(FIRST), other, scales=material.scales)
    return JudgePair(
        runs=runs,
        sessions=people,
        overall=whole.overall,
        by_criterion=each.by_criterion,
        criteria=criteria,
        scope=scope,
        only_first=int(np.count_nonzero(~np.isnan(a) & np.isnan(b))),
        only_second=int(np.count_nonzero(np.isnan(a) & ~np.isnan(b))),
        with_people=compared(joined),
    )


def _side(material: Material, judge: Judge) -> tuple[FloatArray, BoolArray] | None:
    """(n_units,) the judge's verdicts and whether it was asked; None where it has no run."""
    columns = [row for row in material.judges if row.rater.pk == judge.pk]
    if not columns:
        return None
    values = np.full(material.table.n_units, np.nan)
    asked = np.zeros(material.table.n_units, dtype=np.bool_)
    for row in sorted(columns, key=lambda row: row.round.pk):
        said = material.table.rater_values(row.column)
        values = np.where(np.isnan(said), values, said)
        asked |= material.asked_of(row)
    return values, asked


def _joined(
    material: Material,
    judges: tuple[Judge, Judge],
    values: tuple[FloatArray, FloatArray],
    asked: tuple[BoolArray, BoolArray],
    units: BoolArray,
) -> Material:
    """The material of these units, with one column for each of the two judges."""
    people = material.people_table
    places = [material.table.raters.index(rater) for rater in people.raters]
    table = replace(
        people,
        values=np.column_stack([people.values, *values]),
        tied=np.column_stack([people.tied, *(np.zeros_like(each) for each in asked)]),
        raters=(*people.raters, FIRST, SECOND),
    ).where(units)
    newest = {row.rater.pk: row.round for row in material.judges}
    return replace(
        material,
        table=table,
        asked=np.column_stack([material.asked[:, places], *asked])[units],
        judges=tuple(
            materials.Judge(newest[judge.pk], judge.rater, str(judge), column)
            for judge, column in zip(judges, (FIRST, SECOND), strict=True)
        ),
        weights=None if material.weights is None else material.weights[units],
    )
