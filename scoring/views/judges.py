"""Pages of judges: those there are, one judge, a new one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from scoring.actions import judges as actions
from scoring.actions.checks import check_of_page
from scoring.actions.judges import JudgeNameTaken
from scoring.forms_members import judge_form
from scoring.judges import JUDGES, InvalidJudgeConfig
from scoring.loaders import load_judge
from scoring.queries.adapters import adapter_of
from scoring.queries.configuration import configuration_of, queue_of
from scoring.queries.copying import originals_of
from scoring.queries.runs import imported_judges, judges_of, runs_of_judge
from scoring.training_page import training_of
from scoring.waiting import waits_for
from scoring.wording import kind_label, kind_text


@project_view(Permission.SEE_RESULTS)
def judges(request: ProjectRequest, project: Project) -> HttpResponseBase:
    context = {
        "tab": "runs",
        "judges": judges_of(project),
        "imported": imported_judges(project),
    }
    return render(request, "scoring/judges.html", context)


@project_view(Permission.RUN_JUDGES)
def judge_new(request: ProjectRequest, project: Project) -> HttpResponseBase:
    asked = request.GET.get("kind", "")
    kind = asked if asked in JUDGES else next(iter(JUDGES))
    form = judge_form(kind, project, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_judge(
                project=project,
                name=form.cleaned_data["name"],
                kind=kind,
                params=form.params(),
                by=request.user,
            )
            messages.success(request, _("The judge is there. Let it judge in a run."))
            return redirect(made)
        except InvalidJudgeConfig as error:
            form.add_refusal(error)
        except JudgeNameTaken as error:
            form.add_error("name", str(error))
    kinds = [(name, kind_label(name), kind_text(name), name == kind) for name in JUDGES]
    context = {"tab": "runs", "form": form, "kinds": kinds, "text": kind_text(kind)}
    status = 422 if form.errors else 200
    return render(request, "scoring/judge_new.html", context, status=status)


@project_view(Permission.SEE_RESULTS)
def judge(request: ProjectRequest, project: Project, judge_id: int) -> HttpResponseBase:
    shown = load_judge(project, judge_id)
    context = {
        "tab": "runs",
        "judge": shown,
        "settings": configuration_of(shown),
        "queue": queue_of(shown),
        "rows": runs_of_judge(shown),
        "members": originals_of(shown),
        "training": training_of(shown, settings.AGREEMENT_FLOOR),
        "adapter": adapter_of(shown),
        "check": check_of_page(shown),
        "waits": waits_for(queue_of(shown)) if queue_of(shown) else "",
    }
    return render(request, "scoring/judge.html", context)


@project_view(Permission.RUN_JUDGES)
@require_POST
def judge_archive(request: ProjectRequest, project: Project, judge_id: int) -> HttpResponseBase:
    shown = load_judge(project, judge_id)
    if request.POST.get("step") == "restore":
        actions.restore_judge(judge=shown, by=request.user)
        messages.success(request, _("The judge can be run again."))
    else:
        actions.archive_judge(judge=shown, by=request.user)
        messages.success(request, _("The judge is archived. Its runs and verdicts stay."))
    return redirect(shown)
