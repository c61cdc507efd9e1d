"""What a session of comparisons found."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations.loaders import load_session
from annotations.queries.comparisons import is_compared
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.figures import figure
from scoring.queries.people import may_see_sources
from scoring.queries.wins import outcome_of


@project_view(Permission.SEE_RESULTS)
@require_safe
def wins(request: ProjectRequest, project: Project, session_id: int) -> HttpResponseBase:
    """Win rates of the sources, and how often the response shown first was preferred."""
    session = load_session(project, session_id)
    if not is_compared(session):
        raise Http404
    outcome, floor = outcome_of(session.pk), settings.AGREEMENT_FLOOR
    sources = may_see_sources([session.round], request.user)
    context = {
        "session": session,
        "outcome": outcome,
        "first": figure(outcome.first, floor),
        "rows": [(row, figure(row.rate, floor)) for row in outcome.sources] if sources else [],
        "sources": sources,
        "floor": floor,
    }
    return render(request, "scoring/wins.html", context)
