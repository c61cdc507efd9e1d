"""What the pages of the comparison show: figures, rows and the addresses they lead to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from rubricstudio.domain.agreement import JudgeAgreement, PanelAgreement
from rubricstudio.domain.rubric import Criterion, MetMeans, Scale, ScaleKind
from rubricstudio.domain.table import Label
from rubricstudio.models import Project, Round
from scoring.figures import Figure, figure
from scoring.queries.comparison import (
    Compared,
    JudgeResult,
    baseline,
    is_kappa_misleading,
)
from scoring.queries.disagreements import Unit
from scoring.queries.material import Judge, Material, preference_material, verdict_material
from scoring.queries.selection import Selection, by_default, chosen, comparable_rounds

PEOPLE, JUDGES = "people", "judges"
ADJUDICATED = "adjudicated"


@dataclass(frozen=True)
class Chosen:
    """What the address of a comparison asks for.

    adjudicated: what was decided goes before the people's votes.
    query: the choice as a query string to carry on, without a leading mark.
    """

    selection: Selection
    sessions: tuple[Round, ...]
    runs: tuple[Round, ...]
    preferences: bool
    adjudicated: bool
    has_preferences: bool
    has_verdicts: bool
    query: str

    def material(self) -> Material:
        """Read what was said in the chosen rounds."""
        if self.preferences:
            return preference_material(self.selection)
        return verdict_material(self.selection, adjudicated=self.adjudicated)

    @property
    def people_query(self) -> str:
        """The chosen sessions as the page of people's agreement takes them."""
        query = QueryDict(mutable=True)
        query.setlist("session", [str(row.pk) for row in self.selection.people])
        if self.preferences:
            query["what"] = "preferences"
        return query.urlencode()

    @property
    def ids(self) -> list[int]:
        """The chosen rounds, for the boxes of the form."""
        return self.selection.rounds


def read_choice(project: Project, asked: QueryDict) -> Chosen:
    """The rounds an address names, or those of the newest session's rubric where it names none.

    What is not a round of the project is left out. Two or three queries.
    """
    verdicts = comparable_rounds(project)
    preferences = comparable_rounds(project, preferences=True)
    wants_preferences = asked.get("what") == "preferences" or not verdicts
    prefers = wants_preferences and bool(preferences)
    adjudicated = not prefers and asked.get("reference") == ADJUDICATED
    rounds = preferences if prefers else verdicts
    ids = [*whole_numbers(asked.getlist(PEOPLE)), *whole_numbers(asked.getlist(JUDGES))]
    selection = chosen(project, rounds, ids) if ids else by_default(project, rounds)
    everything = Selection(
        project,
        tuple(row for row in rounds if row.kind == "session"),
        tuple(row for row in rounds if row.kind == "run"),
    )
    return Chosen(
        selection,
        everything.people,
        everything.judges,
        preferences=prefers,
        adjudicated=adjudicated,
        has_preferences=bool(preferences),
        has_verdicts=bool(verdicts),
        query=_query(selection, prefers, adjudicated) if ids or prefers or adjudicated else "",
    )


def _query(selection: Selection, preferences: bool, adjudicated: bool) -> str:
    query = QueryDict(mutable=True)
    query.setlist(PEOPLE, [str(row.pk) for row in selection.people])
    query.setlist(JUDGES, [str(row.pk) for row in selection.judges])
    if preferences:
        query["what"] = "preferences"
    if adjudicated:
        query["reference"] = ADJUDICATED
    return query.urlencode()


def whole_numbers(texts: Collection[str]) -> list[int]:
    """Those texts that are whole numbers a row may have."""
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


def read_unit(text: str) -> Unit | None:
    """A unit as addresses write it, "12-34"; None for anything else."""
    parts = whole_numbers(text.split("-"))
    return Unit(*parts) if text.count("-") == 1 and len(parts) == 2 else None


def read_judge(judges: Sequence[Judge], code: str) -> Judge | None:
    """The judge of this code, or else the first."""
    named = (judge for judge in judges if judge.code == code)
    return next(named, judges[0] if judges else None)


# -- agreement


@dataclass(frozen=True)
class PeopleRow:
    """Agreement among people on one criterion, or on all (criterion None)."""

    criterion: Criterion | None
    n: int
    n_units: int
    n_raters: int
    coverage: float | None
    alpha: Figure
    fleiss: Figure
    gwet: Figure
    unanimous: Figure
    pairwise: Figure
    prevalence: Figure


@dataclass(frozen=True)
class JudgeRow:
    """A judge against the majority on one criterion, or on all (criterion None).

    matrix: each answer of the people with the judge's counts. below: agreement under that
    of always giving the most frequent answer. differing: disagreements to look at.
    """

    judge: Judge
    criterion: Criterion | None
    pk: Label | None
    agreement_row: JudgeAgreement
    unscored: int
    agreement: Figure
    kappa: Figure
    weighted_kappa: Figure
    ac1: Figure
    precision: Figure
    recall: Figure
    bias: Figure
    prevalence: Figure
    judge_prevalence: Figure
    baseline: float | None
    below: bool
    misleading: bool
    differing: int | None
    matrix: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def is_binary(self) -> bool:
        """Whether the four counts of met and not met are there."""
        return self.agreement_row.categories == (0.0, 1.0)

    @property
    def counts(self) -> dict[str, int]:
        """Both met, judge only, people only, neither; only where the scale is binary."""
        (neither, judge_only), (people_only, both) = self.agreement_row.confusion
        return {
            "both": both,
            "judge_only": judge_only,
            "people_only": people_only,
            "neither": neither,
        }

    @property
    def answers(self) -> list[str]:
        """The judge's answers, the columns of the matrix."""
        return [answer for answer, _counts in self.matrix]

    @property
    def bad(self) -> bool:
        """Whether meeting the criterion speaks against the response."""
        return self.criterion is not None and self.criterion.met_means is MetMeans.BAD


@dataclass(frozen=True)
class AgreementPage:
    """The tab of agreement figures."""

    scope: str
    people: PeopleRow
    people_rows: tuple[PeopleRow, ...]
    judges: tuple[JudgeRow, ...]
    judge: JudgeRow | None
    judge_rows: tuple[JudgeRow, ...]


def agreement_page(found: Compared, code: str, floor: int) -> AgreementPage:
    """Everything the tab shows; `code` names the judge whose criteria are listed."""
    criteria = dict(found.material.shown_criteria)
    shown = read_judge([row.judge for row in found.judges], code)
    chosen_result = next((row for row in found.judges if row.judge == shown), None)
    judges = tuple(_judge_row(row, None, None, row.overall, floor) for row in found.judges)
    return AgreementPage(
        scope=scope_words(found.scope),
        people=_people_row(None, found.people.overall, floor),
        people_rows=tuple(
            _people_row(value, found.people.by_criterion[pk], floor)
            for pk, value in criteria.items()
            if pk in found.people.by_criterion
        ),
        judges=judges,
        judge=next((row for row in judges if row.judge == shown), None),
        judge_rows=_judge_rows(chosen_result, criteria, floor) if chosen_result else (),
    )


def _judge_rows(
    result: JudgeResult, criteria: Mapping[Label, Criterion], floor: int
) -> tuple[JudgeRow, ...]:
    return tuple(
        _judge_row(result, pk, value, result.by_criterion[pk], floor)
        for pk, value in criteria.items()
        if pk in result.by_criterion
    )


def scope_words(scope: Scale | None) -> str:
    """What overall figures leave out, empty where they are about all criteria."""
    if scope is None:
        return ""
    if scope.kind is ScaleKind.BINARY:
        return _("Criteria that are met or not met only: different scales are not pooled.")
    if scope.kind is ScaleKind.ORDINAL:
        return _("Criteria of one graded scale only: different scales are not pooled.")
    return _("Criteria of one points scale only: different scales are not pooled.")


def _people_row(criterion: Criterion | None, row: PanelAgreement, floor: int) -> PeopleRow:
    return PeopleRow(
        criterion=criterion,
        n=row.n,
        n_units=row.n_units,
        n_raters=row.n_raters,
        coverage=row.coverage,
        alpha=figure(row.alpha, floor),
        fleiss=figure(row.fleiss, floor),
        gwet=figure(row.gwet, floor),
        unanimous=figure(row.unanimous, floor),
        pairwise=figure(row.pairwise, floor),
        prevalence=figure(row.prevalence, floor),
    )


def _judge_row(
    result: JudgeResult,
    pk: Label | None,
    criterion: Criterion | None,
    row: JudgeAgreement,
    floor: int,
) -> JudgeRow:
    enough = row.n >= floor
    base = baseline(row) if enough else None
    agreement = figure(row.agreement, floor)
    return JudgeRow(
        judge=result.judge,
        criterion=criterion,
        pk=pk,
        agreement_row=row,
        unscored=result.unscored.get(pk, 0),
        agreement=agreement,
        kappa=figure(row.kappa, floor),
        weighted_kappa=figure(row.weighted_kappa, floor),
        ac1=figure(row.ac1, floor),
        precision=figure(row.precision, floor),
        recall=figure(row.recall, floor),
        bias=figure(row.bias, floor),
        prevalence=figure(row.prevalence, floor),
        judge_prevalence=figure(row.judge_prevalence, floor),
        baseline=base,
        below=base is not None and agreement.value is not None and agreement.value < base,
        misleading=enough and is_kappa_misleading(row),
        differing=_differing(row),
        matrix=_matrix(row, criterion),
    )


def _differing(row: JudgeAgreement) -> int | None:
    """How many compared answers differ; None where answers are not counted (points)."""
    if not row.confusion:
        return None
    same = sum(counts[place] for place, counts in enumerate(row.confusion))
    return sum(sum(counts) for counts in row.confusion) - same


def _matrix(
    row: JudgeAgreement, criterion: Criterion | None
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple(
        (answer_word(value, row.categories, criterion), counts)
        for value, counts in zip(row.categories, row.confusion, strict=False)
    )


def answer_word(value: float, categories: Sequence[float], criterion: Criterion | None) -> str:
    """What a value says: met, a level's label, or a side of a pair."""
    label = criterion.scale.label(value) if criterion else ""
    if label:
        return label
    if tuple(categories) == (0.0, 1.0):
        return _("Met") if value else _("Not met")
    sides = {0.0: _("Tie"), 1.0: _("First"), 2.0: _("Second")}
    return sides.get(value, f"{value:g}") if criterion is None else f"{value:g}"
