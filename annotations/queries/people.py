"""Who could judge which item: loads, limits, fields of expertise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, Q

from annotations.models import Assignment, Expertise, Item, Session, Strategy
from annotations.states import OPEN
from rubricstudio.domain.assignment import OpenItem, Worker

HOLDS = Q(status__in=OPEN, slot__isnull=False) | Q(status="submitted")


def workers_of(session: Session) -> list[Worker]:
    """The session's annotators, with what they have and may still get.

    In turn counts what they were ever given, so that everyone has had a turn before
    anyone has the next; the other strategies count what they hold and have submitted.
    """
    rows = (
        Assignment.objects.filter(item__session=session)
        .order_by()
        .values_list("rater")
        .annotate(ever=Count("pk"), holds=Count("pk", filter=HOLDS))
    )
    counts = {rater: (ever, holds) for rater, ever, holds in rows}
    in_turn = session.strategy == Strategy.ROUND_ROBIN
    tags = expertise_of(session)
    made = []
    for rater, limit in session.annotators.order_by("rater").values_list("rater", "limit"):
        ever, holds = counts.get(rater, (0, 0))
        most = session.limit if limit is None else limit
        room = None if most is None else max(0, most - holds)
        made.append(Worker(rater, ever if in_turn else holds, room, tags.get(rater, frozenset())))
    return made


def expertise_of(session: Session) -> dict[int, frozenset[str]]:
    """The tags of each annotator of a session by rater, where they have any."""
    rows = session.annotators.filter(
        rater__user__expertise__project=session.round.project_id
    ).values_list("rater", "rater__user__expertise__tags")
    return {rater: frozenset(tags) for rater, tags in rows}


@dataclass(frozen=True, slots=True)
class Slots:
    """The items of a session that have room, and the slots of each that are in use."""

    items: list[OpenItem]
    used: dict[int, set[int]]


def items_with_room(session: Session, only: Collection[int] | None = None) -> Slots:
    """What is left to give, in the order in which it is handed out; `only` names items."""
    items = Item.objects.filter(session=session, is_closed=False, held__lt=F("places"))
    if only is not None:
        items = items.filter(pk__in=only)
    had: dict[int, set[int]] = defaultdict(set)
    used: dict[int, set[int]] = defaultdict(set)
    rows = Assignment.objects.filter(item__in=items).values_list("item", "rater", "slot")
    for item, rater, slot in rows.iterator():
        had[item].add(rater)
        if slot is not None:
            used[item].add(slot)
    found = items.order_by("rank", "position").values_list(
        "pk", "places", "held", "response__task__tags"
    )
    return Slots(
        [
            OpenItem(pk, places - held, frozenset(had.get(pk, ())), frozenset(tags))
            for pk, places, held, tags in found.iterator()
        ],
        used,
    )


def unsuited_tags(session: Session) -> list[str]:
    """Tags of open items that no annotator of the session knows anything about.

    An item counts where none of its tags is anybody's; its tags are listed together.
    """
    known = sorted({tag for tags in expertise_of(session).values() for tag in tags})
    rows = (
        Item.objects.filter(session=session, is_closed=False, held__lt=F("places"))
        .exclude(response__task__tags=[])
        .exclude(response__task__tags__overlap=known)
        .order_by("response__task__tags")
        .values_list("response__task__tags", flat=True)
        .distinct()
    )
    return [", ".join(tags) for tags in rows[:20]]


def expertise_rows(project_id: int, user_ids: Collection[int]) -> dict[int, list[str]]:
    """The tags of people in a project, by user."""
    rows = Expertise.objects.filter(project=project_id, user__in=user_ids)
    return {row.user_id: row.tags for row in rows}
