"""Pages of runs: those there are, a new one, one run while and after it judges."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rubricstudio.actions.rounds import RoundNeedsPublishedVersion
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project, Round
from rubricstudio.permissions import Permission
from scoring.actions import runs as actions
from scoring.actions.checks import Check, ask_check
from scoring.actions.pair_runs import start_planned
from scoring.actions.runs import NO_LIMIT, NothingToJudge, RunNameTaken, RunNotPossible
from scoring.estimates import estimate_run
from scoring.forms import RunForm
from scoring.forms_budget import LargerBudgetForm
from scoring.judges import calls_models
from scoring.loaders import load_run, load_run_round
from scoring.models import Judge, Run
from scoring.money_words import estimate_rows, outlook_words
from scoring.pair_page import pair_results
from scoring.queries import runs as queries
from scoring.queries.configuration import queue_of
from scoring.queries.keyset import KeysetPage
from scoring.queries.longest import longest_responses
from scoring.queries.pair_plans import PairPlan
from scoring.queries.pair_results import preferences_page
from scoring.queries.plans import RunPlan, chosen_responses, free_run_name
from scoring.queries.samples import cells_page, steadiness_of
from scoring.queries.spending import budget_of, money_of
from scoring.queries.suspects import suspect_count, suspects_page
from scoring.waiting import waits_for
from scoring.wording import shown_signs


def _key(request: ProjectRequest, name: str) -> int | None:
    """A key of a list in the address; None for none, also for nonsense."""
    raw = request.GET.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None


@project_view(Permission.SEE_RESULTS)
def runs(request: ProjectRequest, project: Project) -> HttpResponseBase:
    page = queries.runs_page(project, before=_key(request, "before"), after=_key(request, "after"))
    return render(request, "scoring/runs.html", {"tab": "runs", "page": page})


@project_view(Permission.RUN_JUDGES)
def run_new(request: ProjectRequest, project: Project) -> HttpResponseBase:
    form = RunForm(_choices(request, project), project=project)
    plan = form.plan()
    judge = form.cleaned_data.get("judge")
    check = _check(project, form) if plan and not plan.is_empty else None
    wanted = request.method == "POST" and "count" not in request.POST
    if wanted and check and check.stops:
        form.add_error("judge", " ".join(check.stops))
    elif wanted and plan:
        try:
            return redirect(_start(request, project, form, plan))
        except RunNameTaken as error:
            form.add_error("name", str(error))
        except (NothingToJudge, RoundNeedsPublishedVersion) as error:
            form.add_error(None, str(error))
    context = {
        "tab": "runs",
        "form": form,
        "plan": plan,
        "judge": judge,
        "check": check,
        "waits": waits_for(queue_of(judge)) if judge else "",
        "can_start": form.can_start,
        "hosted": judge is None or calls_models(judge.kind, judge.params),
        "compares": judge is not None and judge.compares,
        "wants_pairs": "pairs" in request.GET and not form.some_compare,
    }
    if judge and plan and not plan.is_empty:
        context |= _estimate(form, judge, plan)
    status = 422 if request.method == "POST" and form.errors else 200
    return partial(request, "scoring/run_new.html", "run-plan", context, status=status)


def _estimate(form: RunForm, judge: Judge, plan: RunPlan | PairPlan) -> dict[str, Any]:
    """What the plan would take, and whether the budget reaches; nothing for other judges."""
    found = estimate_run(judge=judge, version=form.cleaned_data["version"], plan=plan)
    if found is None:
        return {}
    return {"estimate": estimate_rows(found), "outlook": outlook_words(found, form.limits())}


def _check(project: Project, form: RunForm) -> Check:
    """What speaks against the chosen judge on the longest of the chosen responses."""
    version, narrowing = form.cleaned_data["version"], form.narrowing()
    rows = chosen_responses(project, version, narrowing)
    longest = longest_responses(rows, narrowing.first)
    return ask_check(judge=form.cleaned_data["judge"], version=version, responses=longest)


def _choices(request: ProjectRequest, project: Project) -> Any:
    """What was sent, filled up with the newest judge and version."""
    if request.method == "POST":
        return request.POST
    chosen = request.GET.copy()
    for name, value in RunForm.defaults(project, pairs="pairs" in chosen).items():
        chosen.setdefault(name, value)
    return chosen


def _start(
    request: ProjectRequest, project: Project, form: RunForm, plan: RunPlan | PairPlan
) -> Run:
    data = form.cleaned_data
    paid = calls_models(data["judge"].kind, data["judge"].params)
    return start_planned(
        judge=data["judge"],
        version=data["version"],
        plan=plan,
        name=data["name"] or free_run_name(project, data["judge"], data["version"]),
        samples=data["samples"],
        by=request.user,
        limits=form.limits() if paid else NO_LIMIT,
    )


@project_view(Permission.SEE_RESULTS)
def run(request: ProjectRequest, project: Project, run_id: int) -> HttpResponseBase:
    round_ = load_run_round(project, run_id)
    carried_out = queries.run_of(round_)
    if carried_out is None:
        return render(request, "scoring/run_imported.html", _imported(request, round_))
    live = request.htmx.target == "run-live"
    context = _live(carried_out) if live else _whole(request, carried_out)
    fragment = "run-live" if live else "run-verdicts"
    response = partial(request, "scoring/run.html", fragment, context)
    if live and not context["progress"].is_unfinished:
        # The whole page changes once a run is finished: its buttons, its verdicts.
        response["HX-Refresh"] = "true"
    return response


def _whole(request: ProjectRequest, shown: Run) -> dict[str, Any]:
    return _live(shown) | _still(request, shown.round)


def _live(shown: Run) -> dict[str, Any]:
    figures = queries.run_figures(shown.round, since=queries.rate_since(shown))
    progress = queries.progress_of(shown, figures)
    money = money_of(shown)
    return {
        "tab": "runs",
        "run": shown,
        "round": shown.round,
        "figures": figures,
        "progress": progress,
        "problems": queries.batch_problems(shown),
        "money": money,
        "larger": LargerBudgetForm(budget=money.budget) if money and money.stopped_at else None,
        "waits": waits_for(queue_of(shown.judge)) if progress.is_unfinished else "",
    }


def _still(request: ProjectRequest, round_: Round) -> dict[str, Any]:
    """What stays as it is while the progress is asked for again and again."""
    asked = request.GET.get("status", "")
    status = asked if asked in set(VerdictStatus) else ""
    keys = {"before": _key(request, "before"), "after": _key(request, "after")}
    run = queries.run_of(round_)
    page: KeysetPage[Any]
    sampled = run is not None and run.samples > 1 and not status
    if run is not None and run.judge.compares:
        return _compared(request, run, status, keys)
    if sampled:
        page = cells_page(round_, **keys)
    else:
        page = queries.verdicts_page(round_, status=status, **keys)
    against = queries.sessions_to_compare(round_)
    compare = urlencode([("judges", round_.pk), *(("people", pk) for pk in against)])
    suspects = suspect_count(round_)
    return {
        "page": page,
        "sampled": sampled,
        "steadiness": steadiness_of(round_) if sampled else None,
        "status": status,
        "compare": compare,
        "suspects": suspects,
    }


def _compared(
    request: ProjectRequest, run: Run, status: str, keys: dict[str, int | None]
) -> dict[str, Any]:
    """What stays of a run whose judge compares pairs."""
    results = pair_results(run, request.user, settings.AGREEMENT_FLOOR)
    people = [("people", row.pk) for row in results.people]
    return {
        "page": preferences_page(run.round, request.user, status=status, **keys),
        "status": status,
        "results": results,
        "compare": urlencode([("what", "preferences"), ("judges", run.pk), *people]),
        "suspects": suspect_count(run.round),
    }


def _imported(request: ProjectRequest, round_: Round) -> dict[str, Any]:
    return {
        "tab": "runs",
        "round": round_,
        "figures": queries.run_figures(round_),
        "preferences": queries.preference_count(round_),
        "raters": queries.raters_of(round_),
    } | _still(request, round_)


@project_view(Permission.SEE_RESULTS)
@require_safe
def run_suspects(request: ProjectRequest, project: Project, run_id: int) -> HttpResponseBase:
    """The responses of a run that show signs of speaking to its judge."""
    round_ = load_run_round(project, run_id)
    page = suspects_page(round_, before=_key(request, "before"), after=_key(request, "after"))
    rows = [(row, shown_signs(row)) for row in page.rows]
    context = {"tab": "runs", "round": round_, "page": page, "rows": rows}
    return render(request, "scoring/run_suspects.html", context)


@project_view(Permission.RUN_JUDGES)
@require_POST
def run_cancel(request: ProjectRequest, project: Project, run_id: int) -> HttpResponseBase:
    shown = load_run(project, run_id)
    try:
        actions.cancel_run(run=shown, by=request.user)
        messages.success(request, _("The run is cancelled. Its verdicts so far stay."))
    except RunNotPossible as error:
        messages.error(request, str(error))
    return redirect(shown)


@project_view(Permission.RUN_JUDGES)
@require_POST
def run_resume(request: ProjectRequest, project: Project, run_id: int) -> HttpResponseBase:
    shown = load_run(project, run_id)
    form = LargerBudgetForm(request.POST, budget=budget_of(shown))
    if not form.is_valid():
        context = _whole(request, shown) | {"larger": form}
        return render(request, "scoring/run.html", context, status=422)
    try:
        actions.resume_run(run=shown, by=request.user, limits=form.limits())
        messages.success(request, _("The run goes on with the verdicts that are missing."))
    except RunNotPossible as error:
        messages.error(request, str(error))
    return redirect(shown)
