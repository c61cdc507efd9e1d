"""The first vote of a calibration round, most disputed items first, and what is said about it.

Every query here stops at `revealed_at`, so that nobody who votes again meets a new answer.
How far an item is disputed is the sum over its criteria of the share of disagreeing pairs of
people times the criterion's share of the rubric's weight: 0 to 1. On a points scale a pair
disagrees by the part of the scale between its two values, as in `annotations.queries.disputes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import connection

from annotations.models import Assignment, AssignmentStatus, DiscussionNote, ItemKind, Session
from annotations.queries.sheets import criteria_of, criterion_ids
from rubricstudio.domain.rubric import shares_of
from rubricstudio.models import Rater, Response, Verdict

PAGE = 25


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the list an item stands: its dispute in [0, 1], then its response."""

    dispute: float
    response: int

    def __str__(self) -> str:
        return f"{self.dispute!r}_{self.response}"


def place_from(text: str) -> Place | None:
    """The place that an address names; None for anything else."""
    dispute, _mark, response = text.partition("_")
    try:
        number = float(dispute)
    except ValueError:
        return None
    if not (response.isascii() and response.isdigit() and len(response) < 19):
        return None
    return Place(number, int(response)) if 0 <= number <= 1 else None


@dataclass(frozen=True, slots=True)
class Discussed:
    """An item of the list. number: as people count; split: criteria on which people disagree.

    compared: criteria with a value of two people or more; voters: who said anything at all.
    """

    place: Place
    number: int
    split: int
    compared: int
    voters: int
    notes: int

    @property
    def response(self) -> int:
        """The response's id."""
        return self.place.response


@dataclass(frozen=True)
class DiscussionPage:
    """Some items, most disputed first. total and disputed count all of them."""

    rows: Sequence[Discussed]
    total: int
    disputed: int
    more: bool


# The sums are taken in the order of the criteria and rounded, so that the same item has the
# same place on every page.
_LISTED = """
    WITH kind(id, share, scale, span) AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(shares)s::float8[],
                             %(scales)s::text[], %(spans)s::float8[])),
    first AS (
        SELECT DISTINCT ON (v.response_id, v.criterion_id, v.rater_id)
               v.response_id, v.criterion_id, v.rater_id, v.value
          FROM studio_verdict v
         WHERE v.round_id = %(session)s AND v.sample = 0 AND v.created_at <= %(revealed)s
         ORDER BY v.response_id, v.criterion_id, v.rater_id, v.revision DESC),
    told AS (
        SELECT response_id, criterion_id, count(value) AS n,
               array_agg(value) FILTER (WHERE value IS NOT NULL) AS given
          FROM first GROUP BY response_id, criterion_id),
    split AS (
        SELECT t.response_id, t.criterion_id, k.share,
               CASE WHEN n >= 2 THEN (
                   SELECT sum(CASE WHEN k.scale = 'points' THEN abs(a - b) / k.span
                                   ELSE (a <> b)::int END)
                     FROM unnest(given) a, unnest(given) b) / (n * (n - 1.0)) END AS apart
          FROM told t JOIN kind k ON k.id = t.criterion_id),
    voters AS (
        SELECT response_id, count(DISTINCT rater_id) AS voters FROM first GROUP BY response_id),
    noted AS (
        SELECT response_id, count(*) AS notes FROM annotations_discussion_note
         WHERE session_id = %(session)s GROUP BY response_id),
    listed AS (
        SELECT s.response_id, i.position + 1 AS number, voters, coalesce(notes, 0) AS notes,
               least(1, round(coalesce(sum(apart * share ORDER BY criterion_id), 0)::numeric, 9)
                    )::float8 AS dispute,
               count(*) FILTER (WHERE apart > 0) AS split, count(apart) AS compared
          FROM split s
          JOIN annotations_item i ON i.session_id = %(session)s AND i.kind = %(work)s
                                 AND i.sample = 0 AND i.response_id = s.response_id
          JOIN voters w ON w.response_id = s.response_id
          LEFT JOIN noted n ON n.response_id = s.response_id
         GROUP BY s.response_id, i.position, voters, notes)
"""
_PAGE = (
    _LISTED
    + """
    SELECT response_id, dispute, number, split, compared, voters, notes, total, disputed
      FROM (SELECT count(*) AS total, count(*) FILTER (WHERE dispute > 0) AS disputed
              FROM listed) counts
      LEFT JOIN LATERAL (
           SELECT * FROM listed
            WHERE %(after)s::float8 IS NULL
               OR (-dispute, response_id) > (-%(after)s::float8, %(after_response)s::bigint)
            ORDER BY dispute DESC, response_id LIMIT %(limit)s) rows ON true
     ORDER BY dispute DESC, response_id
"""
)
_NEIGHBOURS = (
    _LISTED
    + """
    SELECT number, before, after FROM (
        SELECT response_id, number, lag(response_id) OVER w AS before,
               lead(response_id) OVER w AS after
          FROM listed WINDOW w AS (ORDER BY dispute DESC, response_id)) found
     WHERE response_id = %(response)s
"""
)


def discussed(session: Session, *, after: Place | None = None, limit: int = PAGE) -> DiscussionPage:
    """The items behind `after`, most disputed first, and counts of all. One query."""
    place = after or Place(0.0, 0)
    parameters = _parameters(session) | {
        "after": after and place.dispute,
        "after_response": place.response,
        "limit": limit + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, parameters)
        rows = cursor.fetchall()
    found = [
        Discussed(Place(dispute, response), *rest)
        for response, dispute, *rest in (row[:7] for row in rows)
        if response is not None
    ]
    return DiscussionPage(found[:limit], rows[0][7], rows[0][8], len(found) > limit)


@dataclass(frozen=True, slots=True)
class Beside:
    """An item's number, and the responses before and after it in the list, None at the ends."""

    number: int
    before: int | None
    after: int | None


def beside_in_list(session: Session, response_id: int) -> Beside | None:
    """Where the item of a response stands; None where it is not in the list."""
    with connection.cursor() as cursor:
        cursor.execute(_NEIGHBOURS, _parameters(session) | {"response": response_id})
        row = cursor.fetchone()
    return None if row is None else Beside(*row)


def own_item(session: Session, response_id: int, user_id: int) -> int | None:
    """The id of the reader's own item on a response, None where they did not vote on it."""
    own = Assignment.objects.filter(
        item__session=session,
        item__kind=ItemKind.WORK,
        item__sample=0,
        item__response=response_id,
        rater__user=user_id,
        status=AssignmentStatus.SUBMITTED,
    )
    return own.values_list("item", flat=True).first()


def _parameters(session: Session) -> dict[str, Any]:
    criteria, ids = criteria_of(session), criterion_ids(session)
    shares = shares_of({one.key: one.weight for one in criteria})
    return {
        "session": session.pk,
        "revealed": session.revealed_at,
        "work": ItemKind.WORK,
        "ids": [ids[one.key] for one in criteria],
        "shares": [shares[one.key] for one in criteria],
        "scales": [one.scale.kind.value for one in criteria],
        "spans": [one.scale.high - one.scale.low for one in criteria],
    }


def first_verdicts(session: Session, response_id: int) -> list[Verdict]:
    """What everybody had said of a response when the first vote ended. One query."""
    rows = Verdict.objects.filter(
        round=session.pk, response=response_id, sample=0, created_at__lte=session.revealed_at
    )
    return list(rows.current().select_related("criterion"))


def first_comments(session: Session, response_id: int) -> dict[int, str]:
    """By rater: what they wrote on the whole response in the first vote."""
    rows = Assignment.objects.filter(
        item__session=session, item__kind=ItemKind.WORK, item__sample=0, item__response=response_id
    ).exclude(first_comment="")
    return dict(rows.values_list("rater", "first_comment"))


def notes_on(session: Session, response_id: int) -> dict[int, list[DiscussionNote]]:
    """By criterion id: what was said in the discussion of a response, oldest first."""
    rows = DiscussionNote.objects.filter(session=session, response=response_id)
    found: dict[int, list[DiscussionNote]] = {}
    for note in rows.select_related("author").order_by("pk"):
        found.setdefault(note.criterion_id, []).append(note)
    return found


def text_of(response_id: int) -> dict[str, Any]:
    """The response's text and its task; the source is not read."""
    fields = ("text", "task__messages", "task__reference")
    found: dict[str, Any] = Response.objects.values(*fields).get(pk=response_id)
    return found


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who voted: a short mark for the margin, a name, and whether it is the reader."""

    mark: str
    name: str
    is_reader: bool
    user_id: int | None


def people_of(session: Session, reader: int) -> dict[int, Person]:
    """By rater: everybody with a place in the session or a vote, as this reader may know them.

    A session that hides other people shows letters, drawn by chance and the same for all.
    """
    raters = list(
        Rater.objects.filter(assignments__item__session=session, assignments__slot__isnull=False)
        .distinct()
        .order_by("name", "pk")
    )
    if session.hide_raters:
        Random(f"discussion:{session.pk}").shuffle(raters)
    return {
        rater.pk: Person(
            letters(place),
            "" if session.hide_raters else rater.name,
            rater.user_id == reader,
            rater.user_id,
        )
        for place, rater in enumerate(raters)
    }


def letters(place: int) -> str:
    """A, B, ... Z, AA, AB, ... by place from 0."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
