"""Pinned responses beside a rubric: what was said of them, on the words of its newest version."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext

from annotations.queries.blind import blind_responses
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.aggregation import AGGREGATORS
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.verdict import Quote
from rubricstudio.models import (
    Criterion,
    Pin,
    Project,
    RaterKind,
    Response,
    RoundKind,
    Rubric,
    RubricVersion,
    User,
    Verdict,
    VersionStatus,
)
from rubricstudio.queries.rubrics import newest_frozen, newest_version
from scoring.judges import JUDGES
from scoring.models import Judge, PreviewRun, PreviewVerdict
from scoring.preview_cells import Said, Sheet, sheet_of
from scoring.queries.plans import judged_by, runnable_judges
from scoring.queries.score_means import aggregator_label
from scoring.states import UNFINISHED

MOST_PINS = 8
ASKED_AGAIN = ("timeout", "error")
"""Statuses that say nothing of the response: such a cell is open again."""


@dataclass(frozen=True)
class Pinned:
    """A response beside the rubric. hidden: the reader has still to judge it blind."""

    response: Response
    hidden: bool


@dataclass(frozen=True)
class Side:
    """Whose verdicts a preview is about: `people`, `session-ID`, `run-ID` or `judge-ID`."""

    code: str
    label: str
    is_judge: bool


@dataclass(frozen=True, eq=False)
class Preview:
    """The newest version of a rubric over its pinned responses, and the version in use before.

    sheet: the cells of the responses that are not hidden, in the order of the pins. before:
    the same for the newest published version where the newest one is a draft.
    """

    rubric: Rubric
    version: RubricVersion | None
    baseline: RubricVersion | None
    pins: tuple[Pinned, ...]
    sides: tuple[Side, ...]
    side: Side | None
    sheet: Sheet
    before: Sheet | None
    aggregators: tuple[str, ...]
    judges: tuple[Judge, ...]
    run: PreviewRun | None
    done: int

    @property
    def visible(self) -> list[Pinned]:
        return [pin for pin in self.pins if not pin.hidden]


def preview(rubric: Rubric, user: User, *, side: str = "", aggregator: str = "") -> Preview:
    """What the panel and the page show; some fifteen queries, whatever there is.

    side: a code of `sides`; what is unknown falls back to the people, then the newest run.
    Of responses that the user has still to judge blind no verdict is read.
    """
    version = newest_version(rubric)
    baseline = newest_frozen(rubric) if version and version.is_draft else None
    pins = tuple(pinned(rubric, user))
    shown = [pin.response.pk for pin in pins if not pin.hidden]
    run = newest_preview_run(rubric)
    sides = _sides(rubric, shown, run)
    chosen = next((one for one in sides if one.code == side), sides[0] if sides else None)
    said = _said(rubric, shown, chosen)
    value = version.as_rubric() if version else domain.Rubric(())
    return Preview(
        rubric=rubric,
        version=version,
        baseline=baseline,
        pins=pins,
        sides=tuple(sides),
        side=chosen,
        sheet=sheet_of(value, shown, said),
        before=sheet_of(baseline.as_rubric(), shown, said) if baseline else None,
        aggregators=_aggregators(rubric.project, value, aggregator),
        judges=tuple(judges_to_ask(rubric.project)),
        run=run,
        done=PreviewVerdict.objects.filter(run=run).count() if run else 0,
    )


def pins_of(rubric: Rubric) -> QuerySet[Pin]:
    """The pins of a rubric in the order in which they were made."""
    return Pin.objects.filter(rubric=rubric).order_by("pk")


def newest_preview_run(rubric: Rubric) -> PreviewRun | None:
    """The judge that was asked last to judge the pinned responses."""
    rows = PreviewRun.objects.filter(rubric=rubric, response=None).select_related("judge__rater")
    return rows.order_by("-pk").first()


def open_preview_run(rubric: Rubric) -> PreviewRun | None:
    """The judge that is at work on the pinned responses."""
    rows = PreviewRun.objects.filter(rubric=rubric, response=None, status__in=UNFINISHED)
    return rows.first()


def aggregators_to_choose() -> list[tuple[str, str]]:
    """Every aggregator by name, and how it is written with version and clip stage."""
    return [(name, aggregator_label(name)) for name in AGGREGATORS]


def pinned(rubric: Rubric, user: User) -> list[Pinned]:
    """The pinned responses, and which of them the user has still to judge blind."""
    blind = blind_responses(rubric.project, user)
    rows = pins_of(rubric).select_related("response__task")
    return [Pinned(row.response, row.response_id in blind) for row in rows]


def judges_to_ask(project: Project) -> list[Judge]:
    """The project's judges of single responses of a kind that this version knows, newest first."""
    judges = runnable_judges(project)
    return [judge for judge in judges if judge.kind in JUDGES and not judge.compares]


def _aggregators(project: Project, value: domain.Rubric, wanted: str) -> tuple[str, ...]:
    """The one asked for or the draft's own, then those that published versions name."""
    used = (
        RubricVersion.objects.filter(rubric__project=project, status=VersionStatus.PUBLISHED)
        .order_by("aggregator")
        .values_list("aggregator", flat=True)
        .distinct()
    )
    names = dict.fromkeys([wanted, value.aggregator, *used])
    return tuple(name for name in names if name in AGGREGATORS)


# -- whose verdicts


def _about(rubric: Rubric, responses: Collection[int]) -> QuerySet[Verdict]:
    return Verdict.objects.filter(
        response_id__in=responses,
        round__project=rubric.project_id,
        criterion__version__rubric=rubric,
    ).counted()


def _sides(rubric: Rubric, responses: Collection[int], run: PreviewRun | None) -> list[Side]:
    """Who spoke of these responses: the people, each session, each run, each judge. Two queries."""
    pairs = list(
        _about(rubric, responses)
        .order_by("-round_id", "rater_id")
        .values_list("round_id", "round__kind", "round__name", "rater_id", "rater__name")
        .distinct()
    )
    sessions = {pk: name for pk, kind, name, *_ in pairs if kind == RoundKind.SESSION}
    runs = {pk: (name, rater) for pk, kind, name, _, rater in pairs if kind == RoundKind.RUN}
    asked = PreviewVerdict.objects.filter(rubric=rubric, response_id__in=responses)
    judges = dict(asked.order_by("-judge_id").values_list("judge_id", "judge__rater__name"))
    if run is not None:
        judges.setdefault(run.judge_id, str(run.judge))
    sides = []
    if sessions:
        sides.append(Side("people", gettext("People, by majority"), False))
    if len(sessions) > 1:
        label = gettext("Session “%(name)s”, by majority")
        sides += [Side(f"session-{pk}", label % {"name": n}, False) for pk, n in sessions.items()]
    label = gettext("%(judge)s, with its preview")
    sides += [Side(f"judge-{pk}", label % {"judge": n}, True) for pk, n in judges.items()]
    label = gettext("%(judge)s in “%(run)s”")
    sides += [
        Side(f"run-{pk}", label % {"judge": rater, "run": name}, True)
        for pk, (name, rater) in runs.items()
    ]
    return sides


def _said(rubric: Rubric, responses: Collection[int], side: Side | None) -> list[Said]:
    """What the chosen side said of these responses. Up to two queries."""
    if side is None or not responses:
        return []
    kind, _, pk = side.code.partition("-")
    rows = _about(rubric, responses)
    if kind == "people":
        return _verdicts(rows.filter(rater__kind=RaterKind.PERSON))
    if kind in ("session", "run"):
        return _verdicts(rows.filter(round_id=int(pk)))
    return _verdicts(rows.filter(rater_id=int(pk))) + _previews(rubric, responses, int(pk))


def verdicts_about(rubric: Rubric, responses: Collection[int]) -> list[Said]:
    """What anybody said of these responses. One query."""
    return _verdicts(_about(rubric, responses))


def _verdicts(rows: QuerySet[Verdict]) -> list[Said]:
    columns = (
        *("response_id", "criterion__key", "criterion__judging_hash", "rater_id"),
        *("status", "value"),
    )
    cell = ("round_id", "response_id", "criterion_id", "rater_id", "sample")
    current = rows.order_by(*cell, "-revision").distinct(*cell)
    return [Said(*row) for row in current.values_list(*columns)]


def _previews(rubric: Rubric, responses: Collection[int], judge: int) -> list[Said]:
    rows = PreviewVerdict.objects.filter(rubric=rubric, response_id__in=responses, judge_id=judge)
    return [
        Said(
            response=row.response_id,
            key=row.criterion_key,
            judging_hash=row.judging_hash,
            rater=row.judge_id,
            status=row.status,
            value=row.value,
            preview=True,
            rationale=row.rationale or row.reason,
            quotes=quotes_of(row),
            pk=row.pk,
        )
        for row in rows.defer("raw_reply").order_by("pk")
    ]


def quotes_of(said: PreviewVerdict) -> tuple[Quote, ...]:
    """What the judge cites, and where it stands in the response."""
    return tuple(Quote(**quote) for quote in said.quotes)


def preview_said(rubric: Rubric, pk: int, user: User) -> PreviewVerdict | None:
    """What a judge said in a preview; None, too, of what the user has still to judge blind."""
    rows = PreviewVerdict.objects.filter(rubric=rubric, pk=pk)
    found = rows.select_related("judge__rater", "response__task").first()
    if found is None or found.response_id in blind_responses(rubric.project, user):
        return None
    return found


def leaf_now(rubric: Rubric, key: str) -> domain.Criterion | None:
    """The criterion of this key as the newest version words it."""
    version = newest_version(rubric)
    rows = version.criteria.filter(key=key).select_related("parent") if version else ()
    return next((row.as_criterion() for row in rows), None)


# -- what a judge has still to be asked


@dataclass(frozen=True)
class OpenCell:
    """A pinned response and a criterion's row of which the judge has not spoken."""

    response: Response
    criterion: Criterion
    judging_hash: str


def open_cells(rubric: Rubric, judge: Judge) -> list[OpenCell]:
    """The cells of the newest version that are stale or missing for this judge; five queries.

    What the judge said in any run, or in a preview, of the same words is not asked again.
    Criteria that are not for such a judge are left out, as in a run.
    """
    version = newest_version(rubric)
    if version is None:
        return []
    pins = [row.response for row in pins_of(rubric).select_related("response__task")]
    pks = [response.pk for response in pins]
    judged = {
        (one.response, one.key, one.judging_hash)
        for one in (
            *_verdicts(_about(rubric, pks).filter(rater_id=judge.pk)),
            *_previews(rubric, pks, judge.pk),
        )
        if one.status not in ASKED_AGAIN
    }
    return [
        OpenCell(response, row, words)
        for response in pins
        for row, words in _worded(version, judge)
        if (response.pk, row.key, words) not in judged
    ]


def _worded(version: RubricVersion, judge: Judge) -> list[tuple[Criterion, str]]:
    """The criteria of a version that the judge may judge, with the hash of their words.

    What is hashed are the words of the very row that the judge is asked about: a draft may be
    edited between one query and the next.
    """
    criteria = version.criteria.filter(judged_by(judge.kind)).select_related("parent")
    return [
        (row, criterion_judging_hash(row.as_criterion())) for row in criteria.order_by("position")
    ]


def trial_cells(run: PreviewRun) -> list[OpenCell]:
    """Every cell that a trial is about, in the order of the criteria. One query."""
    assert run.response is not None and run.version is not None
    return [
        OpenCell(run.response, row, words)
        for row, words in _worded(run.version, run.judge)
        if not run.criteria or row.pk in run.criteria
    ]


def open_cells_of(run: PreviewRun) -> list[OpenCell]:
    """What the judge has still to be asked in this preview or trial."""
    if run.response_id is None:
        return open_cells(run.rubric, run.judge)
    said = set(run.verdicts.values_list("criterion_key", flat=True))
    return [cell for cell in trial_cells(run) if cell.criterion.key not in said]
