"""Who else has a draft open, and in which row: signs of life in the cache."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from rubricstudio.actions.presence import others_here
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.views.rubrics import load_rubric


@project_view(Permission.AUTHOR)
@require_GET
def rubric_presence(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The others who edit it now. Asking says that one is here too, in the row `row`."""
    rubric = load_rubric(project, rubric_id)
    if not request.htmx:
        return redirect(rubric)
    given = request.GET.get("row", "")
    row = int(given) if given.isdecimal() and len(given) < 19 else None
    others = others_here(rubric=rubric, by=request.user, row=row)
    context = {"rubric": rubric, "others": others}
    return render(request, "rubricstudio/rubric.html#presence", context)
