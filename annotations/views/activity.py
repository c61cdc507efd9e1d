"""Takes in what a browser noticed of a person at work."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_POST

from annotations import actions
from annotations.activity_form import ActivityForm
from annotations.loaders import load_assignment, load_place
from annotations.models import Assignment
from annotations.views.own import is_own, someone_else
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission


def take_along(request: ProjectRequest, assignment: Assignment) -> bool:
    """Keep the events that came with a submit; whether there were any that can be read.

    What cannot be read is left: the answers matter more.
    """
    form = ActivityForm(request.POST, prefix="activity")
    if not form.is_valid():
        return False
    events, sent_at = form.read()
    actions.record_activity(assignment=assignment, events=events, sent_at=sent_at, by=request.user)
    return True


@project_view(Permission.ANNOTATE)
@require_POST
def activity(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    assignment = load_assignment(load_place(project, session_id, request.user), item_id)
    if not is_own(request):
        return someone_else()
    form = ActivityForm(request.POST)
    if not form.is_valid():
        first = next(iter(form.errors.values()))
        return JsonResponse({"message": str(first[0])}, status=422)
    events, sent_at = form.read()
    actions.record_activity(assignment=assignment, events=events, sent_at=sent_at, by=request.user)
    return HttpResponse(status=204)
