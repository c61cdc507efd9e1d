"""How far a session and each of its people are, always counted, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, Q, Sum, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Left

from annotations.models import Assignment, Item, Session
from annotations.states import OPEN

# Progress is that of work: checks and repeats are for the quality page alone.
IS_WORK = Q(kind="work", sample=0)
ON_WORK = Q(item__kind="work", item__sample=0)


def _counts(prefix: str = "") -> dict[str, Count]:
    """Counts of assignments by state; one that lost its place is not counted as reserved."""
    open_with_place = {f"{prefix}status__in": OPEN, f"{prefix}slot__isnull": False}
    return {
        "submitted": Count(f"{prefix}pk", filter=Q(**{f"{prefix}status": "submitted"})),
        "reserved": Count(f"{prefix}pk", filter=Q(**open_with_place)),
        "skipped": Count(f"{prefix}pk", filter=Q(**{f"{prefix}status": "skipped"})),
    }


_NONE = {"submitted": 0, "reserved": 0, "skipped": 0}


@dataclass(frozen=True, slots=True)
class AnnotatorProgress:
    """One annotator's counts of items."""

    rater_id: int
    name: str
    submitted: int
    reserved: int
    skipped: int
    is_present: bool


@dataclass(frozen=True, slots=True)
class SessionProgress:
    """A session's counts: `places` is what has to be submitted, the sum over its items."""

    items: int
    coverage: int
    places: int
    submitted: int
    reserved: int
    skipped: int

    @property
    def share(self) -> float | None:
        """Submitted over places, in [0, 1]; None for a session without items."""
        return self.submitted / self.places if self.places else None

    @property
    def is_full(self) -> bool:
        """Whether every place is submitted."""
        return 0 < self.places == self.submitted


@dataclass(frozen=True, slots=True)
class ItemProgress:
    """One item of a session and how many of its places are submitted and reserved."""

    id: int
    position: int
    task: str
    prompt: str
    coverage: int
    submitted: int
    reserved: int
    skipped: int

    @property
    def number(self) -> int:
        """The position as people count."""
        return self.position + 1

    @property
    def status(self) -> str:
        """pending, running (reserved or begun), needs_others, or done."""
        if self.submitted >= self.coverage:
            return "done"
        if self.submitted:
            return "needs_others"
        return "running" if self.reserved else "pending"


def session_progress(session: Session) -> SessionProgress:
    """The counts of a session."""
    return progress_of([session])[session.pk]


def _rows(query: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows of `.values()` as plain dictionaries, which may be taken apart."""
    return [dict(row) for row in query]


def progress_of(sessions: Iterable[Session]) -> dict[int, SessionProgress]:
    """The counts of several sessions by id, in two queries."""
    by_id = {session.pk: session for session in sessions}
    items = {
        session: (n, places)
        for session, n, places in Item.objects.filter(IS_WORK, session__in=by_id)
        .order_by()
        .values_list("session")
        .annotate(
            n=Count("pk"),
            places_in_all=Sum(Case(When(is_closed=True, then=F("held")), default=F("places"))),
        )
    }
    rows = _rows(
        Assignment.objects.filter(ON_WORK, item__session__in=by_id)
        .order_by()
        .values("item__session")
        .annotate(**_counts())
    )
    counts = {row.pop("item__session"): row for row in rows}
    return {
        pk: SessionProgress(
            items=items.get(pk, (0, 0))[0],
            coverage=session.coverage,
            places=items.get(pk, (0, 0))[1],
            **counts.get(pk, _NONE),
        )
        for pk, session in by_id.items()
    }


def annotators_progress(session: Session) -> list[AnnotatorProgress]:
    """Each annotator's counts by name, also of people who left after submitting."""
    present = dict(session.annotators.values_list("rater_id", "rater__name"))
    rows = _rows(
        Assignment.objects.filter(ON_WORK, item__session=session)
        .order_by()
        .values("rater", "rater__name")
        .annotate(**_counts())
    )
    names = {row["rater"]: row.pop("rater__name") for row in rows} | present
    counts = {row.pop("rater"): row for row in rows}
    return [
        AnnotatorProgress(rater, name, is_present=rater in present, **counts.get(rater, _NONE))
        for rater, name in sorted(names.items(), key=lambda pair: pair[1])
    ]


def session_items(
    session: Session, *, after: int = -1, limit: int = 50
) -> tuple[list[ItemProgress], int | None]:
    """The items behind position `after`, and the position to go on from, None at the end."""
    last_message = KeyTextTransform("content", KeyTransform(-1, "response__task__messages"))
    rows = _rows(
        Item.objects.filter(IS_WORK, session=session, position__gt=after)
        .order_by("position")
        .values("id", "position", coverage=F("places"), task=F("response__task__external_id"))
        .annotate(prompt=Left(last_message, 300), **_counts("assignments__"))[: limit + 1]
    )
    shown = [ItemProgress(**row) for row in rows[:limit]]
    return shown, shown[-1].position if len(rows) > limit else None
