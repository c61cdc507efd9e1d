"""The page that sets up a session of pairs or rankings."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import redirect, render

from annotations import actions
from annotations.errors import AnnotationError, InvalidSession
from annotations.forms_compare import ComparisonForm
from annotations.queries.choices import published_versions, responses_with_text
from annotations.selection import InvalidSelection
from rubricstudio.domain.assignment import InvalidSample
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission


@project_view(Permission.MANAGE_SESSIONS)
def compare_new(request: ProjectRequest, project: Project) -> HttpResponseBase:
    form = ComparisonForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(
                actions.create_wanted(project=project, wanted=form.wanted(), by=request.user)
            )
        except (AnnotationError, InvalidSelection, InvalidSample) as error:
            field = error.field if isinstance(error, InvalidSession) else ""
            form.add_error(field if field in form.fields else None, str(error))
    context = {
        "form": form,
        "can_start": published_versions(project).exists() and responses_with_text(project) > 1,
    }
    status = 422 if form.errors else 200
    return render(request, "annotations/compare_new.html", context, status=status)
