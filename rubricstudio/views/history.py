"""Everything that happened to a rubric."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.queries.history import history_page, place_from
from rubricstudio.views.rubrics import load_rubric


@project_view(Permission.SEE_RUBRICS)
@require_GET
def history(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    before = place_from(request.GET.get("before", ""))
    page = history_page(rubric, seen_by=request.user, before=before)
    context = {"rubric": rubric, "page": page, "before": before}
    return render(request, "rubricstudio/history.html", context)
