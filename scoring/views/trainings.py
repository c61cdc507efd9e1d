"""Training a judge from the page: what it learns from, how far it is, what comes of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rubricstudio.http import ProjectRequest, partial, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.actions import trainings as actions
from scoring.actions.judges import JudgeNameTaken
from scoring.actions.trainings import QUEUE, NothingToLearn
from scoring.forms_training import TrainingForm
from scoring.judges import InvalidJudgeConfig
from scoring.judges.local_models import SMOLLM2
from scoring.loaders import load_adapter, load_judge, load_training
from scoring.models import Training
from scoring.queries.trainings import sessions_of_training, share_done, trainings_of
from scoring.states import UNFINISHED
from scoring.waiting import waits_for
from scoring.wording import stage_words


@project_view(Permission.RUN_JUDGES)
def training_new(request: ProjectRequest, project: Project) -> HttpResponseBase:
    form = TrainingForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_start(request, project, form))
        except InvalidJudgeConfig as error:
            form.add_refusal(error)
        except JudgeNameTaken as error:
            form.add_error("name", str(error))
        except NothingToLearn as error:
            form.add_error("sessions", str(error))
    context = {
        "tab": "runs",
        "form": form,
        "trainings": trainings_of(project),
        "waits": waits_for(QUEUE),
    }
    status = 422 if form.errors else 200
    return render(request, "scoring/training_new.html", context, status=status)


def _start(request: ProjectRequest, project: Project, form: TrainingForm) -> Training:
    return actions.start_training(
        project=project,
        name=form.cleaned_data["name"],
        sessions=form.chosen(),
        params=form.params(),
        method=form.cleaned_data["method"],
        settings=form.settings(),
        by=request.user,
    )


@project_view(Permission.SEE_RESULTS)
@require_safe
def training(request: ProjectRequest, project: Project, training_id: int) -> HttpResponseBase:
    shown = load_training(project, training_id)
    context = _live(shown) | {"sessions": sessions_of_training(shown)}
    response = partial(request, "scoring/training.html", "training-live", context)
    if request.htmx.target == "training-live" and not context["at_work"]:
        # The whole page changes once it is finished: its buttons, the judge.
        response["HX-Refresh"] = "true"
    return response


def _live(shown: Training) -> dict[str, Any]:
    at_work = shown.status in UNFINISHED
    return {
        "tab": "runs",
        "training": shown,
        "model": shown.params.get("model", SMOLLM2),
        "at_work": at_work,
        "can_repeat": shown.status in actions.CAN_REPEAT,
        "percent": round(100 * share_done(shown)),
        "stage": stage_words(shown),
        "waits": waits_for(QUEUE) if at_work else "",
    }


@project_view(Permission.RUN_JUDGES)
@require_safe
def judge_adapter(request: ProjectRequest, project: Project, judge_id: int) -> HttpResponseBase:
    """The weights of a trained adapter as a file."""
    kept = load_adapter(load_judge(project, judge_id))
    response = HttpResponse(bytes(kept.data), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{kept}"'
    return response


@project_view(Permission.RUN_JUDGES)
@require_POST
def training_state(request: ProjectRequest, project: Project, training_id: int) -> HttpResponseBase:
    """Cancel, or with step=repeat begin anew."""
    shown = load_training(project, training_id)
    try:
        if request.POST.get("step") == "repeat":
            done = actions.repeat_training(training=shown, by=request.user)
        else:
            done = actions.cancel_training(training=shown, by=request.user)
        if not done:
            messages.info(request, _("It is in another state by now."))
    except JudgeNameTaken as error:
        messages.error(request, str(error))
    return redirect(shown)
