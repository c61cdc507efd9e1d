"""Loads what a page is about for whoever may see it; everybody else meets 404.

None of these but `load_response`, which serves those who set gold answers, reads a response:
its source stays out of every query until a page of someone who may know it asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from annotations.models import Assignment, Session, SessionAnnotator
from rubricstudio.models import Project, Response, User


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
    place = (
        SessionAnnotator.objects.select_related("session__round__version")
        .filter(session=session_id, session__round__project=project, rater__user=user)
        .first()
    )
    if place is None:
        return None
    place.session.round.project = project
    return Place(place.session, place.rater_id)


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
    assignment = (
        Assignment.objects.select_related("item")
        .filter(item=item_id, item__session=place.session, rater=place.rater_id)
        .first()
    )
    if assignment is None:
        raise Http404
    assignment.item.session = place.session
    return assignment


def load_response(project: Project, response_id: int) -> Response:
    """A response of the project with its task."""
    found = project.responses.select_related("task").filter(pk=response_id).first()
    if found is None:
        raise Http404
    return found
