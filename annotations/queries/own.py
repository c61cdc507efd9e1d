"""What a person sees of their own work in a session, and of nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from annotations.models import Session

_OWN = """
    SELECT count(*) FILTER (WHERE a.submitted_at >= %(today)s),
           count(*) FILTER (WHERE a.submitted_at >= %(week)s)
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
     WHERE i.session_id = %(session)s AND a.rater_id = %(rater)s AND a.status = 'submitted'
"""


@dataclass(frozen=True, slots=True)
class OwnPace:
    """What one submitted today and in seven days.

    Every item counts, so that the numbers do not tell checks from work.
    """

    today: int
    week: int


def own_pace(session: Session, rater_id: int) -> OwnPace:
    """A person's own pace. One query."""
    now = timezone.localtime()
    parameters = {
        "session": session.pk,
        "rater": rater_id,
        "today": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "week": now - timedelta(days=7),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OWN, parameters)
        return OwnPace(*cursor.fetchone())
