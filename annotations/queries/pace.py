"""Who submitted sooner than a text can be read: by person, and item by item.

The work of a session counts, its checks and repeats do not; nor does what a person had read
before. Time that was not measured is unknown: it makes nobody fast.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet

from annotations.models import Assignment, AssignmentStatus, Session
from annotations.queries.comparisons import members_of
from annotations.queries.progress import ON_WORK
from rubricstudio.domain.quality import Pace

MOST_ROWS = 200
"""Submissions that are listed, the fastest first."""


@dataclass(frozen=True, slots=True)
class PersonPace:
    """One annotator's pace; `rater_id` also of somebody who left."""

    rater_id: int
    name: str
    pace: Pace


@dataclass(frozen=True, slots=True)
class Hasty:
    """A submission that took less time than its text takes to read; both in seconds."""

    number: int
    task_id: int
    response: str
    rater_id: int
    name: str
    seconds: float
    reading: float
    at: datetime

    @property
    def ratio(self) -> float:
        """The time taken over the time to read, above 0 and below 1."""
        return self.seconds / self.reading


_PACE = """
    SELECT a.rater_id, r.name,
           count(*) FILTER (WHERE a.seconds_to_submit < a.reading_seconds),
           count(a.seconds_to_submit),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds_to_submit / a.reading_seconds),
           count(*) FILTER (WHERE a.seconds_to_submit IS NULL)
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
      JOIN studio_rater r ON r.id = a.rater_id
     WHERE i.session_id = %(session)s AND i.kind = 'work' AND i.sample = 0
       AND a.status = 'submitted' AND a.reading_seconds IS NOT NULL
     GROUP BY a.rater_id, r.name ORDER BY lower(r.name), a.rater_id
"""


def people_pace(session: Session) -> list[PersonPace]:
    """Everybody who submitted something they had to read, by name. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PACE, {"session": session.pk})
        return [PersonPace(row[0], row[1], Pace(*row[2:])) for row in cursor.fetchall()]


def hasty_rows(
    session: Session, hidden: Collection[int] = (), rater_id: int | None = None
) -> tuple[int, list[Hasty]]:
    """How many submissions were too fast to have read the text, and the fastest of them.

    hidden: responses that the reader of the list still has to judge; they are left out of
    both. Two queries.
    """
    rows = _hasty(session, hidden, rater_id)
    columns = (
        *("item__position", "item__response__task", "item__response__external_id"),
        *("rater", "rater__name", "seconds_to_submit", "reading_seconds", "submitted_at"),
    )
    fastest = rows.order_by(F("seconds_to_submit") / F("reading_seconds"), "pk")[:MOST_ROWS]
    return rows.count(), [
        Hasty(position + 1, *more) for position, *more in fastest.values_list(*columns)
    ]


def _hasty(session: Session, hidden: Collection[int], rater_id: int | None) -> QuerySet[Assignment]:
    person = Q() if rater_id is None else Q(rater=rater_id)
    return Assignment.objects.filter(
        ON_WORK,
        person,
        item__session=session,
        status=AssignmentStatus.SUBMITTED,
        seconds_to_submit__lt=F("reading_seconds"),
    ).exclude(item__response__in=hidden)


_UNREAD = """
    SELECT re.text FROM studio_response re
     WHERE re.id = ANY(%(members)s::bigint[])
       AND NOT EXISTS (
           SELECT 1 FROM annotations_item i JOIN annotations_assignment a ON a.item_id = i.id
            WHERE i.response_id = re.id AND a.rater_id = %(rater)s
              AND a.submitted_at IS NOT NULL AND a.id <> %(assignment)s)
       AND NOT EXISTS (
           SELECT 1 FROM annotations_item_response f
             JOIN annotations_assignment a ON a.item_id = f.item_id
            WHERE f.response_id = re.id AND a.rater_id = %(rater)s
              AND a.submitted_at IS NOT NULL AND a.id <> %(assignment)s)
"""


def unread_texts(assignment: Assignment) -> list[str]:
    """The texts of an item that its person met in no other item they submitted. One query."""
    about: dict[str, Any] = {
        "members": list(members_of(assignment.item)),
        "rater": assignment.rater_id,
        "assignment": assignment.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD, about)
        return [text or "" for (text,) in cursor.fetchall()]
