"""Active time: the raw events of a browser, and what they amount to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.actions.pace import CLOCKS_AGREE, keep_pace
from annotations.errors import NotInSession
from annotations.models import Activity, Assignment
from rubricstudio.domain.activity import Event, active_seconds
from rubricstudio.models import User

MOST_EVENTS = 5_000
"""Of one assignment: twenty hours of work without a pause. Later ones are not kept."""


@transaction.atomic
def record_activity(
    *, assignment: Assignment, events: Sequence[Event], sent_at: datetime, by: User
) -> float:
    """Keep events that are not kept yet, and return the assignment's active seconds.

    `sent_at` is when the browser says it sent them: where its clock is wrong the events
    move by the difference. None lies before the item was handed out or in the future.
    Safe to repeat and in any order. Raises NotInSession for another person's assignment.
    """
    locked = Assignment.objects.select_for_update(of=("self",)).select_related("rater")
    mine = locked.get(pk=assignment.pk)
    if mine.rater.user_id != by.pk:
        raise NotInSession(_("This is another person's assignment."))
    _keep(mine, events, sent_at)
    stored = Activity.objects.filter(assignment=mine).values_list("tab", "number", "kind", "at")
    mine.active_seconds = active_seconds(
        Event(tab, number, kind, at.timestamp()) for tab, number, kind, at in stored
    )
    keep_pace(mine)
    mine.save(update_fields=["active_seconds", "seconds_to_submit"])
    return mine.active_seconds


def _keep(assignment: Assignment, events: Sequence[Event], sent_at: datetime) -> None:
    now = timezone.now()
    wrong_by = now - sent_at if abs(now - sent_at) > CLOCKS_AGREE else timedelta(0)
    first, last = assignment.created_at.timestamp(), now.timestamp()
    room = max(0, MOST_EVENTS - Activity.objects.filter(assignment=assignment).count())
    Activity.objects.bulk_create(
        (
            Activity(
                assignment=assignment,
                tab=event.tab,
                number=event.number,
                kind=event.kind,
                at=datetime.fromtimestamp(
                    min(max(event.at + wrong_by.total_seconds(), first), last), tz=now.tzinfo
                ),
            )
            for event in events[:room]
        ),
        ignore_conflicts=True,
    )
