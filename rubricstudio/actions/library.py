"""Criteria and rubrics that pass from one rubric to another, and those shared with everybody."""

from __future__ import annotations

from dataclasses import fields, replace

from django.db import transaction
from django.utils.translation import gettext as _

from rubricstudio.actions.criteria import add_criterion, key_from_text
from rubricstudio.actions.forks import fork_version
from rubricstudio.actions.images import bring_pictures
from rubricstudio.actions.indexing import index_on_commit, index_texts_on_commit
from rubricstudio.domain import rubric as domain
from rubricstudio.models import Criterion, LibraryEntry, Project, Rubric, RubricVersion, User
from rubricstudio.queries.library import findable_rubrics, newest_published
from rubricstudio.queries.library_pages import (
    criterion_json,
    criterion_of_entry,
    may_change_entry,
)

LIBRARY = "library"
RUBRIC = "rubric"


class NotInTheLibrary(ValueError):
    """What was asked for is not there any more, or never was for this person."""


class NotYours(ValueError):
    """Only who added an entry, or an owner of the project it came from, may change it."""


# -- taken over


@transaction.atomic
def insert_found(
    *,
    version: RubricVersion,
    found: Criterion | LibraryEntry,
    by: User,
    after: str | None = None,
) -> Criterion:
    """Add a criterion that was found to a draft, whole, saying where it came from.

    Pictures that its examples show go along, where the project that they lie in is still there.
    It stands behind the row with key `after`, or last at the top level. Raises NotADraft,
    CannotMove where `after` is gone, and NotInTheLibrary for an entry that cannot be read.
    """
    project = version.rubric.project
    value = replace(domain_of(found), origin=origin_of(found, project))
    if found.version is not None:
        source = found.version.rubric.project
        [value] = bring_pictures([value], source=source, target=project, by=by)
    given = {f.name: getattr(value, f.name) for f in fields(value) if f.name != "parent"}
    return add_criterion(version=version, fields=given, after=after, by=by)


def domain_of(found: Criterion | LibraryEntry) -> domain.Criterion:
    """What was found as a domain value. Raises NotInTheLibrary for a broken entry."""
    if isinstance(found, Criterion):
        return found.as_criterion()
    read = criterion_of_entry(found)
    if read is None:
        raise NotInTheLibrary(_("This entry of the library cannot be read any more."))
    return replace(read, key=found.key or key_from_text(found.text))


def origin_of(found: Criterion | LibraryEntry, project: Project) -> domain.Origin:
    """Where it comes from, as members of `project` may read it.

    A rubric is named inside its own project and where it is shared: others may not see
    that there is such a rubric.
    """
    if isinstance(found, LibraryEntry):
        return domain.Origin(LIBRARY, _("Shared library"), str(found.pk))
    rubric = found.version.rubric
    named = rubric.shared or rubric.project_id == project.pk
    name = f"{rubric.name} v{found.version.label}" if named else ""
    return domain.Origin(RUBRIC, name, f"{found.version_id}:{found.key}")


@transaction.atomic
def copy_template(*, rubric: Rubric, project: Project, by: User, name: str = "") -> RubricVersion:
    """Start a rubric with what another one holds, in its newest published version.

    Raises NotInTheLibrary where the person cannot find such a rubric.
    """
    found = newest_published(findable_rubrics(by).filter(pk=rubric.pk))
    version = found.select_related("rubric__project", "rubric__task").first()
    if version is None:
        raise NotInTheLibrary(_("This rubric is not shared any more."))
    return fork_version(version=version, project=project, by=by, name=name)


# -- the shared library


@transaction.atomic
def add_to_library(*, criterion: Criterion, by: User, note: str = "") -> LibraryEntry:
    """Put a criterion where everybody who signs in finds it; a second time gives the first.

    The entry is a copy: later edits of the criterion do not touch it.
    """
    place = {"version": criterion.version, "key": criterion.key, "text": criterion.text}
    present = LibraryEntry.objects.filter(**place).first()
    if present is not None:
        return present
    entry = LibraryEntry.objects.create(
        **place, criterion=criterion_json(criterion.as_criterion()), note=note, added_by=by
    )
    index_texts_on_commit([entry.text])
    return entry


@transaction.atomic
def annotate_entry(*, entry: LibraryEntry, note: str, by: User) -> LibraryEntry:
    """Change the note of an entry. Raises NotYours."""
    _check_may_change(entry, by)
    entry.note = note
    entry.save(update_fields=["note"])
    return entry


@transaction.atomic
def remove_entry(*, entry: LibraryEntry, by: User) -> None:
    """Take an entry out of the library; what was made from it stays. Raises NotYours."""
    _check_may_change(entry, by)
    entry.delete()


def _check_may_change(entry: LibraryEntry, by: User) -> None:
    if not may_change_entry(entry, by):
        raise NotYours(
            _("Only who added this, or an owner of the project it came from, may change it.")
        )


@transaction.atomic
def share_rubric(*, rubric: Rubric, shared: bool, by: User) -> Rubric:
    """Let everybody who signs in read a rubric's published version, or no longer."""
    rubric.shared = shared
    rubric.save(update_fields=["shared"])
    version = newest_published(Rubric.objects.filter(pk=rubric.pk)).first()
    if shared and version is not None:
        index_on_commit(version)
    return rubric
