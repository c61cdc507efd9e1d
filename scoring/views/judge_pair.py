"""Two judges side by side: how they are set, and how far they agree."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.judge_pair_page import pair_page
from scoring.queries.judge_pair import differences, judge_pair
from scoring.queries.runs import judges_of


@project_view(Permission.SEE_RESULTS)
@require_safe
def judge_compare(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """?first= and ?second= name two judges; without them the page asks which."""
    judges = judges_of(project)
    by_key = {str(judge.pk): judge for judge in judges}
    first, second = (by_key.get(request.GET.get(name, "")) for name in ("first", "second"))
    context: dict[str, Any] = {"tab": "runs", "judges": judges, "first": first, "second": second}
    if first is not None and second is not None and first != second:
        pair = judge_pair(first, second)
        context["differences"] = differences(first, second)
        context["page"] = pair_page(pair, settings.AGREEMENT_FLOOR) if pair else None
    return render(request, "scoring/judge_compare.html", context)
