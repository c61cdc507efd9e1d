"""Runs whose verdicts are all there, whichever app carries them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from rubricstudio.models import Project, Round, RoundKind

# Ids of rounds, as a subquery: rows of an app above that knows how far its rounds are.
Unfinished = Callable[[], QuerySet[Any, Any]]

_UNFINISHED: list[Unfinished] = []


def add_unfinished(rounds: Unfinished) -> None:
    """Let an app above say which rounds it has not finished. Called once, as the app starts."""
    _UNFINISHED.append(rounds)


def finished_runs(project: Project) -> QuerySet[Round]:
    """The judges' rounds over one rubric version that are finished, newest first.

    An imported round always is; one that was started here is when its app says so.
    """
    runs = Round.objects.filter(project=project, kind=RoundKind.RUN, version__isnull=False)
    for rounds in _UNFINISHED:
        runs = runs.exclude(pk__in=rounds())
    return runs.order_by("-pk")
