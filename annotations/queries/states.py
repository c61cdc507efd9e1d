"""How many items of sessions are in which state, counted and never stored."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Count

from annotations.models import Assignment, Session, SessionAnnotator
from rubricstudio.models import User

STATES = ("done", "needs_others", "running", "pending", "closed")
_ITEMS = """
    SELECT session_id, state, count(*) FROM (
        SELECT session_id,
               CASE WHEN s >= places THEN 'done' WHEN s > 0 THEN 'needs_others'
                    WHEN held > 0 THEN 'running' WHEN is_closed THEN 'closed'
                    ELSE 'pending' END AS state
          FROM (SELECT i.session_id, i.places, i.held, i.is_closed,
                       (SELECT count(*) FROM annotations_assignment a
                         WHERE a.item_id = i.id AND a.status = 'submitted') AS s
                  FROM annotations_item i
                 WHERE i.session_id = ANY(%s) AND i.kind = 'work' AND i.sample = 0) counted
    ) named GROUP BY session_id, state
"""


def states_of(sessions: Iterable[Session]) -> dict[int, dict[str, int]]:
    """By session how many items are done, need others, run, are closed by a skip, or pending."""
    found = {session.pk: dict.fromkeys(STATES, 0) for session in sessions}
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, [list(found)])
        for session, state, count in cursor.fetchall():
            found[session][state] = count
    return found


def own_states(sessions: Iterable[Session], user: User) -> dict[int, dict[str, int]]:
    """By session how many of the person's own items are open, submitted and skipped.

    Of sessions in which they are no annotator there is nothing. Two queries.
    """
    places = SessionAnnotator.objects.filter(
        session__in=[session.pk for session in sessions], rater__user=user
    )
    found = {
        pk: dict.fromkeys(("open", "submitted", "skipped"), 0)
        for pk in places.values_list("session", flat=True)
    }
    mine = Assignment.objects.filter(item__session__in=found, rater__user=user)
    counts = mine.order_by().values_list("item__session", "status").annotate(n=Count("pk"))
    for session, status, n in counts:
        found[session][status if status in ("submitted", "skipped") else "open"] += n
    return found
