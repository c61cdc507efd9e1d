"""The consensus of people in chosen rounds, counted."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations.adjudication import METHODS, read_asked
from annotations.consensus_report import tallies
from annotations.queries.consensus import people_consensus
from rubricstudio.domain.consensus import Method
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission


@project_view(Permission.SEE_RESULTS)
@require_safe
def consensus(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """How many units have a consensus, by which method, and how they came by it."""
    asked = read_asked(project, request.GET)
    named = request.GET.get("method", "")
    method = Method(named) if named in list(Method) else Method.MAJORITY
    rows = tallies(people_consensus(asked.scope.ids, method)) if asked.scope.rounds else []
    context = {
        "asked": asked,
        "methods": METHODS.items(),
        "method": method,
        "all": rows[0] if rows else None,
        "rows": rows[1:],
        "tab": "compare",
    }
    return render(request, "annotations/consensus.html", context)
