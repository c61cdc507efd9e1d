"""The items of a session for its managers, and what annotators know about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from annotations.actions import distribute
from annotations.actions.distribute import DEALT, Given
from annotations.actions.expertise import set_expertise
from annotations.actions.order import refresh_order
from annotations.errors import AnnotationError
from annotations.loaders import load_session
from annotations.models import Order, Session
from annotations.queries.choices import candidate_annotators, tags_of
from annotations.queries.flags import notes_of
from annotations.queries.items import item_rows, person_rows
from annotations.queries.people import expertise_rows
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project, User
from rubricstudio.permissions import Permission


def whole_number(raw: str) -> int | None:
    """What was sent as a number, None for nonsense."""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 18 else None


def _numbers(request: ProjectRequest, name: str) -> list[int]:
    sent = (whole_number(raw) for raw in request.POST.getlist(name)[:1000])
    return [number for number in sent if number is not None]


@project_view(Permission.MANAGE_SESSIONS)
def items(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    session = load_session(project, session_id)
    after = whole_number(request.GET.get("after", ""))
    with_room = "room" in request.GET
    position = -1 if after is None else min(after, 2**31 - 1)
    rows, older = item_rows(session, with_room=with_room, after=position)
    context = {
        "session": session,
        "items": rows,
        "people": person_rows(session),
        "after": position,
        "older": older,
        "with_room": with_room,
        "is_dealt": session.strategy in DEALT,
        "is_uncertain": session.order == Order.UNCERTAIN,
        "notes": notes_of(session),
    }
    return render(request, "annotations/items.html", context)


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def items_change(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    session = load_session(project, session_id)
    change = _CHANGES.get(request.POST.get("do", ""))
    if change is None:
        messages.error(request, _("Choose what to do with the items."))
    else:
        try:
            messages.success(request, change(request, session))
        except AnnotationError as error:
            messages.error(request, str(error))
    query = request.GET.urlencode()
    address = reverse("annotations:items", args=[project.slug, session_id])
    return redirect(f"{address}?{query}" if query else address)


def _give(request: ProjectRequest, session: Session) -> str:
    chosen = {"items": _numbers(request, "item"), "raters": _numbers(request, "person")}
    return _said(distribute.give(session=session, **chosen, by=request.user))


def _said(given: Given) -> str:
    parts = [
        ngettext("%(n)d place given.", "%(n)d places given.", given.given) % {"n": given.given}
    ]
    for n, text in (
        (given.had_already, _("Had already: %(n)d.")),
        (given.without_room, _("Without a free place: %(n)d.")),
        (given.over_limit, _("Over a person's limit: %(n)d.")),
    ):
        if n:
            parts.append(text % {"n": n})
    return " ".join(parts)


def _take_back(request: ProjectRequest, session: Session) -> str:
    n = distribute.take_back(session=session, items=_numbers(request, "item"), by=request.user)
    return ngettext("%(n)d place taken back.", "%(n)d places taken back.", n) % {"n": n}


def _set(**changes: bool) -> Callable[[ProjectRequest, Session], str]:
    def change(request: ProjectRequest, session: Session) -> str:
        chosen = _numbers(request, "item")
        n = distribute.set_items(session=session, items=chosen, by=request.user, **changes)
        return ngettext("%(n)d item changed.", "%(n)d items changed.", n) % {"n": n}

    return change


def _deal(request: ProjectRequest, session: Session) -> str:
    shares = distribute.deal_again(session=session, by=request.user)
    n, left = len(shares.pairs), sum(shares.left.values())
    text = ngettext("%(n)d place given.", "%(n)d places given.", n) % {"n": n}
    return text + (" " + _("Nobody could take %(n)d more.") % {"n": left} if left else "")


def _refresh(request: ProjectRequest, session: Session) -> str:
    refresh_order(session=session, by=request.user)
    return _("The order follows the verdicts there are now.")


_CHANGES: dict[str, Callable[[ProjectRequest, Session], str]] = {
    "give": _give,
    "take-back": _take_back,
    "must-answer": _set(must_answer=True),
    "may-skip": _set(must_answer=False),
    "close": _set(is_closed=True),
    "open": _set(is_closed=False),
    "deal": _deal,
    "refresh": _refresh,
}


@project_view(Permission.ANNOTATE)
def expertise(request: ProjectRequest, project: Project) -> HttpResponseBase:
    sees_all = request.may(Permission.MANAGE_MEMBERS)
    shown = [p for p in candidate_annotators(project) if sees_all or p.pk == request.user.pk]
    typed: dict[int, str] = {}
    problem: dict[str, Any] = {}
    if request.method == "POST":
        person = whole_number(request.POST.get("person", ""))
        user = next((one for one in shown if one.pk == person), None)
        raw = request.POST.get("tags", "").replace("\x00", "")
        try:
            _keep(request, project, user, raw)
            return redirect("annotations:expertise", project.slug)
        except AnnotationError as error:
            typed, problem = {person or 0: raw}, {"person": person, "text": str(error)}
    tags = expertise_rows(project.pk, [one.pk for one in shown])
    rows = [(one, typed.get(one.pk, ", ".join(tags.get(one.pk, [])))) for one in shown]
    context = {"rows": rows, "problem": problem, "tags": tags_of(project), "sees_all": sees_all}
    status = 422 if problem else 200
    return render(request, "annotations/expertise.html", context, status=status)


def _keep(request: ProjectRequest, project: Project, user: User | None, raw: str) -> None:
    """Save what was sent. Raises InvalidExpertise, also for a person who is not on the page."""
    tags = raw.replace("\n", ",").split(",")
    saved = set_expertise(project=project, user=user or User(), tags=tags, by=request.user)
    n = len(saved.tags)
    messages.success(request, ngettext("%(n)d tag saved.", "%(n)d tags saved.", n) % {"n": n})
