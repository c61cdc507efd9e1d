"""Where an annotator stands: what they had, what they can still get, and what stops them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection
from django.utils import timezone

from annotations.models import Assignment, Item, Session, Strategy
from annotations.models.items import order_key
from annotations.queries.checks import CHECKED, course
from rubricstudio.queries.rows import Rows, first_row


class Stop(StrEnum):
    """Why a person gets nothing more although there are items with room."""

    DEADLINE = "deadline"
    LIMIT = "limit"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """An annotator's own counts: `total` is what they had so far and what they can still get.

    `limit` is the most items they may have, None where there is no limit.
    """

    submitted: int
    open: int
    available: int
    skipped: int
    limit: int | None = None
    stopped_by: Stop | None = None

    @property
    def total(self) -> int:
        """Submitted, open, skipped and available items."""
        return self.submitted + self.open + self.available + self.skipped

    @property
    def is_done(self) -> bool:
        """Whether nothing is open and nothing is left to take."""
        return self.open == 0 and self.available == 0


# A place counts as in use until somebody needs it whose reservation goes on.
_EXPIRED = """
    SELECT DISTINCT a.item_id FROM annotations_assignment a
      JOIN annotations_item i ON i.id = a.item_id AND i.session_id = %(session)s
     WHERE a.status IN ('pending', 'draft') AND a.slot IS NOT NULL AND NOT a.is_given
       AND a.reserved_until < %(now)s
"""
_QUEUE = f"""
    WITH own AS (
        SELECT a.status, a.slot, i.id, NOT i.is_closed AND i.held < i.places AS has_room
          FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
         WHERE a.rater_id = %(rater)s AND i.session_id = %(session)s)
    SELECT (SELECT count(*) FROM own WHERE status = 'submitted'),
           (SELECT count(*) FROM own WHERE status IN ('pending', 'draft')),
           (SELECT count(*) FROM own WHERE status = 'skipped'),
           (SELECT count(*) FROM own WHERE slot IS NOT NULL),
           (SELECT count(*) FROM annotations_item i
             WHERE i.session_id = %(session)s AND NOT i.is_closed AND i.held < i.places)
           - (SELECT count(*) FROM own WHERE has_room)
           + (SELECT count(*) FROM ({_EXPIRED}) e JOIN annotations_item i ON i.id = e.item_id
               WHERE NOT i.is_closed AND i.held >= i.places
                 AND NOT EXISTS (SELECT 1 FROM own WHERE own.id = i.id)),
           (SELECT p."limit" FROM annotations_session_annotator p
             WHERE p.session_id = %(session)s AND p.rater_id = %(rater)s),
           {CHECKED}
"""


def queue_progress(session: Session, rater_id: int) -> QueueProgress:
    """An annotator's own counts; what is left is what `next_item` would hand out."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, _parameters(session, rater_id))
        submitted, open_, skipped, held, free, own_limit, is_checked = cursor.fetchone()
    limit = session.limit if own_limit is None else own_limit
    pulls = session.strategy == Strategy.PULL
    available = free if pulls else 0
    if pulls and limit is not None:
        available = min(available, max(0, limit - held))
    if pulls and session.target is not None:
        available = min(available, max(0, wanted_left(session) or 0))
    if is_over(session):
        available = 0
    way = course(session, rater_id) if is_checked else None
    if way is not None and not is_over(session):
        available += way.left(available) + way.before_work
    stop = _stop(session, had_all=limit is not None and held >= limit)
    stopped_by = stop if pulls and free and not available else None
    return QueueProgress(submitted, open_, available, skipped, limit, stopped_by)


def _stop(session: Session, *, had_all: bool) -> Stop:
    if is_over(session):
        return Stop.DEADLINE
    return Stop.LIMIT if had_all else Stop.TARGET


def is_over(session: Session) -> bool:
    """Whether the deadline has passed: what is begun may be finished, nothing more is given."""
    return session.deadline is not None and session.deadline <= timezone.now()


_WANTED = f"""
    SELECT %(target)s - coalesce((SELECT sum(held) FROM annotations_item
                                   WHERE session_id = %(session)s), 0)
           + (SELECT count(*) FROM ({_EXPIRED.replace("DISTINCT a.item_id", "a.id")}) e)
"""


def wanted_left(session: Session) -> int | None:
    """How many more places the session's target allows to be taken, None without a target.

    Places that people hold at work count as if submitted, so that the target is not
    overshot; those whose reservation expired do not. May be negative.
    """
    if session.target is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_WANTED, _parameters(session) | {"target": session.target})
        return int(cursor.fetchone()[0])


_ITEM, _ASSIGNMENT = Rows(Item, "i"), Rows(Assignment, "a")
_OPEN_ITEM = f"""
    SELECT {_ITEM.columns}, {_ASSIGNMENT.columns}
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
     WHERE a.rater_id = %(rater)s AND i.session_id = %(session)s
       AND a.status IN ('pending', 'draft') AND a.id IS DISTINCT FROM %(besides)s::bigint
       AND (a.slot IS NOT NULL OR NOT i.is_closed AND i.held < i.places)
"""


def open_item(
    session: Session, rater_id: int, *, besides: int | None, put_off: bool
) -> Assignment | None:
    """The person's first open assignment, `besides` one, that has a place or can get one again.

    put_off: of those they put off, which is the longest ago; else of the others, what is begun
    and then as `order_key` puts them. With its item.
    """
    if put_off:
        rest = "AND a.postponed_at IS NOT NULL ORDER BY a.postponed_at LIMIT 1"
    else:
        key = order_key(session, "i")
        rest = f"AND a.postponed_at IS NULL ORDER BY a.status, {key}, i.position LIMIT 1"
    about = {"session": session.pk, "rater": rater_id, "besides": besides}
    values = first_row(_OPEN_ITEM + rest, about)
    if values is None:
        return None
    item, assignment = _ITEM.read(values), _ASSIGNMENT.read(values)
    assignment.item, item.session = item, session
    return assignment


def _parameters(session: Session, rater_id: int = 0) -> dict[str, Any]:
    return {"session": session.pk, "rater": rater_id, "now": timezone.now()}
