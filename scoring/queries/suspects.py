"""The responses of a run that show signs of speaking to its judge."""

from __future__ import annotations

from django.db.models import Func, QuerySet

from rubricstudio.models import Round
from scoring.models import RunBatch, SuspectResponse
from scoring.queries.keyset import KeysetPage, keyset_page

PAGE = 25


def suspect_count(round_: Round) -> int:
    """How many responses of a run show such signs."""
    return _of_run(round_).count()


def suspects_page(
    round_: Round, *, before: int | None = None, after: int | None = None
) -> KeysetPage[SuspectResponse]:
    """These responses, the newest first."""
    rows = _of_run(round_).select_related("response__task")
    shown = rows.defer("response__text", "response__task__messages", "response__task__reference")
    return keyset_page(shown, size=PAGE, before=before, after=after)


def _of_run(round_: Round) -> QuerySet[SuspectResponse]:
    judged = RunBatch.objects.filter(run=round_.pk).annotate(
        judged=Func("response_ids", function="unnest")
    )
    return SuspectResponse.objects.filter(response__in=judged.values("judged"))
