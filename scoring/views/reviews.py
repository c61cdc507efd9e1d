"""Reviews of a rubric by a model: asked for, watched, read, compared with the one before."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotations.queries.blind import blind_responses
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project, Rubric
from rubricstudio.permissions import Permission
from rubricstudio.queries.rubrics import newest_version
from rubricstudio.views.rubrics import load_rubric
from scoring.actions import reviews as actions
from scoring.actions.reviews import QUEUE, ReviewNotPossible
from scoring.forms_preview import JudgeForm, PageForm
from scoring.loaders import load_review
from scoring.models import RubricReview
from scoring.queries import reviews as queries
from scoring.review_page import ReviewPage, review_page
from scoring.states import UNFINISHED
from scoring.waiting import waits_for

LIST = "scoring/reviews.html"
ONE = "scoring/review.html"


@project_view(Permission.SEE_RESULTS)
def reviews(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The history of a rubric's reviews; POST asks for one. The panel is a part of it."""
    rubric = load_rubric(project, rubric_id)
    if request.method == "POST":
        if not request.may(Permission.RUN_JUDGES):
            raise PermissionDenied
        return _ask(request, rubric)
    if request.htmx.target == "review-panel":
        return partial(request, LIST, "review-panel", _panel(request, rubric))
    form = PageForm(request.GET)
    where = form.cleaned_data if form.is_valid() else {}
    context = _panel(request, rubric) | {"rows": queries.reviews_page(rubric, **where)}
    return render(request, LIST, context)


def _panel(request: ProjectRequest, rubric: Rubric, problem: str = "") -> dict[str, Any]:
    newest = queries.newest_review(rubric)
    return {
        "rubric": rubric,
        "version": newest_version(rubric),
        "at": "preview",
        "reviewers": queries.reviewers(rubric.project),
        "page": _page(request, newest) if newest else None,
        "at_work": newest is not None and newest.status in UNFINISHED,
        "waits": _waits(newest),
        "outdated": newest is not None and queries.is_outdated(rubric, newest),
        "problem": problem,
    }


def _page(request: ProjectRequest, review: RubricReview) -> ReviewPage:
    blind = blind_responses(request.project, request.user) if review.responses else ()
    return review_page(review, queries.review_before(review), blind=blind)


def _waits(review: RubricReview | None) -> str:
    """What to say where nobody serves the queue that a review waits in."""
    return waits_for(QUEUE) if review is not None and review.status in UNFINISHED else ""


def _ask(request: ProjectRequest, rubric: Rubric) -> HttpResponse:
    form = JudgeForm(request.POST, judges=queries.reviewers(rubric.project).able)
    if not form.is_valid():
        return _refused(request, rubric, form.problem)
    try:
        review = actions.start_review(
            rubric=rubric,
            judge=form.cleaned_data["judge"],
            in_context=form.cleaned_data["in_context"],
            by=request.user,
        )
    except ReviewNotPossible as error:
        return _refused(request, rubric, str(error))
    if request.htmx.target == "review-panel":
        return partial(request, LIST, "review-panel", _panel(request, rubric))
    if review.status not in UNFINISHED:
        messages.info(request, _("This model has reviewed just these words already: here it is."))
    return redirect(review)


def _refused(request: ProjectRequest, rubric: Rubric, problem: str) -> HttpResponse:
    context = _panel(request, rubric, problem) | {"rows": queries.reviews_page(rubric)}
    return partial(request, LIST, "review-panel", context, status=422)


@project_view(Permission.SEE_RESULTS)
@require_safe
def review(
    request: ProjectRequest, project: Project, rubric_id: int, review_id: int
) -> HttpResponseBase:
    """One review, item by item, with the edits since the one before."""
    rubric = load_rubric(project, rubric_id)
    shown = load_review(rubric, review_id)
    context = {
        "rubric": rubric,
        "version": newest_version(rubric),
        "at": "preview",
        "page": _page(request, shown),
        "at_work": shown.status in UNFINISHED,
        "waits": _waits(shown),
    }
    response = partial(request, ONE, "review-live", context)
    if request.htmx and not context["at_work"]:
        # The whole page changes once a review is finished.
        response["HX-Refresh"] = "true"
    return response


@project_view(Permission.RUN_JUDGES)
@require_POST
def review_cancel(
    request: ProjectRequest, project: Project, rubric_id: int, review_id: int
) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    shown = load_review(rubric, review_id)
    if actions.cancel_review(review=shown, by=request.user):
        messages.success(request, _("The review is cancelled."))
    else:
        messages.info(request, _("It is finished already."))
    return redirect(reverse("scoring:reviews", args=[project.slug, rubric.pk]))
