"""Responses of a project to try a program on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models.functions import Left

from rubricstudio.models import Response, Rubric

PAGE = 8
EXCERPT = 160


@dataclass(frozen=True)
class Choices:
    """Responses by id, and the id to go on from; empty at the end."""

    rows: Sequence[Response]
    more: str


def choices(rubric: Rubric, *, search: str = "", after: str = "") -> Choices:
    """Up to PAGE responses that the rubric may judge, with an `excerpt`, by id. One query."""
    rows = Response.objects.filter(project=rubric.project_id)
    if rubric.task_id:
        rows = rows.filter(task=rubric.task_id)
    if search:
        rows = rows.filter(external_id__icontains=search)
    if after:
        rows = rows.filter(external_id__gt=after)
    shown = rows.annotate(excerpt=Left("text", EXCERPT)).defer("text", "metadata")
    found = list(shown.order_by("external_id")[: PAGE + 1])
    more = found[PAGE - 1].external_id if len(found) > PAGE else ""
    return Choices(found[:PAGE], more)


def response_to_try(rubric: Rubric, pk: int | None) -> Response | None:
    """A response of the rubric's project, None where there is none of this id."""
    if pk is None:
        return None
    return Response.objects.filter(project=rubric.project_id, pk=pk).defer("metadata").first()
