"""A session as a form or a file describes it, set up or changed in one step."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from annotations.actions.editing import edit_session
from annotations.actions.overall import overall_version
from annotations.actions.sessions import create_session
from annotations.models import Session
from annotations.options import SessionOptions
from annotations.selection import Selection
from rubricstudio.models import Project, RubricVersion, User


@dataclass(frozen=True, slots=True)
class Wanted:
    """A whole description. `version` is None in mode overall, where `scale` decides."""

    name: str
    version: RubricVersion | None
    scale: str
    selection: Selection
    annotators: list[User]
    options: SessionOptions


@transaction.atomic
def create_wanted(*, project: Project, wanted: Wanted, by: User) -> Session:
    """Set up the session that is wanted. Raises what `create_session` does."""
    return create_session(
        project=project,
        name=wanted.name,
        version=_version(project, wanted, by),
        by=by,
        selection=wanted.selection,
        annotators=wanted.annotators,
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


def _version(project: Project, wanted: Wanted, by: User) -> RubricVersion:
    if wanted.version is not None:
        return wanted.version
    return overall_version(project=project, scale=wanted.scale, by=by)
