"""Trying a criterion's program on a text or on a response. Nothing is stored."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_http_methods

from rubricstudio.forms.programs import TryForm
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Criterion, Project, Rubric
from rubricstudio.permissions import Permission
from rubricstudio.program_page import listed_checks, tried
from rubricstudio.queries.program_responses import choices, response_to_try
from rubricstudio.queries.rubrics import criterion_of
from rubricstudio.views.rubrics import load_rubric

PAGE = "rubricstudio/program.html"


@project_view(Permission.AUTHOR)
@require_http_methods(["GET", "HEAD", "POST"])
def criterion_program(
    request: ProjectRequest, project: Project, rubric_id: int, criterion_id: int
) -> HttpResponseBase:
    """The program of a criterion and what it says of a text; htmx gets the part that changes."""
    rubric = load_rubric(project, rubric_id)
    row = criterion_of(rubric, criterion_id)
    if row is None or row.is_group:
        raise Http404
    form = TryForm(request.POST or None, initial={"program": row.program}, auto_id=f"p{row.pk}-%s")
    context = _context(rubric, row, form)
    context["box"] = "box" in request.GET
    if request.method != "POST":
        return partial(request, PAGE, "box", context)
    fragment = "responses" if "find" in request.POST else "outcome"
    failed = form.is_bound and not form.is_valid()
    return partial(request, PAGE, fragment, context, status=422 if failed else 200)


def _context(rubric: Rubric, row: Criterion, form: TryForm) -> dict[str, Any]:
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    chosen = response_to_try(rubric, given.get("response"))
    text = chosen.text if chosen else given.get("text", "")
    program = given.get("program", "")
    looks = program.strip() and "find" not in form.data
    return {
        "rubric": rubric,
        "row": row,
        "form": form,
        "chosen": chosen,
        "gone": given.get("response") is not None and chosen is None,
        "choices": choices(rubric, search=given.get("q", ""), after=given.get("after", "")),
        "tried": tried(program, text, row.as_criterion().scale) if looks else None,
        "checks": listed_checks(),
    }
