"""How fast verdicts come in, by the queue that their judges work on."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.utils import timezone

from rubricstudio.models import Verdict
from scoring.models import Run
from scoring.queries.configuration import queue_of

SECONDS = 60
NEWEST = 30_000
"""Verdicts that are looked at: no more are counted, so that a busy database is not kept busier."""


def verdict_rates() -> dict[str, float]:
    """Verdicts a second of runs here over the last minute, by queue. Two queries.

    At most NEWEST / SECONDS: faster than that is not told apart.
    """
    since = timezone.now() - timedelta(seconds=SECONDS)
    newest = Verdict.objects.order_by("-pk").values_list("round_id", "created_at")[:NEWEST]
    counts = Counter(round_id for round_id, created_at in newest if created_at >= since)
    rates: dict[str, float] = {}
    for run in Run.objects.filter(pk__in=counts).select_related("judge"):
        queue = queue_of(run.judge)
        rates[queue] = rates.get(queue, 0.0) + counts[run.pk] / SECONDS
    return rates
