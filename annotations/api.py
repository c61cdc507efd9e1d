"""Sessions over the HTTP API: list, read, set up, open and close; what is in them.

Added to the API in rubricstudio.urls, with the handlers of what the actions refuse.
"""

from __future__ import annotations

from typing import Annotated, Any, cast

from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Body, Field, NinjaAPI, Query, Router, Schema, Status
from ninja.errors import HttpError

from annotations import actions
from annotations.actions import reminders
from annotations.api_schemas import (
    NEW_SESSION,
    ItemPage,
    Problem,
    SessionOut,
    SessionPage,
    SessionWhole,
    StepOut,
)
from annotations.errors import (
    AnnotationError,
    IncompleteSheet,
    InvalidSession,
    NotInSession,
    NotPossible,
)
from annotations.forms_sessions import SessionForm
from annotations.loaders import find_place, load_session
from annotations.models import Session, SessionStatus
from annotations.options import options_of
from annotations.queries import queue_progress, session_items
from annotations.queries.lists import own_items, sessions_of
from annotations.queries.progress import annotators_progress, progress_of
from annotations.queries.states import own_states, states_of
from annotations.selection import InvalidSelection
from annotations.session_file import InvalidFile, form_of
from annotations.sheet import InvalidSheet
from annotations.states import SESSION_STEPS
from rubricstudio.api import TokenRequest, api_project
from rubricstudio.domain.assignment import InvalidSample
from rubricstudio.domain.formats.lines import clean_json
from rubricstudio.http import load_membership
from rubricstudio.models import Project, User
from rubricstudio.permissions import Permission, may

router = Router(tags=["sessions"])
ACTIONS = {
    "activate": actions.activate,
    "pause": actions.pause,
    "complete": actions.complete,
}
REACHED = {name: state for steps in SESSION_STEPS.values() for name, state in steps.items()}


class Slice(Schema):
    """`after` is the `next` of the page before."""

    after: Annotated[int, Field(ge=0, lt=2**31)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 50


def user_of(request: HttpRequest) -> User:
    """Whose token it is."""
    return cast(TokenRequest, request).user


def add_handlers(api: NinjaAPI) -> None:
    """Answer what actions refuse: 422 for what is wrong in a body, 409 for a state that forbids."""

    def refused(status: int, problems: str = "") -> Any:
        def handle(request: HttpRequest, error: Exception) -> HttpResponse:
            found = dict(getattr(error, problems)) if problems else {}
            return api.create_response(
                request, {"detail": str(error), "problems": found}, status=status
            )

        return handle

    api.add_exception_handler(AnnotationError, refused(409))
    api.add_exception_handler(NotInSession, refused(403))
    for error in (InvalidSession, InvalidSelection, InvalidSample):
        api.add_exception_handler(error, refused(422))
    for incomplete in (InvalidSheet, IncompleteSheet):
        api.add_exception_handler(incomplete, refused(422, "problems"))
    api.add_exception_handler(InvalidFile, _invalid_file(api))


def _invalid_file(api: NinjaAPI) -> Any:
    def handle(request: HttpRequest, error: InvalidFile) -> HttpResponse:
        problems: dict[str, str] = {}
        for line in error.problems:
            name, _, text = line.partition(": ")
            problems[name] = f"{problems[name]} {text}" if name in problems else text
        body = {"detail": str(error), "problems": problems}
        return api.create_response(request, body, status=422)

    return handle


# -- who sees what


def _project(request: HttpRequest, slug: str) -> tuple[Project, bool]:
    """The project, and whether its member may see everybody's work."""
    membership = load_membership(user_of(request), slug)
    sees_all = any(
        may(membership.role, one) for one in (Permission.MANAGE_SESSIONS, Permission.SEE_RESULTS)
    )
    return membership.project, sees_all


def _session(request: HttpRequest, project: Project, session_id: int, sees_all: bool) -> Session:
    """A session that the person may see: any, or one in which they annotate. Else Http404."""
    if sees_all:
        return load_session(project, session_id)
    place = find_place(project, session_id, user_of(request))
    if place is None or place.session.status == SessionStatus.DRAFT:
        raise Http404
    return place.session


def _rows(sessions: list[Session], user: User, *, sees_all: bool) -> list[dict[str, Any]]:
    """Sessions as the API tells them, in as many queries for one as for many."""
    counts = progress_of(sessions) if sees_all else {}
    states = states_of(sessions) if sees_all else {}
    own = own_states(sessions, user)
    names = ("items", "places", "submitted", "reserved", "skipped")
    return [
        {
            "id": session.pk,
            "name": session.round.name,
            "status": session.status,
            "mode": session.mode,
            "rubric": session.round.version.rubric.external_id if session.round.version else "",
            "version": session.round.version.number if session.round.version else None,
            "deadline": session.deadline,
            "progress": {
                **{name: getattr(counts[session.pk], name) for name in names},
                "items_by_state": states[session.pk],
            }
            if sees_all
            else None,
            "own": own.get(session.pk),
        }
        for session in sessions
    ]


# -- operations


@router.get(
    "/projects/{slug}/sessions",
    response=SessionPage,
    summary="Sessions, oldest first; an annotator's own ones",
)
def list_sessions(request: HttpRequest, slug: str, part: Query[Slice]) -> dict[str, Any]:
    project, sees_all = _project(request, slug)
    user = user_of(request)
    found = list(
        sessions_of(project, user, sees_all=sees_all)
        .filter(pk__gt=part.after)
        .order_by("pk")[: part.limit + 1]
    )
    shown = found[: part.limit]
    rows = _rows(shown, user, sees_all=sees_all)
    return {"items": rows, "next": shown[-1].pk if len(found) > part.limit else None}


@router.post(
    "/projects/{slug}/sessions",
    response={201: SessionOut, 409: Problem, 422: Problem},
    summary="Set up a session, a draft; a name that is taken is refused with 409",
    description=NEW_SESSION,
)
def create_session(
    request: HttpRequest, slug: str, body: Annotated[dict[str, Any], Body(...)]
) -> Status[dict[str, Any]]:
    project = api_project(request, slug, Permission.MANAGE_SESSIONS)
    try:
        described = clean_json(body)
    except ValueError as error:
        raise HttpError(422, str(error)) from error
    form = form_of(project, described)
    assert isinstance(form, SessionForm)
    try:
        made = actions.create_wanted(project=project, wanted=form.wanted(), by=user_of(request))
    except InvalidSession as error:
        # The form has looked at the name; what is left to refuse is that it is taken.
        if error.field == "name":
            raise HttpError(409, str(error)) from error
        raise
    except IntegrityError as error:
        raise HttpError(409, "A session of this name was made at the same moment.") from error
    return Status(201, _rows([made], user_of(request), sees_all=True)[0])


@router.get("/projects/{slug}/sessions/{session_id}", response=SessionWhole, summary="A session")
def get_session(request: HttpRequest, slug: str, session_id: int) -> dict[str, Any]:
    project, sees_all = _project(request, slug)
    session, user = _session(request, project, session_id, sees_all), user_of(request)
    place = find_place(project, session_id, user)
    return {
        **_rows([session], user, sees_all=sees_all)[0],
        "instructions": session.instructions,
        "comment_rules": session.comment_rules,
        "stage": session.stage,
        "queue": queue_progress(session, place.rater_id) if place else None,
        "annotators": annotators_progress(session) if sees_all else None,
        "settings": _settings(session) if sees_all else None,
    }


def _settings(session: Session) -> dict[str, Any]:
    options = dict(options_of(session))
    del options["stage"]
    return options | {
        "calibration": bool(session.stage),
        "suggestions": session.suggestions.name if session.suggestions else None,
    }


def _changed(request: HttpRequest, slug: str, session_id: int, step: str) -> dict[str, Any]:
    """Take a session one step on; one that stands there already stays."""
    project = api_project(request, slug, Permission.MANAGE_SESSIONS)
    before, user = load_session(project, session_id), user_of(request)
    try:
        ACTIONS[step](session=before, by=user)
    except NotPossible:
        if load_session(project, session_id).status != REACHED[step]:
            raise
        told = reminders.Sent()
    else:
        told = _tell(request, before) if before.status == SessionStatus.DRAFT else reminders.Sent()
    after = load_session(project, session_id)
    row = _rows([after], user, sees_all=True)[0]
    return row | {"told": list(told.mailed), "not_told": list(told.failed)}


@router.post(
    "/projects/{slug}/sessions/{session_id}/activate",
    response={200: StepOut, 409: Problem},
    summary="Open a session; its annotators are mailed when it starts",
)
def activate(request: HttpRequest, slug: str, session_id: int) -> dict[str, Any]:
    return _changed(request, slug, session_id, "activate")


@router.post(
    "/projects/{slug}/sessions/{session_id}/pause",
    response={200: StepOut, 409: Problem},
    summary="Hand out and take in nothing for a while; drafts are kept",
)
def pause(request: HttpRequest, slug: str, session_id: int) -> dict[str, Any]:
    return _changed(request, slug, session_id, "pause")


@router.post(
    "/projects/{slug}/sessions/{session_id}/complete",
    response={200: StepOut, 409: Problem},
    summary="Close a session for good",
)
def complete(request: HttpRequest, slug: str, session_id: int) -> dict[str, Any]:
    return _changed(request, slug, session_id, "complete")


def _tell(request: HttpRequest, session: Session) -> reminders.Sent:
    """Mail the annotators that the session has started, as the page does."""
    address = reverse("annotations:queue", args=[session.round.project.slug, session.pk])
    return reminders.announce(
        session=session,
        users=reminders.annotators_of(session),
        link=request.build_absolute_uri(address),
        by=user_of(request),
    )


@router.get(
    "/projects/{slug}/sessions/{session_id}/items",
    response=ItemPage,
    summary="The items with their counts; for an annotator their own ones",
)
def list_items(
    request: HttpRequest, slug: str, session_id: int, part: Query[Slice]
) -> dict[str, Any]:
    project, sees_all = _project(request, slug)
    session = _session(request, project, session_id, sees_all)
    # People count from 1, positions from 0: the number of the last item is where to go on.
    after = part.after - 1
    if sees_all:
        items, last = session_items(session, after=after, limit=part.limit)
        rows = [_item_row(item) for item in items]
    else:
        place = find_place(project, session_id, user_of(request))
        assert place is not None
        own, last = own_items(session, place.rater_id, after=after, limit=part.limit)
        rows = [
            {"id": one.item_id, "number": one.item.position + 1, "state": one.status} for one in own
        ]
    return {"items": rows, "next": None if last is None else last + 1}


def _item_row(item: Any) -> dict[str, Any]:
    names = ("id", "number", "task", "submitted", "reserved", "skipped")
    return {name: getattr(item, name) for name in names} | {
        "state": item.status,
        "places": item.coverage,
    }
