"""Who works here: queues, workers, and what they compute on."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.worker_page import worker_page


@never_cache
@project_view(Permission.RUN_JUDGES)
@require_safe
def workers(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """The workers of the installation, for whoever lets judges work on them."""
    context = {"tab": "runs", "page": worker_page()}
    return partial(request, "scoring/workers.html", "workers-live", context)
