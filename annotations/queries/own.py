"""What a person sees of their own work in a session, and of nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from annotations.models import ItemKind, Session
from annotations.queries.gold import results
from rubricstudio.domain.quality import GoldScore

_OWN = """
    SELECT count(*) FILTER (WHERE a.submitted_at >= %(today)s),
           count(*) FILTER (WHERE a.submitted_at >= %(week)s)
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
     WHERE i.session_id = %(session)s AND a.rater_id = %(rater)s AND a.status = 'submitted'
"""


@dataclass(frozen=True, slots=True)
class OwnPace:
    """What one submitted today and in seven days.

    Every item counts, so that the numbers do not tell checks from work. known: how many
    answers agreed with known ones, None unless the session shows feedback.
    """

    today: int
    week: int
    known: GoldScore | None


def own_pace(session: Session, rater_id: int) -> OwnPace:
    """A person's own pace. One query, and four more where feedback is shown."""
    now = timezone.localtime()
    parameters = {
        "session": session.pk,
        "rater": rater_id,
        "today": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "week": now - timedelta(days=7),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OWN, parameters)
        today, week = cursor.fetchone()
    known = None
    if session.shows_feedback:
        kinds = [ItemKind.TRAINING, ItemKind.QUALIFICATION, ItemKind.GOLD]
        scores = [one.score for one in results(session, kinds=kinds, rater=rater_id)]
        known = sum(scores, GoldScore(0, 0))
    return OwnPace(today, week, known)
