"""What the library's pages show around a search: entries, shared rubrics, a person's roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery

from rubricstudio.domain import rubric as domain
from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.records import Place
from rubricstudio.domain.formats.rubrics import CRITERION_FIELDS, read_rubric, rubric_to_json
from rubricstudio.domain.library import text_digest
from rubricstudio.models import (
    Criterion,
    LibraryEntry,
    Membership,
    Project,
    Role,
    Rubric,
    RubricVersion,
    User,
    VersionStatus,
)
from rubricstudio.permissions import Permission, may
from rubricstudio.queries.library import (
    Narrowed,
    findable_criteria,
    findable_entries,
    findable_rubrics,
    loaded,
    newest_published,
    visible_rubrics,
)
from rubricstudio.queries.library_search import PAGE, Findings, Found

CRITERION, ENTRY, RUBRIC = "criterion", "entry", "rubric"
_FILLED = {"met_means": "good", "scale": {"kind": "binary"}, "tags": [], "category": ""}
_PLACE = ("key", "parent", "origin")


def criterion_json(criterion: domain.Criterion) -> dict[str, Any]:
    """A criterion without its place, as an object of the native format.

    What the library is narrowed by stands in it even where it is the default.
    """
    alone = domain.Rubric((replace(criterion, parent=None),))
    whole = rubric_to_json(alone)["criteria"][0]
    kept = {name: whole[name] for name in CRITERION_FIELDS if name in whole and name not in _PLACE}
    return {**_FILLED, **kept}


def criterion_of_entry(entry: LibraryEntry) -> domain.Criterion | None:
    """An entry's criterion, None where it cannot be read (any more)."""
    values = {**entry.criterion, "text": entry.text, "key": entry.key or "entry"}
    read = read_rubric(Fields({"criteria": [values]}, Place("library", entry.pk), []))
    return read.criteria[0] if read else None


# -- who may what


@dataclass(frozen=True)
class Roles:
    """A person's role in each of their projects, by the project's id; one query."""

    by_project: Mapping[int, str]

    def may(self, project_id: int, permission: Permission) -> bool:
        role = self.by_project.get(project_id)
        return role is not None and may(role, permission)

    def __contains__(self, project_id: object) -> bool:
        return project_id in self.by_project


def roles_of(user: User) -> Roles:
    """The person's roles."""
    return Roles(dict(Membership.objects.filter(user=user).values_list("project_id", "role")))


def my_projects(user: User) -> list[Project]:
    """The person's projects, by name."""
    return list(Project.objects.visible_to(user).order_by("name", "pk"))


def projects_to_write_in(user: User) -> list[Project]:
    """The projects in which the person may write rubrics, by name."""
    writing = [role for role in Role.values if may(role, Permission.AUTHOR)]
    mine = Q(memberships__user=user, memberships__role__in=writing)
    return list(Project.objects.filter(mine).order_by("name", "pk"))


def may_change_entry(entry: LibraryEntry, user: User) -> bool:
    """Whether the person added the entry, or owns the project it came from."""
    if entry.added_by_id == user.pk:
        return True
    if entry.version is None:
        return False
    memberships = Membership.objects.filter(user=user, role=Role.OWNER)
    return memberships.filter(project=entry.version.rubric.project_id).exists()


# -- one thing


def entry_with(pk: int) -> LibraryEntry | None:
    """An entry of the library by id."""
    found: LibraryEntry | None = loaded(LibraryEntry).filter(pk=pk).first()
    return found


def row_with_key(version: RubricVersion, key: str) -> Criterion | None:
    """A row of a version by its key."""
    return version.criteria.filter(key=key).first()


def findable(user: User, kind: str, pk: int) -> Criterion | LibraryEntry | None:
    """A criterion or an entry by id, None where the person cannot find it."""
    if kind == ENTRY:
        return entry_with(pk)
    rows = findable_criteria(user).select_related("parent", "version__rubric__project")
    return rows.filter(pk=pk).first()


def shared_version(user: User, rubric_id: int) -> RubricVersion | None:
    """The newest published version of a rubric that the person can find, None elsewhere."""
    found = newest_published(visible_rubrics(user).filter(pk=rubric_id))
    return found.select_related("rubric__project", "rubric__task", "published_by").first()


# -- lists


@dataclass(frozen=True)
class Hit:
    """What a list shows of a finding, and where it leads.

    `source` names it to the page that inserts it. `place` is the rubric it stands in, None
    where the person may not see which that is.
    """

    found: Found
    kind: str
    source: str
    criterion: domain.Criterion | None = None
    place: RubricVersion | None = None
    inside: bool = False
    may_author: bool = False
    note: str = ""

    @property
    def percent(self) -> int | None:
        near = self.found.similarity
        return None if near is None else round(100 * near)

    @property
    def has_more(self) -> bool:
        """Whether there is more to it than its line says."""
        c = self.criterion
        return bool(
            c and (c.description or c.examples or c.references or c.program or c.scale.levels)
        )


def hits(findings: Findings, roles: Roles) -> list[Hit]:
    """The findings as a list shows them."""
    return [_hit(found, roles) for found in findings.found]


def _hit(found: Found, roles: Roles) -> Hit:
    row = found.row
    if isinstance(row, Rubric):
        inside = row.project_id in roles
        return Hit(found, RUBRIC, f"{RUBRIC}:{row.pk}", inside=inside)
    if isinstance(row, Criterion):
        project = row.version.rubric.project_id
        return Hit(
            found,
            CRITERION,
            f"{CRITERION}:{row.pk}",
            criterion=row.as_criterion(),
            place=row.version,
            inside=project in roles,
            may_author=roles.may(project, Permission.AUTHOR),
        )
    return Hit(
        found,
        ENTRY,
        f"{ENTRY}:{row.pk}",
        criterion=criterion_of_entry(row),
        place=_seen_place(row, roles),
        inside=bool(row.version and row.version.rubric.project_id in roles),
        note=row.note,
    )


def hit_of_entry(entry: LibraryEntry, roles: Roles) -> Hit:
    """One entry, as a list shows it."""
    return _hit(Found("", entry, False, None), roles)


def _seen_place(entry: LibraryEntry, roles: Roles) -> RubricVersion | None:
    version = entry.version
    if version is None:
        return None
    rubric = version.rubric
    return version if rubric.shared or rubric.project_id in roles else None


@dataclass(frozen=True)
class EntryPage:
    """Entries, newest first; `older` is the id to go on from, None at the end."""

    findings: Findings
    older: int | None


def newest_entries(narrowed: Narrowed, *, before: int | None = None) -> EntryPage:
    """Fifty entries of the shared library, newest first."""
    rows = findable_entries(narrowed)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    newest = rows.order_by("-pk").values("pk")[: PAGE + 1]
    found = list(loaded(LibraryEntry).filter(pk__in=newest).order_by("-pk"))
    shown = [Found(text_digest(row.text), row, False, None) for row in found[:PAGE]]
    older = found[PAGE - 1].pk if len(found) > PAGE else None
    return EntryPage(Findings(shown, more=older is not None), older)


def templates(user: User, *, words: Sequence[str] = ()) -> list[Rubric]:
    """Fifty shared rubrics with a published version, those with the words, by name.

    Each carries its number of criteria.
    """
    rows = findable_rubrics(user, Narrowed(shared=True)).select_related("project")
    for word in words:
        rows = rows.filter(Q(name__icontains=word) | Q(description__icontains=word))
    newest = RubricVersion.objects.filter(rubric=OuterRef("pk"), status=VersionStatus.PUBLISHED)
    counted = newest.order_by("-number").annotate(
        n=Count("criteria", filter=Q(criteria__is_group=False))
    )
    return list(
        rows.annotate(n_criteria=Subquery(counted.values("n")[:1])).order_by("name", "pk")[:PAGE]
    )


def templates_found(user: User) -> Findings:
    """The shared rubrics, as findings that nothing was asked of."""
    rows = templates(user)
    return Findings([Found(f"{row.pk}", row, False, None) for row in rows], more=False)
