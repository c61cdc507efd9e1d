"""The pinned responses beside a rubric: their scores as its draft stands, and who judges them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from annotations.queries.choices import sources_of
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project, Rubric
from rubricstudio.permissions import Permission
from rubricstudio.views.rubrics import load_rubric
from scoring.actions import preview as actions
from scoring.actions.preview import NotPinnable, PreviewNotPossible, TooManyPins
from scoring.forms_preview import ChoiceForm, JudgeForm, PinForm, PinsForm
from scoring.loaders import load_preview_run, load_preview_said
from scoring.preview_page import preview_page, said_page
from scoring.queries import pinnable
from scoring.queries import preview as queries
from scoring.queries.configuration import queue_of
from scoring.states import UNFINISHED
from scoring.waiting import waits_for

PAGE = "scoring/preview.html"


@project_view(Permission.SEE_RESULTS)
@require_safe
def preview(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    """The page, or for the rubric's page the panel; ?side= and ?aggregator= choose."""
    rubric = load_rubric(project, rubric_id)
    form = ChoiceForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    found = queries.preview(rubric, request.user, **chosen)
    context = _context(rubric, found, chosen)
    panel = request.htmx.target == "preview-panel" or request.GET.get("panel") == "on"
    context["panel"] = panel
    return partial(request, PAGE, "preview-panel" if panel else "preview-live", context)


def _context(rubric: Rubric, found: queries.Preview, chosen: dict[str, str]) -> dict[str, Any]:
    run = found.run
    at_work = run is not None and run.status in UNFINISHED
    aggregator = chosen.get("aggregator", "")
    query = {"side": found.side.code if found.side else "", "aggregator": aggregator}
    return {
        "rubric": rubric,
        "version": found.version,
        "preview": found,
        "page": preview_page(found),
        "aggregator": aggregator,
        "aggregators": queries.aggregators_to_choose(),
        "query": urlencode({name: value for name, value in query.items() if value}),
        "at_work": at_work,
        "waits": waits_for(queue_of(run.judge)) if run is not None and at_work else "",
        "at": "preview",
    }


@project_view(Permission.RUN_JUDGES)
@require_POST
def preview_judge(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    form = JudgeForm(request.POST, judges=queries.judges_to_ask(project))
    if not form.is_valid():
        return _told(request, rubric, form.problem, status=422)
    judge = form.cleaned_data["judge"]
    try:
        actions.start_preview(rubric=rubric, judge=judge, by=request.user)
    except PreviewNotPossible as error:
        return _told(request, rubric, str(error), status=422)
    return _told(request, rubric, side=f"judge-{judge.pk}")


@project_view(Permission.RUN_JUDGES)
@require_POST
def preview_cancel(
    request: ProjectRequest, project: Project, rubric_id: int, preview_id: int
) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    run = load_preview_run(rubric, preview_id)
    if actions.cancel_preview(run=run, by=request.user):
        return _told(request, rubric, side=f"judge-{run.judge_id}")
    return _told(request, rubric, _("It is finished already."), side=f"judge-{run.judge_id}")


def _told(
    request: ProjectRequest, rubric: Rubric, problem: str = "", *, side: str = "", status: int = 200
) -> HttpResponse:
    """The preview as it is now, in the place that asked, or by way of its page."""
    url = reverse("scoring:preview", args=[rubric.project.slug, rubric.pk])
    if not request.htmx:
        if problem:
            messages.warning(request, problem)
        return redirect(f"{url}?{urlencode({'side': side})}" if side else url)
    form = ChoiceForm(request.POST)
    chosen = form.cleaned_data if form.is_valid() else {}
    found = queries.preview(rubric, request.user, **chosen | ({"side": side} if side else {}))
    context = _context(rubric, found, chosen) | {"problem": problem}
    context["panel"] = request.htmx.target == "preview-panel"
    fragment = "preview-panel" if context["panel"] else "preview-live"
    return partial(request, PAGE, fragment, context, status=status if problem else 200)


@project_view(Permission.AUTHOR)
@require_safe
def preview_said(
    request: ProjectRequest, project: Project, rubric_id: int, said_id: int
) -> HttpResponse:
    """What a judge said of one criterion, with its quotes and the reply as it came."""
    rubric = load_rubric(project, rubric_id)
    said = load_preview_said(rubric, said_id, request.user)
    criterion = queries.leaf_now(rubric, said.criterion_key)
    return render(request, "scoring/preview_said.html", said_page(rubric, said, criterion))


@project_view(Permission.AUTHOR)
def preview_pins(request: ProjectRequest, project: Project, rubric_id: int) -> HttpResponseBase:
    rubric = load_rubric(project, rubric_id)
    problem, status = "", 200
    if request.method == "POST":
        problem = _pin(request, rubric)
        if not problem:
            return redirect(f"{request.path}?{request.META.get('QUERY_STRING', '')}")
        status = 422
    form = PinsForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    context = {
        "rubric": rubric,
        "at": "preview",
        "page": pinnable.pinnable_page(rubric, request.user, **chosen),
        "sources": sources_of(project),
        "pins": queries.pinned(rubric, request.user),
        "most": queries.MOST_PINS,
        "few": pinnable.FEW,
        "q": chosen.get("search", ""),
        "source": chosen.get("source", ""),
        "problem": problem,
    }
    return render(request, "scoring/preview_pins.html", context, status=status)


def _pin(request: ProjectRequest, rubric: Rubric) -> str:
    """Do what the form asks; what to say where it cannot be done."""
    form = PinForm(request.POST)
    if not form.is_valid():
        return _("Choose a response from the list.")
    step, response = form.cleaned_data["step"], form.cleaned_data["response"]
    try:
        if step == "varied":
            n = actions.pin_varied(rubric=rubric, by=request.user)
            messages.success(request, _pinned(n))
        elif step == "unpin":
            actions.unpin_response(rubric=rubric, response_id=response, by=request.user)
        else:
            actions.pin_response(rubric=rubric, response_id=response, by=request.user)
    except (NotPinnable, TooManyPins) as error:
        return str(error)
    return ""


def _pinned(n: int) -> str:
    if not n:
        return _("A few are pinned already, or there is no other response with a text.")
    return ngettext("%(n)d response pinned.", "%(n)d responses pinned.", n) % {"n": n}
