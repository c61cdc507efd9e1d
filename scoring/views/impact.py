"""What publishing a draft does to scores, for the page that asks before publishing."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.views.rubrics import load_rubric
from scoring.impact_page import impact_parts
from scoring.queries.impact import ROUNDS, score_impact


@project_view(Permission.SEE_RESULTS)
@require_safe
def impact(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """Verdicts by round, means and ranks of sources under the published version and the draft."""
    rubric = load_rubric(project, rubric_id)
    found = score_impact(rubric)
    context = {
        "rubric": rubric,
        "impact": found,
        "parts": impact_parts(found) if found else [],
        "most": ROUNDS,
        "tab": "rubrics",
    }
    return partial(request, "scoring/impact.html", "moves", context)
