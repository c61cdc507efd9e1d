"""How a session goes, for those who look after it."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import dashboard as page_of
from annotations.loaders import load_session
from annotations.queries.agreement_days import agreement_by_day
from annotations.queries.blind import blind_responses
from annotations.queries.pace import hasty_rows, people_pace
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission


@project_view(Permission.SEE_RESULTS)
@require_safe
def dashboard(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    """The counts; agreement reads every verdict, so it comes after the page or on request."""
    session = load_session(project, session_id)
    asked = request.GET.get("agreement") == "on"
    context = {
        "session": session,
        "floor": settings.AGREEMENT_FLOOR,
        "asked": asked,
        "agreement": agreement_by_day(session) if asked else None,
        "sheets": page_of.SHEET_NAMES.items(),
    }
    if not (asked and request.htmx):
        hidden = blind_responses(project, request.user)
        context["page"] = page_of.dashboard(session, hidden)
    template = "annotations/dashboard.html"
    if asked:
        return partial(request, template, "agreement-by-day", context)
    return partial(request, template, "dashboard-counts", context)


@project_view(Permission.SEE_RESULTS)
@require_safe
def pace(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    """The submissions that were too fast to have read the text, of everybody or one person."""
    session = load_session(project, session_id)
    raw = request.GET.get("annotator", "")
    person = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None
    total, rows = hasty_rows(session, blind_responses(project, request.user), person)
    context = {
        "session": session,
        "people": people_pace(session),
        "person": person,
        "total": total,
        "rows": rows,
    }
    return render(request, "annotations/pace.html", context)


@project_view(Permission.SEE_RESULTS)
@require_safe
def dashboard_csv(
    request: ProjectRequest, project: Project, session_id: int, table: str
) -> HttpResponseBase:
    """One table of the dashboard as a file, streamed."""
    session = load_session(project, session_id)
    found = page_of.sheet(session, table, settings.AGREEMENT_FLOOR)
    if found is None:
        raise Http404
    response = StreamingHttpResponse(
        page_of.csv_lines(found), content_type="text/csv; charset=utf-8"
    )
    name = f"{project.slug}-session-{session.pk}-{table}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
