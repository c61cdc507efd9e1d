"""What the pages of rubrics, versions and criteria show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.aggregation import UnfitRubric, aggregator_named
from rubricstudio.domain.aggregation.columns import rubric_columns
from rubricstudio.domain.diff import Impact, RubricDiff, compare, impact
from rubricstudio.domain.hashing import rubric_hashes
from rubricstudio.domain.outline import outline, subtree
from rubricstudio.domain.semantic import Bump, Number, bump
from rubricstudio.models import Criterion, Project, Rubric, RubricVersion, Verdict, VersionStatus

PAGE = 50


# -- lists


@dataclass(frozen=True)
class RubricPage:
    """Rubrics of a project, newest first; `older` and `newer` are ids to go on from."""

    rubrics: Sequence[Rubric]
    older: int | None
    newer: int | None


def rubrics_page(
    project: Project, *, search: str = "", before: int | None = None, after: int | None = None
) -> RubricPage:
    """Fifty rubrics by id: those below `before`, or those above `after`.

    Each carries its newest version's numbers, status and number of criteria, and the
    numbers of the version in use.
    """
    rows = Rubric.objects.filter(project=project).select_related("task")
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(external_id__icontains=search))
    newest = RubricVersion.objects.filter(rubric=OuterRef("pk")).order_by("-number")
    in_use = newest.filter(status=VersionStatus.PUBLISHED)
    counted = newest.annotate(n=Count("criteria", filter=Q(criteria__is_group=False)))
    shown = rows.annotate(
        newest_number=Subquery(newest.values("number")[:1]),
        newest_semantic=Subquery(newest.values("semantic")[:1]),
        newest_status=Subquery(newest.values("status")[:1]),
        newest_criteria=Subquery(counted.values("n")[:1]),
        in_use=Subquery(in_use.values("number")[:1]),
        in_use_semantic=Subquery(in_use.values("semantic")[:1]),
    )
    if after is not None:
        found = list(shown.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        more, rubrics = len(found) > PAGE, found[:PAGE][::-1]
        older, newer = (rubrics[-1].pk if rubrics else None), (rubrics[0].pk if more else None)
        return RubricPage(rubrics, older, newer)
    if before is not None:
        shown = shown.filter(pk__lt=before)
    found = list(shown.order_by("-pk")[: PAGE + 1])
    rubrics = found[:PAGE]
    return RubricPage(
        rubrics,
        older=rubrics[-1].pk if len(found) > PAGE else None,
        newer=rubrics[0].pk if before is not None and rubrics else None,
    )


def versions_of(rubric: Rubric) -> list[RubricVersion]:
    """The versions, newest first, each with its number of criteria and of rounds."""
    return list(
        rubric.versions.select_related("published_by", "created_by", "retired_by", "based_on")
        .annotate(
            n_criteria=Count("criteria", filter=Q(criteria__is_group=False), distinct=True),
            n_rounds=Count("rounds", distinct=True),
        )
        .order_by("-number")
    )


def version_numbered(rubric: Rubric, number: int) -> RubricVersion | None:
    """A version by its number."""
    return _with_people(rubric).filter(number=number).first()


def criterion_of(rubric: Rubric, pk: int) -> Criterion | None:
    """A criterion of any version of the rubric, None where it is not there any more."""
    rows = Criterion.objects.select_related("version__rubric__project", "parent")
    return rows.filter(pk=pk, version__rubric=rubric).first()


def groups_of(criterion: Criterion) -> list[Criterion]:
    """The groups of a criterion's version into which it can be moved, in display order."""
    value = criterion.version.as_rubric()
    inside = set(subtree(outline(value), criterion.key)) if criterion.pk else set()
    order = {c.key: index for index, (_, c) in enumerate(value.walk())}
    rows = criterion.version.criteria.filter(is_group=True).exclude(key__in=inside)
    return sorted(rows, key=lambda row: order[row.key])


def newest_version(rubric: Rubric) -> RubricVersion | None:
    """The version with the highest number, which is the draft where there is one."""
    return _with_people(rubric).order_by("-number").first()


def newest_frozen(rubric: Rubric) -> RubricVersion | None:
    """The newest version that was published, retired or not."""
    frozen = _with_people(rubric).exclude(status=VersionStatus.DRAFT)
    return frozen.order_by("-number").first()


def _with_people(rubric: Rubric) -> QuerySet[RubricVersion]:
    return rubric.versions.select_related(
        "rubric__project", "rubric__task", "published_by", "created_by", "retired_by", "based_on"
    )


# -- history


def criterion_history() -> QuerySet[Any]:
    """Every state a criterion had: rows that triggers write on each insert, update, delete."""
    events: QuerySet[Any] = apps.get_model("rubricstudio", "CriterionEvent")._default_manager.all()
    return events


def last_deletions(version: RubricVersion) -> list[Any]:
    """The states of criteria that were deleted from a draft and are not there, newest first."""
    present = version.criteria.values("key")
    events = (
        criterion_history()
        .filter(version_id=version.pk, pgh_label="delete")
        .exclude(key__in=present)
        .order_by("key", "-pgh_id")
        .distinct("key")
    )
    return sorted(events, key=lambda event: -event.pgh_id)


@dataclass(frozen=True)
class Deletion:
    """One deletion in a draft: a criterion, or a group with what it held."""

    keys: tuple[str, ...]
    text: str
    is_group: bool
    at: datetime


def deletions(version: RubricVersion) -> list[Deletion]:
    """What was deleted from a draft and can come back, newest first; one query."""
    events = last_deletions(version)
    # Rows that one action deleted carry the same time: that of its transaction.
    by_row = {(event.pgh_obj_id, event.pgh_created_at): event for event in events}
    inside: dict[int, list[str]] = {event.pgh_id: [event.key] for event in events}
    tops = []
    for event in sorted(events, key=lambda event: event.position):
        top = event
        while (top.parent_id, top.pgh_created_at) in by_row:
            top = by_row[top.parent_id, top.pgh_created_at]
        if top is event:
            tops.append(event)
        else:
            inside[top.pgh_id].append(event.key)
    tops.sort(key=lambda event: -event.pgh_id)
    return [Deletion(tuple(inside[e.pgh_id]), e.text, e.is_group, e.pgh_created_at) for e in tops]


def row_from_history(event: Any) -> Criterion:
    """An unsaved row that holds a recorded state; its parent is left open."""
    names = [f.name for f in Criterion._meta.concrete_fields]
    kept = {name: getattr(event, name) for name in names if name not in ("parent", "version")}
    return Criterion(version_id=event.version_id, **kept)


# -- publishing and comparing


def unfit_reason(value: domain.Rubric) -> str:
    """Why the version's aggregator cannot score it, empty where it can."""
    if not value.leaves:
        return ""
    try:
        aggregator = aggregator_named(value.aggregator)
        aggregator.with_params(value.params)
        aggregator.check(rubric_columns(value))
    except UnfitRubric as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class Review:
    """What an author looks at before publishing a draft."""

    draft: RubricVersion
    previous: RubricVersion | None
    diff: RubricDiff | None
    impact: Impact
    number: Bump
    content_hash: str
    unfit: str
    empty: bool

    @property
    def asks_why(self) -> bool:
        """Whether verdicts stop counting, so that somebody will ask why."""
        total = self.impact.total
        return bool(total.stale or total.dropped)


def review(draft: RubricVersion) -> Review:
    """The draft against the newest frozen version, and what becomes of the verdicts."""
    value = draft.as_rubric()
    previous = newest_frozen(draft.rubric)
    old = previous.as_rubric() if previous else None
    return Review(
        draft=draft,
        previous=previous,
        diff=compare(old, value) if old else None,
        impact=impact(old, value, verdict_counts(draft.rubric)),
        number=number_after(previous, old, value),
        content_hash=rubric_hashes(value).content,
        unfit=unfit_reason(value),
        empty=not value.leaves,
    )


@dataclass(frozen=True)
class Replacement:
    """What a draft loses and gets when a frozen version takes the place of its content."""

    diff: RubricDiff
    content_hash: str


def replacement(draft: RubricVersion, source: RubricVersion) -> Replacement:
    """The draft against the version that is to replace it."""
    value = draft.as_rubric()
    return Replacement(compare(value, source.as_rubric()), rubric_hashes(value).content)


def number_after(
    previous: RubricVersion | None, old: domain.Rubric | None, new: domain.Rubric
) -> Bump:
    """The number that `new` gets when it is published after `previous`, which holds `old`.

    A version published before such numbers were kept counts as its own number, point 0.0.
    """
    if previous is None:
        return bump(None, None, new)
    was = Number(**previous.semantic) if previous.semantic else Number(previous.number)
    return bump(was, old, new)


def verdict_counts(rubric: Rubric) -> dict[tuple[str, str], int]:
    """The verdicts on any version, by criterion key and the judging hash they were given on.

    A corrected verdict counts once: revision 0 exists exactly once for each (round,
    response, criterion, rater, sample).
    """
    rows = Verdict.objects.filter(
        round__project=rubric.project_id, criterion__version__rubric=rubric, revision=0
    )
    counted = rows.values_list("criterion__key", "criterion__judging_hash").annotate(n=Count("pk"))
    return {(key, digest): n for key, digest, n in counted.order_by()}


@dataclass(frozen=True)
class Comparison:
    """Two versions of a rubric and what changed from the one to the other."""

    old: RubricVersion
    new: RubricVersion
    diff: RubricDiff


def comparison(rubric: Rubric, old: int | None, new: int | None) -> Comparison | None:
    """Two versions by number, by default the newest and the one before it.

    None where there are no two versions, or not these.
    """
    versions = {version.number: version for version in _with_people(rubric)}
    numbers = sorted(versions)
    if new is None:
        new = numbers[-1] if numbers else 0
    if old is None:
        old = max((number for number in numbers if number < new), default=0)
    if old not in versions or new not in versions:
        return None
    before, after = versions[old], versions[new]
    return Comparison(before, after, compare(before.as_rubric(), after.as_rubric()))
