"""Loads what a page is about for whoever may see it; everybody else meets 404.

None of these but `load_response`, which serves those who set gold answers, reads a response:
its source stays out of every query until a page of someone who may know it asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from annotations.models import Assignment, Item, Session
from rubricstudio.models import Project, Response, Round, RubricVersion, User
from rubricstudio.queries.rows import Rows, first_row

_SESSION, _ROUND, _VERSION = Rows(Session, "s"), Rows(Round, "r"), Rows(RubricVersion, "v")
_PLACE = f"""
    SELECT p.rater_id, {_SESSION.columns}, {_ROUND.columns}, {_VERSION.columns}
      FROM annotations_session_annotator p
      JOIN studio_rater own ON own.id = p.rater_id AND own.user_id = %(user)s
      JOIN annotations_session s ON s.round_id = p.session_id
      JOIN studio_round r ON r.id = s.round_id AND r.project_id = %(project)s
      LEFT JOIN studio_rubric_version v ON v.id = r.version_id
     WHERE p.session_id = %(session)s
"""
_ITEM, _ASSIGNMENT = Rows(Item, "i"), Rows(Assignment, "a")
_OWN_ITEM = f"""
    SELECT {_ITEM.columns}, {_ASSIGNMENT.columns}
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
     WHERE a.item_id = %(item)s AND a.rater_id = %(rater)s AND i.session_id = %(session)s
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A session, and the rater that a person is in it."""

    session: Session
    rater_id: int


def load_session(project: Project, session_id: int) -> Session:
    """A session of the project."""
    session = (
        Session.objects.select_related("round__version__rubric")
        .filter(round__project=project, pk=session_id)
        .first()
    )
    if session is None:
        raise Http404
    session.round.project = project
    return session


def find_place(project: Project, session_id: int, user: User) -> Place | None:
    """The person's place in a session, None where they are not among its annotators."""
    about = {"session": session_id, "project": project.pk, "user": user.pk}
    values = first_row(_PLACE, about)
    if values is None:
        return None
    rater_id = next(values)
    session = _SESSION.read(values)
    session.round = _ROUND.read(values)
    session.round.project = project
    if session.round.version_id is not None:
        session.round.version = _VERSION.read(values)
    return Place(session, rater_id)


def load_place(project: Project, session_id: int, user: User) -> Place:
    """As `find_place`, with 404 for everybody else."""
    place = find_place(project, session_id, user)
    if place is None:
        raise Http404
    return place


def load_calibration(project: Project, session_id: int, user: User, *, manages: bool) -> Session:
    """A calibration round, for its annotators and for who `manages` sessions; else 404."""
    place = find_place(project, session_id, user)
    if place is None and not manages:
        raise Http404
    found = place.session if place else load_session(project, session_id)
    if not found.stage:
        raise Http404
    return found


def load_assignment(place: Place, item_id: int) -> Assignment:
    """The person's own assignment to an item of the session."""
    about = {"item": item_id, "rater": place.rater_id, "session": place.session.pk}
    values = first_row(_OWN_ITEM, about)
    if values is None:
        raise Http404
    item, assignment = _ITEM.read(values), _ASSIGNMENT.read(values)
    assignment.item, item.session = item, place.session
    return assignment


def load_response(project: Project, response_id: int) -> Response:
    """A response of the project with its task."""
    found = project.responses.select_related("task").filter(pk=response_id).first()
    if found is None:
        raise Http404
    return found
