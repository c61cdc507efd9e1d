"""Calls that belong to no run: their worker may be gone, and nobody takes their work up by name.

What previews, trials and reviews ask has no batch that says which calls were its own. A call that
is under way longer than it can take is lost; this is looked at whenever such work begins, and
when a worker starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from scoring.judges import JUDGES, members_of, parameters
from scoring.models import CallState, Judge, ModelCall

LATE = 60.0  # seconds that the answer of a call may still take to be written down


def write_off_strays() -> int:
    """Count calls without a run that nobody can be waiting for any more as lost; how many."""
    under_way = ModelCall.objects.filter(batch__isnull=True, run__isnull=True, state=CallState.SENT)
    lost, now = 0, timezone.now()
    for judge in Judge.objects.filter(pk__in=list(under_way.values_list("judge", flat=True))):
        longest = timedelta(seconds=longest_call(judge.kind, judge.params) + LATE)
        old = under_way.filter(judge=judge, sent_at__lt=now - longest)
        lost += old.update(state=CallState.LOST, ended_at=now)
    return lost


def longest_call(kind: str, params: Mapping[str, Any]) -> float:
    """Seconds that one call of a judge, or of one inside it, may take."""
    usual = {each.name: each.default for each in parameters(kind)} if kind in JUDGES else {}
    own = params.get("timeout", usual.get("timeout", 0.0))
    inside = members_of(kind, params) if kind in JUDGES else []
    parts = [longest_call(each["kind"], each.get("params") or {}) for each in inside]
    return max([float(own), *parts])
