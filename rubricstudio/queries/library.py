"""The library: the texts that a person can find, each with its digest.

Only the newest published version of a rubric counts. A person finds what is in their own
projects, in rubrics that are shared, and in the shared library; nothing else is queried.
Texts are told apart by digest (`domain.library.text_digest`), which the database computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from rubricstudio.models import (
    Criterion,
    LibraryEntry,
    Project,
    Rubric,
    RubricVersion,
    TextVector,
    User,
    VersionStatus,
)
from rubricstudio.models.texts import RUBRIC_WORDING, TextDigest


@dataclass(frozen=True)
class Narrowed:
    """What a search is narrowed to; empty values narrow nothing."""

    project: int | None = None
    tag: str = ""
    scale: str = ""
    met_means: str = ""
    shared: bool = False

    @property
    def is_on(self) -> bool:
        return self != Narrowed()


# -- what a person can find


def visible_rubrics(user: User) -> QuerySet[Rubric]:
    """The rubrics of the person's projects, and those that are shared with everybody."""
    mine = Project.objects.visible_to(user)
    return Rubric.objects.filter(Q(shared=True) | Q(project__in=mine))


def newest_published(rubrics: QuerySet[Rubric]) -> QuerySet[RubricVersion]:
    """The newest published version of each of the rubrics that has one."""
    published = RubricVersion.objects.filter(status=VersionStatus.PUBLISHED)
    newer = published.filter(rubric=OuterRef("rubric"), number__gt=OuterRef("number"))
    return published.filter(~Exists(newer), rubric__in=rubrics)


def findable_rubrics(user: User, narrowed: Narrowed = Narrowed()) -> QuerySet[Rubric]:  # noqa: B008
    """The rubrics with a published version that the person can find."""
    published = RubricVersion.objects.filter(status=VersionStatus.PUBLISHED)
    rows = visible_rubrics(user).filter(pk__in=published.values("rubric"))
    if narrowed.project is not None:
        rows = rows.filter(project=narrowed.project)
    if narrowed.shared:
        rows = rows.filter(shared=True)
    return rows


def findable_criteria(
    user: User,
    narrowed: Narrowed = Narrowed(),  # noqa: B008
    *,
    besides: Rubric | None = None,
) -> QuerySet[Criterion]:
    """The criteria, no groups, that the person can find; `besides` leaves one rubric out."""
    rubrics = visible_rubrics(user)
    if narrowed.project is not None:
        rubrics = rubrics.filter(project=narrowed.project)
    if narrowed.shared:
        rubrics = rubrics.filter(shared=True)
    if besides is not None:
        rubrics = rubrics.exclude(pk=besides.pk)
    rows = Criterion.objects.filter(is_group=False, version__in=newest_published(rubrics))
    if narrowed.tag:
        rows = rows.filter(Q(tags__contains=[narrowed.tag]) | Q(category__iexact=narrowed.tag))
    if narrowed.scale:
        rows = rows.filter(scale_kind=narrowed.scale)
    if narrowed.met_means:
        rows = rows.filter(met_means=narrowed.met_means)
    return rows


def findable_entries(narrowed: Narrowed = Narrowed()) -> QuerySet[LibraryEntry]:  # noqa: B008
    """The entries of the shared library; the fields of each are written out in full."""
    rows = LibraryEntry.objects.all()
    if narrowed.project is not None:
        rows = rows.filter(version__rubric__project=narrowed.project)
    if narrowed.tag:
        tagged = Q(criterion__tags__contains=[narrowed.tag])
        rows = rows.filter(tagged | Q(criterion__category__iexact=narrowed.tag))
    if narrowed.scale:
        rows = rows.filter(criterion__scale__kind=narrowed.scale)
    if narrowed.met_means:
        rows = rows.filter(criterion__met_means=narrowed.met_means)
    return rows


def with_digest(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with `wording`, the text they are found by, and its `digest`."""
    wording: Any = RUBRIC_WORDING if rows.model is Rubric else F("text")
    found: QuerySet[Any] = rows.annotate(wording=wording).annotate(digest=TextDigest(F("wording")))
    return found


def all_of(model: type[Model]) -> QuerySet[Any]:
    """The rows whose texts are indexed: no groups."""
    rows = model._default_manager.all()
    return rows.filter(is_group=False) if model is Criterion else rows


def loaded(model: type[Model]) -> QuerySet[Any]:
    """Rows with all that a list shows of them."""
    related = {
        Criterion: ("parent", "version__rubric__project"),
        LibraryEntry: ("version__rubric__project", "added_by"),
        Rubric: ("project",),
    }
    return all_of(model).select_related(*related[cast(Any, model)])


def vector_of(digest: str) -> list[float] | None:
    """The stored vector of a text, None where it was not computed yet."""
    found = TextVector.objects.filter(digest=digest).values_list("vector", flat=True).first()
    return None if found is None else [float(x) for x in found]
