"""A session counted for its managers: by person, state, criterion, day and hour.

Each is one statement that the database answers with as many rows as the page shows; the
work of a session counts, its checks and repeats do not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from annotations.models import Assignment, Flag, Mode, Session
from annotations.queries.progress import ON_WORK
from annotations.queries.sheets import criteria_of
from annotations.queries.states import states_of
from annotations.states import OPEN

DAYS, HOURS = 30, 48
MOST_FLAGS = 20
"""Flags whose words are shown, the newest first."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and quartiles of seconds; None where n, the timed ones, is 0."""

    n: int
    low: float | None
    median: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Person:
    """One annotator's counts, or those of everybody (rater None)."""

    rater_id: int | None
    name: str
    is_present: bool
    submitted: int
    open: int
    lost: int
    skipped: int
    postponed: int
    last: datetime | None
    reminded: datetime | None
    seconds: Spread


@dataclass(frozen=True, slots=True)
class CriterionCount:
    """Current verdicts on a criterion by status; `other` are neither ok nor cannot-assess."""

    key: str
    text: str
    ok: int
    cannot_assess: int
    other: int
    with_rationale: int

    @property
    def n(self) -> int:
        """All verdicts."""
        return self.ok + self.cannot_assess + self.other


@dataclass(frozen=True, slots=True)
class Bucket:
    """Submissions in a day or an hour that begins at `start`."""

    start: datetime
    n: int


def verdicts_an_item(session: Session) -> int:
    """What one submission decides: each criterion, or in a comparison one preference."""
    if session.mode in (Mode.PAIRWISE, Mode.RANKING):
        return 1
    return max(1, len(criteria_of(session)))


# Time without an event was not measured, so it is left out and never counted as none.
_PEOPLE = """
    SELECT a.rater_id, count(*) FILTER (WHERE a.status = 'submitted'),
           count(*) FILTER (WHERE a.status IN ('pending', 'draft') AND a.slot IS NOT NULL
                                  AND a.postponed_at IS NULL),
           count(*) FILTER (WHERE a.status IN ('pending', 'draft') AND a.slot IS NULL),
           count(*) FILTER (WHERE a.status = 'skipped'),
           count(*) FILTER (WHERE a.status IN ('pending', 'draft') AND a.slot IS NOT NULL
                                  AND a.postponed_at IS NOT NULL),
           max(a.submitted_at),
           count(*) FILTER (WHERE a.status = 'submitted' AND a.active_seconds > 0),
           percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY a.active_seconds)
             FILTER (WHERE a.status = 'submitted' AND a.active_seconds > 0)
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
     WHERE i.session_id = %(session)s AND i.kind = 'work' AND i.sample = 0
     GROUP BY GROUPING SETS ((a.rater_id), ())
"""


def people(session: Session) -> tuple[Person, list[Person]]:
    """Everybody together, and each person by name, also who left or has nothing yet.

    Seconds are active time a verdict: that of an item over what one submission decides.
    Three queries.
    """
    present = {
        rater: (name, reminded)
        for rater, name, reminded in session.annotators.values_list(
            "rater", "rater__name", "reminded_at"
        )
    }
    counted = {row[0]: row[1:] for row in _rows(_PEOPLE, {"session": session.pk})}
    gone = set(counted) - set(present) - {None}
    names = {rater: name for rater, (name, _at) in present.items()} | _names(gone)
    each = verdicts_an_item(session)

    def person(rater: int | None) -> Person:
        found = counted.get(rater, (0, 0, 0, 0, 0, None, 0, None))
        submitted, begun, lost, skipped, postponed, last, timed, seconds = found
        low, median, high = [s / each for s in seconds] if seconds else (None, None, None)
        name, reminded = present.get(rater, ("", None)) if rater else ("", None)
        return Person(
            rater,
            name or names.get(rater or 0, ""),
            rater in present,
            submitted,
            begun,
            lost,
            skipped,
            postponed,
            last,
            reminded,
            Spread(timed, low, median, high),
        )

    every = [person(rater) for rater in names]
    return person(None), sorted(every, key=lambda one: (one.name.casefold(), one.rater_id or 0))


def _names(raters: Collection[int]) -> dict[int, str]:
    rows = _rows("SELECT id, name FROM studio_rater WHERE id = ANY(%(ids)s)", {"ids": [*raters]})
    return dict(rows)


def item_states(session: Session) -> dict[str, int]:
    """How many items are done, need others, are running, closed by a skip, or pending."""
    return states_of([session])[session.pk]


_ITEM_ROWS = """
    SELECT i.position + 1, t.external_id, i.places,
           count(a.id) FILTER (WHERE a.status = 'submitted'),
           count(a.id) FILTER (WHERE a.status IN ('pending', 'draft') AND a.slot IS NOT NULL),
           count(a.id) FILTER (WHERE a.status = 'skipped')
      FROM annotations_item i JOIN studio_response r ON r.id = i.response_id
      JOIN studio_task t ON t.id = r.task_id
      LEFT JOIN annotations_assignment a ON a.item_id = i.id
     WHERE i.session_id = %(session)s AND i.kind = 'work' AND i.sample = 0
       AND i.position > %(after)s
     GROUP BY i.id, t.external_id ORDER BY i.position LIMIT %(limit)s
"""


def item_rows(session: Session, chunk: int = 5000) -> Iterator[tuple[Any, ...]]:
    """Each item: its number, task, places, and how many are submitted, reserved and skipped."""
    after = -1
    while rows := _rows(_ITEM_ROWS, {"session": session.pk, "after": after, "limit": chunk}):
        yield from rows
        after = rows[-1][0] - 1


# A correction takes its row's place: all rows are counted, and those that one with the next
# revision follows are taken off again. Corrections are few, sorting everything is not.
_CRITERIA = """
    SELECT criterion_id, sum(ok), sum(cannot), sum(other), sum(words) FROM (
        SELECT v.criterion_id, count(*) FILTER (WHERE v.status = 'ok') AS ok,
               count(*) FILTER (WHERE v.status = 'cannot_assess') AS cannot,
               count(*) FILTER (WHERE v.status NOT IN ('ok', 'cannot_assess')) AS other,
               count(*) FILTER (WHERE v.rationale <> '') AS words
          FROM studio_verdict v
         WHERE v.round_id = %(session)s AND v.sample = 0 GROUP BY v.criterion_id
        UNION ALL
        SELECT p.criterion_id, -count(*) FILTER (WHERE p.status = 'ok'),
               -count(*) FILTER (WHERE p.status = 'cannot_assess'),
               -count(*) FILTER (WHERE p.status NOT IN ('ok', 'cannot_assess')),
               -count(*) FILTER (WHERE p.rationale <> '')
          FROM studio_verdict v JOIN studio_verdict p
            ON p.response_id = v.response_id AND p.criterion_id = v.criterion_id
           AND p.rater_id = v.rater_id AND p.round_id = v.round_id
           AND p.sample = v.sample AND p.revision = v.revision - 1
         WHERE v.round_id = %(session)s AND v.sample = 0 AND v.revision > 0
         GROUP BY p.criterion_id) counted GROUP BY criterion_id
"""


def criterion_counts(session: Session) -> list[CriterionCount]:
    """Each criterion that people judge, in display order."""
    found = {row[0]: map(int, row[1:]) for row in _rows(_CRITERIA, {"session": session.pk})}
    ids = _criterion_ids(session)
    return [
        CriterionCount(one.key, one.text, *found.get(ids.get(one.key, 0), (0, 0, 0, 0)))
        for one in criteria_of(session)
    ]


def _criterion_ids(session: Session) -> Mapping[str, int]:
    rows = _rows(
        "SELECT key, id FROM studio_criterion WHERE version_id = %(version)s",
        {"version": session.round.version_id},
    )
    return dict(rows)


_PACE = """
    SELECT date_trunc(%(unit)s, a.submitted_at AT TIME ZONE %(zone)s), count(*)
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
     WHERE i.session_id = %(session)s AND i.kind = 'work' AND i.sample = 0
       AND a.status = 'submitted' AND a.submitted_at >= %(since)s
       AND (%(rater)s::bigint IS NULL OR a.rater_id = %(rater)s)
     GROUP BY 1
"""


def pace(session: Session, unit: str, n: int, rater_id: int | None = None) -> list[Bucket]:
    """Submissions of the last `n` days or hours in the site's time zone, oldest first.

    unit: "day" or "hour". A bucket without submissions is there, with 0.
    """
    now = timezone.localtime().replace(minute=0, second=0, microsecond=0, tzinfo=None)
    last = now.replace(hour=0) if unit == "day" else now
    step = timedelta(**{f"{unit}s": 1})
    starts = [last - step * back for back in range(n - 1, -1, -1)]
    parameters = {
        "session": session.pk,
        "unit": unit,
        "zone": timezone.get_current_timezone_name(),
        "since": timezone.make_aware(starts[0]),
        "rater": rater_id,
    }
    found = dict(_rows(_PACE, parameters))
    return [Bucket(start, found.get(start, 0)) for start in starts]


_RECENT = """
    SELECT count(*), min(a.submitted_at)
      FROM annotations_assignment a JOIN annotations_item i ON i.id = a.item_id
     WHERE i.session_id = %(session)s AND i.kind = 'work' AND i.sample = 0
       AND a.status = 'submitted' AND a.submitted_at >= %(since)s
"""


def recent(session: Session, since: datetime) -> tuple[int, datetime | None]:
    """How many were submitted since then, and when the first of them was."""
    n, first = _rows(_RECENT, {"session": session.pk, "since": since})[0]
    return n, first


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason to skip, and how often it was given; `later` of them only put the item off."""

    reason: str
    n: int
    later: int


def skip_reasons(session: Session) -> list[Reason]:
    """The reasons given for items that are skipped or put off now, the most frequent first."""
    rows = (
        Assignment.objects.filter(ON_WORK, item__session=session)
        .exclude(skip_reason="")
        .order_by()
        .values_list("skip_reason")
        .annotate(n=Count("pk"), later=Count("pk", filter=Q(status__in=OPEN)))
    )
    return sorted((Reason(*row) for row in rows), key=lambda one: (-one.n, one.reason))


@dataclass(frozen=True, slots=True)
class Flags:
    """Calls for attention: how many are open and settled, and the newest open ones."""

    open: int
    settled: int
    newest: list[Flag]


def flags(session: Session, hidden: Iterable[int] = ()) -> Flags:
    """The flags of a session, without the words of those on the responses `hidden`."""
    rows = Flag.objects.filter(item__session=session)
    counts = rows.aggregate(
        open=Count("pk", filter=Q(settled_at=None)),
        settled=Count("pk", filter=Q(settled_at__isnull=False)),
    )
    newest = (
        rows.filter(settled_at=None)
        .exclude(item__response__in=list(hidden))
        .select_related("item", "rater")
        .order_by("-created_at", "-pk")[:MOST_FLAGS]
    )
    return Flags(counts["open"], counts["settled"], list(newest))


def _rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
