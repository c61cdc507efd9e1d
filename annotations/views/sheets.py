"""The annotation page, its drafts and its submission."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotations import actions
from annotations.actions.sheets import stored_sheet
from annotations.cards import Typed, cards, fields_of, read_sheet
from annotations.compare_cards import fields_of_comparison, read_comparison
from annotations.errors import AnnotationError, DraftConflict, IncompleteSheet
from annotations.loaders import Place, load_assignment, load_place
from annotations.models import Assignment, AssignmentStatus, ItemKind
from annotations.queries.beside import beside
from annotations.queries.calibration import own_votes
from annotations.queries.comparisons import comparison_of, is_compared
from annotations.queries.queue import queue_progress
from annotations.queries.sheets import criteria_of
from annotations.queries.workplace import workplace
from annotations.sheet import Sheet
from annotations.views.activity import take_along
from annotations.views.compare_page import compare_page
from annotations.views.item_page import ItemPage
from annotations.views.own import is_own, someone_else
from annotations.views.queue import go_on
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.rendering import markdown


@project_view(Permission.ANNOTATE)
def annotate(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    assignment = load_assignment(load_place(project, session_id, request.user), item_id)
    if assignment.status == AssignmentStatus.SKIPPED:
        messages.info(request, _("You skipped this item. Take it up again to judge it."))
        return redirect("annotations:queue", project.slug, session_id)
    return _page(ItemPage(request, assignment, Typed(stored_sheet(assignment))))


def _page(page: ItemPage) -> HttpResponse:
    """The page of an item, by what its session asks."""
    if is_compared(page.session):
        return compare_page(page)
    work, typed = workplace(page.assignment), page.typed
    specific = {
        "rows": cards(
            work.rubric, typed.sheet, problems=typed.problems, raw=typed.raw, others=page.others
        ),
        "response": None if work.text is None else _response(work.text, page.images),
        "images": page.images,
        "beside": beside(page.assignment),
        # A carriage return of its own would come back from the page as a line feed.
        "plain": mark_safe(escape(work.text or "").replace("\r", "&#13;")),
        "quote_words": json.dumps(_quote_words()),
        "read_label": _("Response"),
        "answers_label": _("Criteria"),
        "open_text": _("Some criteria are still open."),
        "comment_label": _("Comment on the whole response"),
        "votes": (
            own_votes(page.session, page.assignment.rater_id) if page.session.revealed_at else None
        ),
    }
    return page.render("annotations/annotate.html", specific, work)


def _quote_words() -> dict[str, str]:
    """What evidence.js says, which draws what a page without scripts has in plain fields."""
    return {
        "add": _("Quote for criterion {n}"),
        "paste": _("Write or paste a quote, then press Enter"),
        "remove": _("Remove the quote"),
        "lost": _("Not in the response"),
        "go": _("Show in the response"),
        "added": _("Quoted"),
    }


@lru_cache(maxsize=32)
def _response(text: str, images: str) -> SafeString:
    """A response for reading and quoting; its several annotators meet it one after another."""
    return markdown(text, images=images, places=True)


def read_answers(request: ProjectRequest, assignment: Assignment) -> Typed:
    """What the page of an item sent."""
    session = assignment.item.session
    if is_compared(session):
        return read_comparison(request.POST, comparison_of(assignment))
    return read_sheet(request.POST, criteria_of(session))


def _fields(assignment: Assignment, sheet: Sheet) -> list[tuple[str, str]]:
    """The fields of an item's page that hold a sheet."""
    session = assignment.item.session
    if is_compared(session):
        return fields_of_comparison(comparison_of(assignment), sheet)
    return fields_of(criteria_of(session), sheet)


def _asks_for_json(request: ProjectRequest) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _revision(request: ProjectRequest) -> int:
    """The draft version the page was made from; nonsense counts as the oldest."""
    raw = request.POST.get("revision", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else -1


@project_view(Permission.ANNOTATE)
@require_POST
def draft(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    assignment = load_assignment(load_place(project, session_id, request.user), item_id)
    if not is_own(request):
        return someone_else()
    typed = read_answers(request, assignment)
    try:
        saved = actions.save_draft(
            assignment=assignment,
            sheet=typed.sheet,
            by=request.user,
            version=_revision(request),
            tab=request.POST.get("tab", "")[:40],
        )
    except DraftConflict as error:
        merged = Typed(error.merge.sheet)
        if _asks_for_json(request):
            return JsonResponse({"message": str(error)}, status=409)
        return _page(ItemPage(request, assignment, merged, conflict=error, status=409))
    except AnnotationError as error:
        if _asks_for_json(request):
            return JsonResponse({"message": str(error)}, status=422)
        return _page(ItemPage(request, assignment, typed, status=422, note=str(error)))
    return _saved(request, saved, typed)


def _saved(request: ProjectRequest, saved: Assignment, typed: Typed) -> HttpResponseBase:
    """The reply to a draft that was kept, except for what could not be read."""
    if not _asks_for_json(request):
        if typed.problems:
            return _page(ItemPage(request, saved, typed, status=422))
        messages.success(request, _("Saved. It is not submitted yet."))
        slug = saved.item.session.round.project.slug
        return redirect("annotations:annotate", slug, saved.item.session_id, saved.item_id)
    stored = stored_sheet(saved)
    reply: dict[str, Any] = {"revision": str(saved.draft_version)}
    if not stored.same_as(typed.sheet):
        # Another tab had answered what was blank here.
        reply["entries"] = _fields(saved, stored)
    if typed.problems:
        reply["message"] = next(iter(typed.problems.values()))
        return JsonResponse(reply, status=422)
    return JsonResponse(reply)


@project_view(Permission.ANNOTATE)
@require_POST
def submit(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    place = load_place(project, session_id, request.user)
    assignment = load_assignment(place, item_id)
    if not is_own(request):
        return someone_else()
    typed = read_answers(request, assignment)
    if typed.problems:
        return _page(ItemPage(request, assignment, typed, status=422))
    is_timed = take_along(request, assignment)
    try:
        done = actions.submit_or_keep(
            assignment=assignment,
            sheet=typed.sheet,
            by=request.user,
            version=_revision(request),
            tab=request.POST.get("tab", "")[:40],
            reason=request.POST.get("reason", "").replace("\x00", "").strip()[:2000],
        )
    except DraftConflict as error:
        return _page(
            ItemPage(request, assignment, Typed(error.merge.sheet), conflict=error, status=409)
        )
    except IncompleteSheet as error:
        return _refused(request, assignment, error)
    except AnnotationError as error:
        if _asks_for_json(request):
            return JsonResponse({"message": str(error)}, status=422)
        messages.error(request, str(error))
        return redirect("annotations:annotate", project.slug, session_id, item_id)
    if assignment.item.kind == ItemKind.TRAINING:
        following = redirect("annotations:feedback", project.slug, session_id, item_id)
    else:
        following = go_on(request, place)
    # Without the newest events the time may be longer than it looks.
    is_warned = is_timed and done.is_too_fast and place.session.warns_of_pace
    note = _pace_note(assignment) if is_warned else ""
    if not _asks_for_json(request):
        if note:
            messages.warning(request, note)
        return following
    # The next page may have been fetched before this submit, and be one behind.
    reply = {"next": following.url, "count": _count(place)}
    return JsonResponse(reply | {"note": note} if note else reply)


def _pace_note(assignment: Assignment) -> str:
    if assignment.item.kind == ItemKind.QUALIFICATION:
        return _("Submitted. That was quicker than the text can be read. Take the time you need.")
    return _(
        "Submitted. That was quicker than the text can be read. If you have not read all of it, "
        "you can still change your answers: open the item from your queue."
    )


def _count(place: Place) -> str:
    progress = queue_progress(place.session, place.rater_id)
    return _("%(done)s / %(total)s · %(skipped)s skipped") % {
        "done": progress.submitted,
        "total": progress.total,
        "skipped": progress.skipped,
    }


def _refused(
    request: ProjectRequest, assignment: Assignment, error: IncompleteSheet
) -> HttpResponse:
    """The page again, with a word at each criterion that lacks something; the draft is kept."""
    assignment.refresh_from_db(fields=["draft", "draft_version", "comment", "status"])
    kept = Typed(stored_sheet(assignment), error.problems)
    return _page(ItemPage(request, assignment, kept, status=422, note=str(error)))
