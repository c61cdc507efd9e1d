"""Where a judge and the people's majority differ, page by page, with what everybody said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotations.queries.blind import blind_responses
from rubricstudio.domain.agreement import unanimous
from rubricstudio.domain.panel import POINTS_APART
from rubricstudio.domain.rubric import Criterion, ScaleKind
from rubricstudio.domain.table import BoolArray, IntArray
from rubricstudio.models import Criterion as CriterionRow
from rubricstudio.models import Response, User, Verdict
from scoring.queries.material import Judge, Material

PAGE = 10


@dataclass(frozen=True)
class Unit:
    """A response and a criterion, by their ids; `text` is "12-34" for addresses."""

    response: int
    criterion: int

    @property
    def code(self) -> str:
        return f"{self.response}-{self.criterion}"


@dataclass(frozen=True)
class Said:
    """One verdict as a page shows it. `name` is who gave it, `word` the level's label."""

    verdict: Verdict
    name: str
    word: str


@dataclass(frozen=True)
class Disagreement:
    """A unit with everything said about it by the chosen people and the judge.

    agreed: the people's majority (their mean on a points scale), None where they tie.
    people and judge hold the samples one by one.
    """

    unit: Unit
    response: Response
    criterion: Criterion
    agreed: float | None
    agreed_word: str
    people: tuple[Said, ...]
    judge: tuple[Said, ...]


@dataclass(frozen=True)
class DisagreementPage:
    """Some disagreements in the order of responses, then criteria.

    first: the place of the first, from 1; total: how many there are. before and after are
    units to go on from. hidden: units left out because the reader still has to judge the
    response blind.
    """

    rows: tuple[Disagreement, ...]
    first: int
    total: int
    before: Unit | None
    after: Unit | None
    hidden: int

    @property
    def last(self) -> int:
        """The place of the last, from 1."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def disagreeing_units(
    material: Material, judge: Judge, *, criterion: int | None = None, firm: bool = False
) -> IntArray:
    """The units on which judge and majority differ, in table order.

    firm: only those on which two or more people all say the same. On a points scale values
    differ where they lie a quarter of the scale apart.
    """
    table = material.people_table
    agreed = material.agreed
    gap = np.abs(material.table.rater_values(judge.column) - agreed)
    differ = gap > 0
    for code, label in enumerate(table.criterion_labels):
        value = (material.criteria or {}).get(int(label))
        if value is not None and value.scale.kind is ScaleKind.POINTS:
            here = table.criteria == code
            differ[here] = gap[here] >= POINTS_APART * value.scale.maximum
    if firm:
        differ &= unanimous(table.values)
    if criterion is not None:
        differ &= _labels(table.criterion_labels)[table.criteria] == criterion
    return np.flatnonzero(differ)


def _labels(labels: Sequence[object]) -> IntArray:
    return np.array(labels, dtype=np.int64)


def disagreements(
    material: Material,
    judge: Judge,
    *,
    user: User,
    criterion: int | None = None,
    firm: bool = False,
    after: Unit | None = None,
    before: Unit | None = None,
) -> DisagreementPage:
    """Ten disagreements after (or before) a unit. Five queries, however many there are."""
    table = material.table
    units = disagreeing_units(material, judge, criterion=criterion, firm=firm)
    responses = _labels(table.response_labels)[table.responses[units]]
    criteria = _labels(table.criterion_labels)[table.criteria[units]]
    blind = np.isin(responses, list(blind_responses(material.selection.project, user)))
    responses, criteria, units = responses[~blind], criteria[~blind], units[~blind]
    start = _start(responses, criteria, after, before)
    chosen = slice(start, start + PAGE)
    page = [Unit(int(r), int(c)) for r, c in zip(responses[chosen], criteria[chosen], strict=True)]
    agreed = material.agreed[units[chosen]]
    rows = _details(material, judge, page, agreed.tolist())
    return DisagreementPage(
        rows=tuple(rows),
        first=start + 1 if page else 0,
        total=len(units),
        before=page[0] if start > 0 and page else None,
        after=page[-1] if start + PAGE < len(units) else None,
        hidden=int(blind.sum()),
    )


def _start(responses: IntArray, criteria: IntArray, after: Unit | None, before: Unit | None) -> int:
    """The place of the page's first unit; units stand in rising order."""

    def smaller(unit: Unit, *, or_equal: bool) -> int:
        same: BoolArray = responses == unit.response
        ahead = (criteria <= unit.criterion) if or_equal else (criteria < unit.criterion)
        return int(np.count_nonzero((responses < unit.response) | (same & ahead)))

    if after is not None:
        return smaller(after, or_equal=True)
    if before is not None:
        return max(0, smaller(before, or_equal=False) - PAGE)
    return 0


def one_disagreement(material: Material, judge: Judge | None, unit: Unit) -> Disagreement | None:
    """One unit, whether people and judge differ on it or not; None where it is not there."""
    table = material.table
    found = (_labels(table.response_labels)[table.responses] == unit.response) & (
        _labels(table.criterion_labels)[table.criteria] == unit.criterion
    )
    places = np.flatnonzero(found)
    if not len(places):
        return None
    agreed = material.agreed[places[:1]]
    return _details(material, judge, [unit], agreed.tolist())[0]


def _details(
    material: Material, judge: Judge | None, units: Sequence[Unit], agreed: Sequence[float]
) -> list[Disagreement]:
    criteria = material.criteria or {}
    responses = Response.objects.select_related("task").in_bulk({u.response for u in units})
    people, judged = _said(material, judge, units)
    return [
        Disagreement(
            unit=unit,
            response=responses[unit.response],
            criterion=criteria[unit.criterion],
            agreed=None if np.isnan(value) else value,
            agreed_word=criteria[unit.criterion].scale.label(value),
            people=tuple(people.get(unit, ())),
            judge=tuple(judged.get(unit, ())),
        )
        for unit, value in zip(units, agreed, strict=True)
    ]


def _said(
    material: Material, judge: Judge | None, units: Sequence[Unit]
) -> tuple[Mapping[Unit, list[Said]], Mapping[Unit, list[Said]]]:
    """What people and the judge said about these units. Two queries."""
    selection = material.selection
    rounds = [row.pk for row in selection.people] + ([judge.round.pk] if judge else [])
    same = _same_words({unit.criterion for unit in units})
    verdicts = (
        Verdict.objects.filter(
            round__in=rounds,
            response__in={unit.response for unit in units},
            criterion__in=list(same),
        )
        .counted()
        .current()
        .select_related("rater", "round")
    )
    people: dict[Unit, list[Said]] = {}
    judged: dict[Unit, list[Said]] = {}
    for verdict in verdicts:
        unit = Unit(verdict.response_id, same[verdict.criterion_id])
        by_judge = judge is not None and verdict.round_id == judge.round.pk
        if by_judge and judge is not None and verdict.rater_id != judge.rater.pk:
            continue
        word = (material.criteria or {})[unit.criterion].scale.label(verdict.value)
        said = Said(verdict, verdict.rater.name, word)
        (judged if by_judge else people).setdefault(unit, []).append(said)
    for rows in (*people.values(), *judged.values()):
        rows.sort(key=lambda row: (row.name.casefold(), row.verdict.sample))
    return people, judged


def _same_words(criteria: set[int]) -> dict[int, int]:
    """Criterion id of any version to the one of `criteria` that says the same."""
    wanted = CriterionRow.objects.filter(pk__in=criteria).select_related("version")
    words = {(row.version.rubric_id, row.key, row.judging_hash): row.pk for row in wanted}
    rows = CriterionRow.objects.filter(
        version__rubric__in={rubric for rubric, _, _ in words},
        key__in={key for _, key, _ in words},
    ).values_list("pk", "version__rubric", "key", "judging_hash")
    return {
        pk: words[rubric, key, digest]
        for pk, rubric, key, digest in rows
        if (rubric, key, digest) in words
    }
