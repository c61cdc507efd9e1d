"""How far people agree among themselves, while a session runs and after."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.agreement_page import agreement_page, read_asked
from scoring.agreement_reports import agreement_json, agreement_sheet
from scoring.queries.people import By, may_see_sources
from scoring.sheets import csv_lines


@project_view(Permission.SEE_RESULTS)
@require_safe
def agreement(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Agreement among people; ?format=csv downloads the shown table, ?format=json everything."""
    asked = read_asked(project, request.GET)
    form = request.GET.get("format", "")
    floor = settings.AGREEMENT_FLOOR
    people = asked.people()
    sources = may_see_sources(asked.rounds, request.user)
    name = f"{slugify(project.slug)}-agreement"
    if form == "csv":
        sheet = agreement_sheet(people, asked.by, floor, sources=sources)
        return _download(
            StreamingHttpResponse(csv_lines(sheet), content_type="text/csv; charset=utf-8"),
            f"{name}-{asked.by}.csv",
        )
    if form == "json":
        found = agreement_json(people, list(By), floor, sources=sources)
        return _download(JsonResponse(found), f"{name}.json")
    if form:
        raise Http404
    page = None
    if people.answers.table.n_units:
        page = agreement_page(people, asked, floor=floor, sources=sources)
    context = {"asked": asked, "people": people, "page": page, "floor": floor}
    return render(
        request,
        "scoring/agreement.html",
        context | {"sources": sources, "by": str(asked.by), "tab": "compare"},
    )


def _download(
    response: HttpResponse | StreamingHttpResponse, file: str
) -> HttpResponse | StreamingHttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
