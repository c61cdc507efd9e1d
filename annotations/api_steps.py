"""The steps of a session over the HTTP API. Each can be sent again without harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router

from annotations import actions
from annotations.actions import calibration, reminders
from annotations.api import session_row, user_of
from annotations.api_schemas import WRITE, RevealIn, SessionOut, StepOut
from annotations.errors import NotPossible
from annotations.loaders import load_session
from annotations.models import Session, SessionStatus
from annotations.states import SESSION_STEPS
from rubricstudio.api import api_project
from rubricstudio.permissions import Permission

router = Router(tags=["sessions"])
ACTIONS = {
    "activate": actions.activate,
    "pause": actions.pause,
    "complete": actions.complete,
}
REACHED = {name: state for steps in SESSION_STEPS.values() for name, state in steps.items()}


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
    row = session_row(after, user)
    return row | {"told": list(told.mailed), "not_told": list(told.failed)}


@router.post(
    "/projects/{slug}/sessions/{session_id}/activate",
    response={200: StepOut, **WRITE},
    summary="Open a session; its annotators are mailed when it starts",
)
def activate(request: HttpRequest, slug: str, session_id: int) -> dict[str, Any]:
    return _changed(request, slug, session_id, "activate")


@router.post(
    "/projects/{slug}/sessions/{session_id}/pause",
    response={200: StepOut, **WRITE},
    summary="Hand out and take in nothing for a while; drafts are kept",
)
def pause(request: HttpRequest, slug: str, session_id: int) -> dict[str, Any]:
    return _changed(request, slug, session_id, "pause")


@router.post(
    "/projects/{slug}/sessions/{session_id}/complete",
    response={200: StepOut, **WRITE},
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


# -- calibration rounds


def _moved(
    request: HttpRequest, slug: str, session_id: int, step: Callable[..., Session], **how: bool
) -> dict[str, Any]:
    project, user = api_project(request, slug, Permission.MANAGE_SESSIONS), user_of(request)
    step(session=load_session(project, session_id), by=user, **how)
    return session_row(load_session(project, session_id), user)


@router.post(
    "/projects/{slug}/sessions/{session_id}/reveal",
    response={200: SessionOut, **WRITE},
    summary="End the first vote of a calibration round and show it to those who took part",
)
def reveal(
    request: HttpRequest, slug: str, session_id: int, body: RevealIn | None = None
) -> dict[str, Any]:
    despite_missing = body is not None and body.despite_missing
    return _moved(request, slug, session_id, calibration.reveal, despite_missing=despite_missing)


@router.post(
    "/projects/{slug}/sessions/{session_id}/vote-again",
    response={200: SessionOut, **WRITE},
    summary="End the discussion of a calibration round and open the second vote",
)
def vote_again(request: HttpRequest, slug: str, session_id: int) -> dict[str, Any]:
    return _moved(request, slug, session_id, calibration.vote_again)
