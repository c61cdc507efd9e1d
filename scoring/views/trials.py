"""A judge tried on one response: chosen, watched, read. No run is kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project, RubricVersion
from rubricstudio.permissions import Permission
from scoring.actions.preview import NotPinnable, PreviewNotPossible, cancel_preview
from scoring.actions.trials import start_trial
from scoring.forms_preview import PinsForm, TrialForm
from scoring.loaders import load_judge, load_trial
from scoring.models import Judge
from scoring.queries import pinnable
from scoring.queries.configuration import queue_of
from scoring.queries.pair_plans import Pairs
from scoring.queries.plans import criteria_for
from scoring.queries.trials import trial_of
from scoring.states import UNFINISHED
from scoring.waiting import waits_for


@project_view(Permission.RUN_JUDGES)
def trial_new(request: ProjectRequest, project: Project, judge_id: int) -> HttpResponseBase:
    """Choose a version, criteria and a response; POST asks the judge."""
    judge = load_judge(project, judge_id)
    if judge.compares:
        messages.info(request, _("This judge compares two responses: try it on one pair."))
        return redirect(one_pair_url(judge))
    form = TrialForm(_choices(request, project), project=project)
    problem = ""
    if request.method == "POST":
        if form.is_valid() and form.cleaned_data["response"] is not None:
            try:
                return redirect(_start(request, judge, form))
            except (NotPinnable, PreviewNotPossible) as error:
                problem = str(error)
        else:
            problem = _("Choose a response from the list.")
    context = _list(request, judge, form) | {"problem": problem}
    return render(request, "scoring/trial_new.html", context, status=422 if problem else 200)


def one_pair_url(judge: Judge) -> str:
    """Where a judge that compares is tried: a run of one pair."""
    query = urlencode({"judge": judge.pk, "pairs": Pairs.COMPARED, "first": 1})
    return f"{reverse('scoring:run-new', args=[judge.rater.project.slug])}?{query}"


def _choices(request: ProjectRequest, project: Project) -> Any:
    """What was sent, with the newest version where none was chosen."""
    chosen = (request.POST if request.method == "POST" else request.GET).copy()
    chosen.setdefault("version", TrialForm.default_version(project))
    return chosen


def _start(request: ProjectRequest, judge: Judge, form: TrialForm) -> Any:
    chosen = form.cleaned_data
    return start_trial(
        judge=judge,
        version=chosen["version"],
        response_id=chosen["response"],
        criteria=chosen["criteria"],
        by=request.user,
    )


def _list(request: ProjectRequest, judge: Judge, form: TrialForm) -> dict[str, Any]:
    """The responses to choose from, of what the chosen version is about."""
    search = PinsForm(request.GET)
    wanted = search.cleaned_data if search.is_valid() else {}
    form.is_valid()
    version: RubricVersion | None = form.cleaned_data.get("version")
    page = pinnable.pinnable_page(version.rubric, request.user, **wanted) if version else None
    return {
        "tab": "runs",
        "judge": judge,
        "form": form,
        "version": version,
        "criteria": criteria_for(version, judge.kind) if version else [],
        "chosen": form.cleaned_data.get("criteria", []),
        "page": page,
        "q": wanted.get("search", ""),
        "waits": waits_for(queue_of(judge)),
    }


@project_view(Permission.RUN_JUDGES)
@require_safe
def trial(
    request: ProjectRequest, project: Project, judge_id: int, trial_id: int
) -> HttpResponseBase:
    judge = load_judge(project, judge_id)
    run = load_trial(judge, trial_id, request.user)
    at_work = run.status in UNFINISHED
    context = {
        "tab": "runs",
        "judge": judge,
        "trial": trial_of(run),
        "at_work": at_work,
        "waits": waits_for(queue_of(judge)) if at_work else "",
    }
    response = partial(request, "scoring/trial.html", "trial-live", context)
    if request.htmx.target == "trial-live" and not at_work:
        # The whole page changes once it is finished: its buttons, its way back.
        response["HX-Refresh"] = "true"
    return response


@project_view(Permission.RUN_JUDGES)
@require_POST
def trial_cancel(
    request: ProjectRequest, project: Project, judge_id: int, trial_id: int
) -> HttpResponseBase:
    run = load_trial(load_judge(project, judge_id), trial_id, request.user)
    if not cancel_preview(run=run, by=request.user):
        messages.info(request, _("It is finished already."))
    return redirect(run)
