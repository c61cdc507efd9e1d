"""What a run would judge: the responses chosen, the criteria, and so the number of verdicts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from annotations.models import Item, ItemResponse
from annotations.queries.choices import sources_of, tags_of
from rubricstudio.models import (
    Criterion,
    Preference,
    Project,
    Response,
    Round,
    RoundKind,
    RubricVersion,
    Task,
    Verdict,
)
from scoring.models import Judge, RunBatch

# Who may judge a criterion for a run to judge it, by the kind of the run's judge.
_JUDGED_BY = {
    "program": ("anyone", "program"),
    "scripted": ("anyone", "model", "program"),  # it stands in for either
}
_BY_A_MODEL = ("anyone", "model")


class UnknownChoice(LookupError):
    """A source, tag or task that the project has not; the message lists those it has."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Responses of a project: all of them, narrowed down by every field that is given.

    `session` is a round of people's verdicts: the responses it is about. `sources`, `tags`
    (of the task) and `tasks` (external ids) each allow any of their members. `first` then
    takes that many in the order in which they were imported.
    """

    session: Round | None = None
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    first: int | None = None


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The verdicts a run would give; the responses in `blank` have no text."""

    response_ids: Sequence[int]
    criteria: int
    samples: int
    blank: frozenset[int]

    @property
    def responses(self) -> int:
        return len(self.response_ids)

    @property
    def without_text(self) -> int:
        return len(self.blank)

    @property
    def verdicts(self) -> int:
        """Responses times criteria times samples."""
        return self.responses * self.criteria * self.samples

    @property
    def is_empty(self) -> bool:
        return not self.verdicts


def judged_by(kind: str) -> Q:
    """The criteria that a judge of a kind gives verdicts on in a run.

    What a program alone may judge is no model's, and a program judges what has one.
    """
    may = Q(is_group=False, judged_by__in=_JUDGED_BY.get(kind, _BY_A_MODEL))
    return may & ~Q(program__regex=r"^\s*$") if kind == "program" else may


def judged_criteria(version: RubricVersion, kind: str) -> list[int]:
    """The ids of the criteria of a version that such a run gives verdicts on, in display order."""
    rows = version.criteria.filter(judged_by(kind))
    return list(rows.order_by("position").values_list("pk", flat=True))


def criteria_for(version: RubricVersion, kind: str) -> list[Criterion]:
    """The criteria that such a run gives verdicts on, in display order."""
    rows = version.criteria.filter(judged_by(kind)).select_related("parent")
    return list(rows.order_by("position"))


def plan_run(
    project: Project,
    version: RubricVersion,
    narrowing: Narrowing,
    *,
    kind: str,
    samples: int = 1,
) -> RunPlan:
    """What a run of a judge of `kind` would judge over these responses. It may be empty."""
    rows = chosen_responses(project, version, narrowing).order_by("pk")
    blank = ExpressionWrapper(Q(text__isnull=True), output_field=BooleanField())
    pairs = list(rows.values_list("pk", blank)[: narrowing.first])
    return RunPlan(
        response_ids=[pk for pk, _ in pairs],
        criteria=len(judged_criteria(version, kind)),
        samples=samples,
        blank=frozenset(pk for pk, is_blank in pairs if is_blank),
    )


def chosen_responses(
    project: Project, version: RubricVersion, narrowing: Narrowing
) -> QuerySet[Response]:
    """The responses that pass every filter; a task's own rubric keeps to that task."""
    rows = Response.objects.filter(project=project)
    if version.rubric.task_id:
        rows = rows.filter(task=version.rubric.task_id)
    if narrowing.session is not None:
        rows = rows.filter(_in_session(narrowing.session))
    if narrowing.sources:
        rows = rows.filter(source__in=narrowing.sources)
    if narrowing.tags:
        rows = rows.filter(task__tags__overlap=list(narrowing.tags))
    if narrowing.tasks:
        rows = rows.filter(task__external_id__in=narrowing.tasks)
    return rows


def _in_session(session: Round) -> Q:
    """Handed out in a session carried out here, or judged in an imported one."""
    handed_out = Item.objects.filter(session=session.pk, response=OuterRef("pk"))
    beside = ItemResponse.objects.filter(item__session=session.pk, response=OuterRef("pk"))
    judged = Verdict.objects.filter(round=session, response=OuterRef("pk"))
    compared = Preference.objects.filter(
        Q(response_a=OuterRef("pk")) | Q(response_b=OuterRef("pk")), round=session
    )
    return Q(Exists(handed_out)) | Q(Exists(beside)) | Q(Exists(judged)) | Q(Exists(compared))


# -- what there is to choose from


def runnable_judges(project: Project) -> QuerySet[Judge]:
    """The judges that are not archived, newest first."""
    rows = Judge.objects.filter(rater__project=project, archived_at__isnull=True)
    return rows.select_related("rater").order_by("-pk")


def sessions_of(project: Project) -> QuerySet[Round]:
    """Rounds of people's verdicts, newest first, imported ones included."""
    return Round.objects.filter(project=project, kind=RoundKind.SESSION).order_by("-pk")


def check_choices(project: Project, narrowing: Narrowing) -> None:
    """Raise UnknownChoice for a source, tag or task that the project has not."""
    _check("source", narrowing.sources, sources_of(project))
    _check("tag", narrowing.tags, tags_of(project))
    tasks = Task.objects.filter(project=project)
    found = tasks.filter(external_id__in=narrowing.tasks).values_list("external_id", flat=True)
    missing = set(narrowing.tasks) - set(found)
    if missing:
        some = tasks.order_by("pk").values_list("external_id", flat=True)[:10]
        _check("task", tuple(missing), set(some))


def _check(what: str, asked: Collection[str], known: Collection[str]) -> None:
    for name in asked:
        if name not in known:
            there = ", ".join(sorted(known)[:20]) or "none"
            raise UnknownChoice(f"there is no {what} {name!r}; there are, among others: {there}")


def free_run_name(project: Project, judge: Judge, version: RubricVersion) -> str:
    """A name no run has: the judge and the version, numbered from the second on."""
    base = gettext("%(judge)s on %(version)s") % {"judge": judge, "version": version}
    base = base[:180]
    rounds = Round.objects.filter(project=project, kind=RoundKind.RUN, name__startswith=base)
    taken = set(rounds.values_list("name", flat=True))
    candidates = (base, *(f"{base} ({n})" for n in range(2, len(taken) + 3)))
    return next(name for name in candidates if name not in taken)


def expected_verdicts(run_id: int, version: RubricVersion | None, kind: str, samples: int) -> int:
    """The verdicts that a started run is to give: its batches' responses, times the rest."""
    sizes = RunBatch.objects.filter(run=run_id).values_list("response_ids__len", flat=True)
    criteria = len(judged_criteria(version, kind)) if version else 0
    return int(sum(sizes)) * criteria * samples
