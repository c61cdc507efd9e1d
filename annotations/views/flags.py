"""Flagging an item, settling flags, and keeping an item reserved."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotations import actions
from annotations.actions import flags as flagging
from annotations.errors import AnnotationError
from annotations.loaders import load_assignment, load_place, load_session
from annotations.models import Assignment
from annotations.queries.flags import flags_of, own_flags
from annotations.views.giving import whole_number
from annotations.views.sheets import read_answers
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission

LONGEST_NOTE = 4000


@project_view(Permission.ANNOTATE)
def flag(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    """The form of a flag. Posted from the annotation page it keeps the entries first."""
    assignment = load_assignment(load_place(project, session_id, request.user), item_id)
    error = ""
    if "revision" in request.POST:
        _keep_entries(request, assignment)
        return redirect("annotations:flag", project.slug, session_id, item_id)
    note = request.POST.get("note", "").replace("\x00", "").strip()[:LONGEST_NOTE]
    if request.method == "POST":
        try:
            flagging.flag(assignment=assignment, note=note, by=request.user)
            messages.success(request, _("Flagged. You can go on with the item."))
            return redirect("annotations:annotate", project.slug, session_id, item_id)
        except AnnotationError as refused:
            error = str(refused)
    context = {
        "session": assignment.item.session,
        "assignment": assignment,
        "flags": own_flags(item_id, assignment.rater_id),
        "note": note,
        "error": error,
        "longest": LONGEST_NOTE,
    }
    return render(request, "annotations/flag.html", context, status=422 if error else 200)


def _keep_entries(request: ProjectRequest, assignment: Assignment) -> None:
    """What is on the annotation page becomes the draft, as far as it can be read."""
    typed = read_answers(request, assignment)
    try:
        actions.save_draft(
            assignment=assignment,
            sheet=typed.sheet,
            by=request.user,
            version=whole_number(request.POST.get("revision", "")) or 0,
            tab=request.POST.get("tab", "")[:40],
        )
    except AnnotationError as error:
        messages.error(request, str(error))


@project_view(Permission.MANAGE_SESSIONS)
def flags(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    session = load_session(project, session_id)
    settled = "settled" in request.GET
    before = whole_number(request.GET.get("before", ""))
    rows, older = flags_of(session, settled=settled, before=before)
    context = {
        "session": session,
        "flags": rows,
        "older": older,
        "settled": settled,
        "before": before,
        "longest": LONGEST_NOTE,
    }
    return render(request, "annotations/flags.html", context)


@project_view(Permission.MANAGE_SESSIONS)
@require_POST
def flag_settle(
    request: ProjectRequest, project: Project, session_id: int, flag_id: int
) -> HttpResponseBase:
    session = load_session(project, session_id)
    answer = request.POST.get("answer", "").replace("\x00", "")[:LONGEST_NOTE]
    try:
        flagging.settle(session=session, flag_id=flag_id, answer=answer, by=request.user)
        messages.success(request, _("Settled."))
    except AnnotationError as error:
        messages.error(request, str(error))
    return redirect("annotations:flags", project.slug, session_id)


@project_view(Permission.ANNOTATE)
@require_POST
def renew(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    """Whether the item is still reserved for the person, who is at work on it."""
    assignment = load_assignment(load_place(project, session_id, request.user), item_id)
    return JsonResponse({"reserved": actions.renew(assignment=assignment, by=request.user)})
