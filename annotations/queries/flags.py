"""Flags of a session, and what else a manager has to see to in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from annotations.models import Flag, Session, SessionStatus, Strategy
from annotations.queries.people import unsuited_tags


@dataclass(frozen=True, slots=True)
class Notes:
    """What calls for a manager: open flags, and tags of items that nobody can take."""

    flags: int
    unsuited: list[str]


def notes_of(session: Session) -> Notes:
    """Counted anew each time; a completed session asks for nobody any more."""
    by_expertise = session.strategy == Strategy.EXPERTISE
    unsuited = by_expertise and session.status != SessionStatus.COMPLETED
    open_flags = Flag.objects.filter(item__session=session, settled_at__isnull=True)
    return Notes(open_flags.count(), unsuited_tags(session) if unsuited else [])


def flags_of(
    session: Session, *, settled: bool, before: int | None = None, limit: int = 50
) -> tuple[list[Flag], int | None]:
    """The open or the settled flags, the newest first, and the id to go on from."""
    rows = list(
        Flag.objects.filter(
            Q(pk__lt=before) if before is not None else Q(),
            item__session=session,
            settled_at__isnull=not settled,
        )
        .select_related("item", "rater", "settled_by")
        .order_by("-pk")[: limit + 1]
    )
    shown = rows[:limit]
    return shown, shown[-1].pk if len(rows) > limit else None


def own_flags(item_id: int, rater_id: int) -> list[Flag]:
    """What a person flagged about an item, with the answers, the newest first."""
    return list(Flag.objects.filter(item=item_id, rater=rater_id).order_by("-pk")[:20])
