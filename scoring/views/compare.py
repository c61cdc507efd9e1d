"""People and judges compared: agreement, disagreements, scores."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from annotations.queries.blind import blind_responses
from rubricstudio.domain.aggregation import UnfitRubric
from rubricstudio.domain.verdict import Quote
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.compare_page import (
    Chosen,
    agreement_page,
    read_choice,
    read_judge,
    read_unit,
    whole_numbers,
)
from scoring.figures import highlighted
from scoring.queries.comparison import compared
from scoring.queries.disagreements import (
    Disagreement,
    Unit,
    disagreements,
    one_disagreement,
)
from scoring.queries.exports import Wanted, plan_scoring
from scoring.queries.pins import UnknownVersion
from scoring.queries.score_means import Scores, scores
from scoring.queries.selection import Selection
from scoring.reports import comparison_sheets
from scoring.score_page import MISSING_POLICIES, aggregators_to_choose, scores_page
from scoring.score_reports import means_sheet, responses_sheet
from scoring.sheets import Sheet, csv_lines


@project_view(Permission.SEE_RESULTS)
@require_safe
def compare(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Agreement among people and of judges with them; ?format=csv&table=... downloads a table."""
    choice = read_choice(project, request.GET)
    found = compared(choice.material())
    floor = settings.AGREEMENT_FLOOR
    if request.GET.get("format") == "csv":
        sheets = comparison_sheets(found, floor)
        return _csv(project, sheets, request.GET.get("table", "people"))
    page = agreement_page(found, request.GET.get("judge", ""), floor)
    return render(
        request,
        "scoring/compare.html",
        {"choice": choice, "page": page, "found": found, "floor": floor, "tab": "compare"},
    )


def _csv(project: Project, sheets: dict[str, Sheet], name: str) -> HttpResponseBase:
    if name not in sheets:
        raise Http404
    file = f"{slugify(project.slug)}-{name}.csv"
    return StreamingHttpResponse(
        csv_lines(sheets[name]),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


@project_view(Permission.SEE_RESULTS)
@require_safe
def disagreement_list(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Where a judge and the people's majority differ, ten at a time."""
    choice = read_choice(project, _verdicts_only(request.GET))
    material = choice.material()
    judge = read_judge(material.judges, request.GET.get("judge", ""))
    criterion = next(iter(whole_numbers([request.GET.get("criterion", "")])), None)
    firm = request.GET.get("firm") == "on"
    page = None
    if judge is not None and material.people:
        page = disagreements(
            material,
            judge,
            user=request.user,
            criterion=criterion,
            firm=firm,
            after=read_unit(request.GET.get("after", "")),
            before=read_unit(request.GET.get("before", "")),
        )
    context = {"choice": choice, "material": material, "judge": judge, "page": page}
    context |= {"criterion": criterion, "firm": firm, "tab": "compare"}
    context["page_query"] = _without(request.GET, "after", "before")
    return render(request, "scoring/compare_disagreements.html", context)


def _verdicts_only(asked: QueryDict) -> QueryDict:
    """Preferences have no list of disagreements: the address of one shows verdicts."""
    kept = asked.copy()
    kept.pop("what", None)
    return kept


def _without(asked: QueryDict, *names: str) -> str:
    """The query string less these parameters."""
    kept = asked.copy()
    for name in names:
        kept.pop(name, None)
    return kept.urlencode()


@project_view(Permission.SEE_RESULTS)
@require_safe
def disagreement(
    request: ProjectRequest, project: Project, response_id: int, criterion_id: int
) -> HttpResponseBase:
    """One response with everything said on one criterion, quotes marked in the text."""
    choice = read_choice(project, _verdicts_only(request.GET))
    if response_id in blind_responses(project, request.user):
        raise PermissionDenied
    material = choice.material()
    judge = read_judge(material.judges, request.GET.get("judge", ""))
    found = one_disagreement(material, judge, Unit(response_id, criterion_id))
    if found is None:
        raise Http404
    context = {"choice": choice, "row": found, "judge": judge, "tab": "compare"}
    context["pieces"] = highlighted(found.response.text or "", _quotes(found))
    return partial(request, "scoring/compare_disagreement.html", "response", context)


def _quotes(found: Disagreement) -> list[Quote]:
    """Everything that people and the judge cite from the response."""
    return [
        Quote(**quote) for said in (*found.people, *found.judge) for quote in said.verdict.evidence
    ]


@project_view(Permission.SEE_RESULTS)
@require_safe
def score_list(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Mean scores by source for each judge and the people; ?format=csv downloads them."""
    choice = read_choice(project, _verdicts_only(request.GET))
    as_csv = request.GET.get("format") == "csv"
    found, problem = None, ""
    try:
        found = _scores(project, choice, request.GET, with_rows=as_csv)
    except (UnknownVersion, UnfitRubric) as error:
        problem = str(error)
    if found is not None and as_csv:
        sheets = {"means": means_sheet(found), "responses": responses_sheet(found)}
        return _csv(project, sheets, request.GET.get("table", "means"))
    context = {
        "choice": choice,
        "problem": problem,
        "page": scores_page(found) if found else None,
        "aggregators": aggregators_to_choose(),
        "policies": MISSING_POLICIES,
        "scores": found,
        "page_query": _without(request.GET, "format", "table"),
        "tab": "compare",
    }
    return render(request, "scoring/compare_scores.html", context, status=422 if problem else 200)


def _scores(project: Project, choice: Chosen, asked: QueryDict, *, with_rows: bool) -> Scores:
    """Scores of the chosen rounds as the address asks. Raises UnknownVersion, UnfitRubric."""
    selection: Selection = choice.selection
    wanted = Wanted(
        sessions=tuple(row.name for row in selection.people),
        runs=tuple(row.name for row in selection.judges),
        aggregator=asked.get("aggregator", ""),
        missing=asked.get("missing") or MISSING_POLICIES[0],
    )
    everyone = with_rows or asked.get("everyone") == "on"
    return scores(plan_scoring(project, wanted), individuals=everyone, with_rows=with_rows)
