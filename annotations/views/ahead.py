"""Which item comes after the one before a person, so that their browser can fetch it."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from annotations import actions
from annotations.errors import AnnotationError
from annotations.loaders import load_assignment, load_place
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission


@project_view(Permission.ANNOTATE)
@require_POST
def ahead(
    request: ProjectRequest, project: Project, session_id: int, item_id: int
) -> HttpResponseBase:
    assignment = load_assignment(load_place(project, session_id, request.user), item_id)
    try:
        following = actions.reserve_ahead(assignment=assignment, by=request.user)
    except AnnotationError:
        following = None
    if following is None:
        return HttpResponse(status=204)
    until = following.reserved_until
    address = [project.slug, session_id, following.item_id]
    return JsonResponse(
        {
            "url": reverse("annotations:annotate", args=address),
            "number": following.item.position + 1,
            "until": until.isoformat() if until else None,
        }
    )
