"""What speaks against a judge before it runs, found by a worker."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.actions.checks import PAGE, ask_check_of_page, known_check
from scoring.loaders import load_judge
from scoring.queries.configuration import queue_of


@project_view(Permission.RUN_JUDGES)
@require_http_methods(["GET", "HEAD", "POST"])
def judge_check(request: ProjectRequest, project: Project, judge_id: int) -> HttpResponseBase:
    """POST checks the judge anew; GET is what is known of the check of ?code=, for htmx."""
    judge = load_judge(project, judge_id)
    if request.method == "POST" and queue_of(judge):
        check = ask_check_of_page(judge=judge)
    else:
        check = known_check(judge, request.GET.get("code", PAGE)[:40])
    if not request.htmx:
        return redirect(f"{judge.get_absolute_url()}#judge-check")
    context = {"judge": judge, "check": check, "asked": True}
    return render(request, "scoring/judge_check.html", context)
