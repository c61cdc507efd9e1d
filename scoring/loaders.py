"""Loading judges and runs inside a project; what is not there, or elsewhere, is 404."""

from __future__ import annotations

from django.http import Http404

from annotations.queries.blind import blind_responses
from rubricstudio.models import Project, Round, RoundKind, Rubric, User
from scoring.models import (
    AdapterWeights,
    Judge,
    PreviewRun,
    PreviewVerdict,
    RubricReview,
    Run,
    Training,
)
from scoring.queries.adapters import adapter_of
from scoring.queries.preview import preview_said
from scoring.queries.reviews import review_of


def load_judge(project: Project, judge_id: int) -> Judge:
    """The project's judge with this id. Raises Http404."""
    rows = Judge.objects.select_related("rater__project", "created_by")
    found = rows.filter(pk=judge_id, rater__project=project).first()
    if found is None:
        raise Http404
    return found


def load_run_round(project: Project, run_id: int) -> Round:
    """The round of a run with this id, imported or carried out here. Raises Http404."""
    rows = Round.objects.select_related(
        "project", "version__rubric", "created_by", "run__judge__rater"
    )
    found = rows.filter(pk=run_id, project=project, kind=RoundKind.RUN).first()
    if found is None:
        raise Http404
    return found


def load_run(project: Project, run_id: int) -> Run:
    """The run with this id that was carried out here. Raises Http404."""
    rows = Run.objects.select_related("judge__rater", "round__version__rubric", "round__project")
    found = rows.filter(pk=run_id, round__project=project).first()
    if found is None:
        raise Http404
    return found


def load_preview_run(rubric: Rubric, preview_id: int) -> PreviewRun:
    """The rubric's preview with this id. Raises Http404."""
    rows = PreviewRun.objects.select_related("judge__rater")
    found = rows.filter(pk=preview_id, rubric=rubric).first()
    if found is None:
        raise Http404
    return found


def load_trial(judge: Judge, trial_id: int, user: User) -> PreviewRun:
    """The judge's trial with this id, for whoever may see it yet. Raises Http404."""
    rows = PreviewRun.objects.select_related(
        "judge__rater__project", "rubric__project", "response__task", "version__rubric"
    )
    found = rows.filter(pk=trial_id, judge=judge, response__isnull=False).first()
    project = judge.rater.project
    if found is None or found.response_id in blind_responses(project, user):
        raise Http404
    return found


def load_preview_said(rubric: Rubric, said_id: int, user: User) -> PreviewVerdict:
    """What a judge said of a draft, for whoever may see it yet. Raises Http404."""
    found = preview_said(rubric, said_id, user)
    if found is None:
        raise Http404
    return found


def load_review(rubric: Rubric, review_id: int) -> RubricReview:
    """The rubric's review with this id. Raises Http404."""
    found = review_of(rubric, review_id)
    if found is None:
        raise Http404
    return found


def load_training(project: Project, training_id: int) -> Training:
    """The project's training with this id. Raises Http404."""
    rows = Training.objects.select_related("project", "judge__rater__project", "created_by")
    found = rows.filter(pk=training_id, project=project).first()
    if found is None:
        raise Http404
    return found


def load_adapter(judge: Judge) -> AdapterWeights:
    """The weights of a judge's adapter, kept in its project. Raises Http404."""
    found = adapter_of(judge)
    if found is None:
        raise Http404
    return found
