"""A session as a form or a file describes it, set up or changed in one step."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from annotations.actions.compare_sessions import create_comparison
from annotations.actions.editing import edit_session
from annotations.actions.overall import overall_version
from annotations.actions.sessions import EVERYTHING, create_session
from annotations.grouping import Grouping
from annotations.models import Session
from annotations.options import SessionOptions
from annotations.selection import Selection
from rubricstudio.models import Project, RubricVersion, User


@dataclass(frozen=True, slots=True)
class Wanted:
    """A description: all of a new session, or what changes in one, None for what stays.

    Without a version its `scale` decides, in mode overall. `grouping` is of a new session
    that compares responses.
    """

    name: str
    annotators: list[User] | None
    options: SessionOptions
    version: RubricVersion | None = None
    scale: str = ""
    selection: Selection | None = None
    grouping: Grouping | None = None


@transaction.atomic
def create_wanted(*, project: Project, wanted: Wanted, by: User) -> Session:
    """Set up the session that is wanted. Raises what the actions that create one do."""
    version = _version(project, wanted, by)
    assert version is not None
    selection, annotators = wanted.selection or EVERYTHING, wanted.annotators or ()
    if wanted.grouping is not None:
        return create_comparison(
            project=project,
            name=wanted.name,
            version=version,
            by=by,
            grouping=wanted.grouping,
            selection=selection,
            annotators=annotators,
            **wanted.options,
        )
    return create_session(
        project=project,
        name=wanted.name,
        version=version,
        by=by,
        selection=selection,
        annotators=annotators,
        **wanted.options,
    )


@transaction.atomic
def edit_wanted(*, session: Session, wanted: Wanted, by: User) -> Session:
    """Make a session what is wanted. Raises what `edit_session` does."""
    return edit_session(
        session=session,
        by=by,
        name=wanted.name,
        version=_version(session.round.project, wanted, by),
        selection=wanted.selection,
        annotators=wanted.annotators,
        **wanted.options,
    )


def _version(project: Project, wanted: Wanted, by: User) -> RubricVersion | None:
    if wanted.version is None and wanted.scale:
        return overall_version(project=project, scale=wanted.scale, by=by)
    return wanted.version
