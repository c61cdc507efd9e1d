"""Sessions over the HTTP API: list, read, set up, change and copy; what is in them.

Added to the API in rubricstudio.urls, with the handlers of what the actions refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, cast

from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Body, Field, NinjaAPI, Query, Router, Schema, Status
from ninja.errors import HttpError

from annotations import actions
from annotations.api_schemas import (
    CHANGE,
    NEW_SESSION,
    READ,
    WRITE,
    CloneIn,
    ItemPage,
    SessionOut,
    SessionPage,
    SessionWhole,
)
from annotations.errors import (
    AnnotationError,
    IncompleteSheet,
    InvalidSession,
    NotInSession,
)
from annotations.loaders import find_place, load_session
from annotations.models import Session, SessionStatus
from annotations.options import options_of
from annotations.queries import queue_progress, session_items
from annotations.queries.lists import own_items, sessions_of
from annotations.queries.progress import annotators_progress, progress_of
from annotations.queries.states import own_states, states_of
from annotations.selection import InvalidSelection
from annotations.session_file import InvalidFile, change_of, form_of
from annotations.sheet import InvalidSheet
from rubricstudio.api import TokenRequest, api_project
from rubricstudio.domain.assignment import InvalidSample
from rubricstudio.domain.formats.lines import clean, clean_json
from rubricstudio.http import load_membership
from rubricstudio.models import Project, User
from rubricstudio.permissions import Permission, may

router = Router(tags=["sessions"])
Described = Annotated[dict[str, Any], Body(...)]


class Slice(Schema):
    """`after` is the `next` of the page before."""

    after: Annotated[int, Field(ge=0, lt=2**31)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 50


def user_of(request: HttpRequest) -> User:
    """Whose token it is."""
    return cast(TokenRequest, request).user


def add_handlers(api: NinjaAPI) -> None:
    """Answer what actions refuse: 422 for what is wrong in a body, 409 for a state that forbids."""

    def refused(status: int) -> Any:
        def handle(request: HttpRequest, error: Exception) -> HttpResponse:
            body = {"detail": str(error), "problems": _problems(error)}
            return api.create_response(request, body, status=status)

        return handle

    api.add_exception_handler(AnnotationError, refused(409))
    api.add_exception_handler(NotInSession, refused(403))
    for error in (InvalidSession, InvalidSelection, InvalidSample, InvalidFile, InvalidSheet):
        api.add_exception_handler(error, refused(422))
    api.add_exception_handler(IncompleteSheet, refused(422))


def _problems(error: Exception) -> dict[str, str]:
    """What to do, by the key of a question or the name of a setting."""
    if isinstance(error, InvalidSession):
        return {error.field: str(error)} if error.field else {}
    if isinstance(error, InvalidSheet | IncompleteSheet):
        return dict(error.problems)
    problems: dict[str, str] = {}
    for line in error.problems if isinstance(error, InvalidFile) else ():
        name, _, text = line.partition(": ")
        problems[name] = f"{problems[name]} {text}" if name in problems else text
    return problems


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
            "stage": session.stage,
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


def session_row(session: Session, user: User) -> dict[str, Any]:
    """A session for those who see everybody's work."""
    return _rows([session], user, sees_all=True)[0]


# -- operations


@router.get(
    "/projects/{slug}/sessions",
    response={200: SessionPage, **READ},
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
    response={201: SessionOut, **WRITE},
    summary="Set up a session, a draft; a name that is taken is refused with 409",
    description=NEW_SESSION,
)
def create_session(request: HttpRequest, slug: str, body: Described) -> Status[dict[str, Any]]:
    project, user = api_project(request, slug, Permission.MANAGE_SESSIONS), user_of(request)
    wanted = form_of(project, _clean(body)).wanted()
    with _conflict_of_names():
        made = actions.create_wanted(project=project, wanted=wanted, by=user)
    return Status(201, session_row(made, user))


def _clean(body: dict[str, Any]) -> dict[str, Any]:
    """The body without what PostgreSQL cannot hold. Raises HttpError where it is too deep."""
    try:
        return cast(dict[str, Any], clean_json(body))
    except ValueError as error:
        raise HttpError(422, str(error)) from error


@contextmanager
def _conflict_of_names() -> Iterator[None]:
    """409 for a name that is taken. Names are looked at before, so nothing else is left to say."""
    try:
        yield
    except InvalidSession as error:
        if error.field == "name":
            raise HttpError(409, str(error)) from error
        raise
    except IntegrityError as error:
        raise HttpError(409, "A session of this name was made at the same moment.") from error


@router.get(
    "/projects/{slug}/sessions/{session_id}",
    response={200: SessionWhole, **READ},
    summary="A session",
)
def get_session(request: HttpRequest, slug: str, session_id: int) -> dict[str, Any]:
    project, sees_all = _project(request, slug)
    session, user = _session(request, project, session_id, sees_all), user_of(request)
    place = find_place(project, session_id, user)
    return {
        **_rows([session], user, sees_all=sees_all)[0],
        "instructions": session.instructions,
        "comment_rules": session.comment_rules,
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


@router.patch(
    "/projects/{slug}/sessions/{session_id}",
    response={200: SessionOut, **WRITE},
    summary="Change settings; what is left out stays",
    description=CHANGE,
)
def edit_session(
    request: HttpRequest, slug: str, session_id: int, body: Described
) -> dict[str, Any]:
    project, user = api_project(request, slug, Permission.MANAGE_SESSIONS), user_of(request)
    session = load_session(project, session_id)
    wanted = change_of(session, _clean(body))
    with _conflict_of_names():
        actions.edit_wanted(session=session, wanted=wanted, by=user)
    return session_row(load_session(project, session_id), user)


@router.post(
    "/projects/{slug}/sessions/{session_id}/clone",
    response={201: SessionOut, **WRITE},
    summary="Copy a session: a draft with its settings, people and items",
)
def clone_session(
    request: HttpRequest, slug: str, session_id: int, body: CloneIn | None = None
) -> Status[dict[str, Any]]:
    project, user = api_project(request, slug, Permission.MANAGE_SESSIONS), user_of(request)
    asked = body or CloneIn()
    session, name = load_session(project, session_id), clean(asked.name).strip()
    with _conflict_of_names():
        made = actions.clone_session(
            session=session, by=user, name=name, same_responses=not asked.anew
        )
    return Status(201, session_row(made, user))


@router.get(
    "/projects/{slug}/sessions/{session_id}/items",
    response={200: ItemPage, **READ},
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
