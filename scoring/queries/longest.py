"""The responses whose prompts are the longest."""

from __future__ import annotations

from django.db.models import F, Func, IntegerField, QuerySet
from django.db.models.functions import Coalesce

from rubricstudio.models import Response

FEW = 3


def longest_responses(rows: QuerySet[Response], first: int | None = None) -> list[int]:
    """The ids of the few that take the most room with their tasks, of the first `first` of `rows`.

    Told by sizes that the database knows without reading the texts, so that a hundred thousand
    are no matter; what it keeps compressed counts as it is kept.
    """
    if first is not None:
        rows = Response.objects.filter(pk__in=rows.order_by("pk").values("pk")[:first])
    size = sum((_bytes(f"task__{name}") for name in ("messages", "context", "reference")), _text())
    return list(rows.annotate(size=size).order_by("-size", "pk").values_list("pk", flat=True)[:FEW])


def _text() -> Coalesce:
    return Coalesce(Func(F("text"), function="octet_length", output_field=IntegerField()), 0)


def _bytes(field: str) -> Coalesce:
    return Coalesce(Func(F(field), function="pg_column_size", output_field=IntegerField()), 0)
