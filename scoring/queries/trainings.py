"""Trainings of a project, and how far each is."""

from __future__ import annotations

from django.db.models import QuerySet

from rubricstudio.models import Project, Round, RoundKind
from scoring.learned.evaluate import Stage
from scoring.models import Method, RunStatus, Training
from scoring.queries.selection import comparable_rounds

SHOWN = 20
# Where each stage ends on the way from 0 to 1, in their order. For a probe reading the responses is
# most of the work, for an adapter each fold is a training of its own.
_ENDS = {
    Method.PROBE: {
        Stage.READING: 0.6,
        Stage.FOLDS: 0.75,
        Stage.SOURCES: 0.85,
        Stage.CURVE: 1.0,
        Stage.WHOLE: 1.0,
    },
    Method.LORA: {
        Stage.READING: 0.05,
        Stage.FOLDS: 0.4,
        Stage.SOURCES: 0.7,
        Stage.CURVE: 0.9,
        Stage.WHOLE: 1.0,
    },
}


def trainings_of(project: Project) -> QuerySet[Training]:
    """The newest trainings, with what their rows show."""
    rows = Training.objects.filter(project=project).select_related("judge__rater__project")
    return rows.order_by("-pk")[:SHOWN]


def sessions_to_learn_from(project: Project) -> list[Round]:
    """The sessions that hold a verdict, oldest first."""
    return [row for row in comparable_rounds(project) if row.kind == RoundKind.SESSION]


def sessions_of_training(training: Training) -> list[Round]:
    """The sessions that a training learns from, those that are still there."""
    return list(Round.objects.filter(pk__in=training.sessions).order_by("pk"))


def share_done(training: Training) -> float:
    """Roughly how much of the work is done, in [0, 1]: stages take different times."""
    if training.status == RunStatus.DONE:
        return 1.0
    if training.stage not in set(Stage) or not training.total:
        return 0.0
    ends = _ENDS[Method(training.method)]
    stages = list(ends)
    place = stages.index(Stage(training.stage))
    begin = ends[stages[place - 1]] if place else 0.0
    end = ends[stages[place]]
    return begin + (end - begin) * min(1.0, training.done / training.total)
