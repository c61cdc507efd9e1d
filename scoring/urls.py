"""Addresses of the scoring app, below /projects/<slug>/."""

from __future__ import annotations

from django.urls import path

from scoring.urls_compare import urlpatterns_compare
from scoring.urls_preview import urlpatterns_preview
from scoring.views import impact, judge_checks, judge_pair, judges, runs, trainings, workers

app_name = "scoring"

_JUDGE = "judges/<int:judge_id>/"
_RUN = "runs/<int:run_id>/"

urlpatterns = [
    path("judges/", judges.judges, name="judges"),
    path("judges/compare/", judge_pair.judge_compare, name="judge-compare"),
    path("judges/train/", trainings.training_new, name="training-new"),
    path("trainings/<int:training_id>/", trainings.training, name="training"),
    path("trainings/<int:training_id>/state/", trainings.training_state, name="training-state"),
    path("judges/new/", judges.judge_new, name="judge-new"),
    path(_JUDGE, judges.judge, name="judge"),
    path(_JUDGE + "archive/", judges.judge_archive, name="judge-archive"),
    path(_JUDGE + "adapter/", trainings.judge_adapter, name="judge-adapter"),
    path(_JUDGE + "check/", judge_checks.judge_check, name="judge-check"),
    path("workers/", workers.workers, name="workers"),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.run_new, name="run-new"),
    path(_RUN, runs.run, name="run"),
    path(_RUN + "suspects/", runs.run_suspects, name="run-suspects"),
    path(_RUN + "cancel/", runs.run_cancel, name="run-cancel"),
    path(_RUN + "resume/", runs.run_resume, name="run-resume"),
    path("rubrics/<int:rubric_id>/impact/", impact.impact, name="impact"),
    *urlpatterns_compare,
    *urlpatterns_preview,
]
