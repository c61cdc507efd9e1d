"""The items of a session for those who give them out: who has which."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Left

from annotations.models import Assignment, Item, ItemKind, Session
from annotations.queries.people import workers_of


@dataclass(frozen=True, slots=True)
class Holder:
    """A person who has or had an item."""

    name: str
    status: str
    is_given: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item, what is left of its places, and the people who have or had it."""

    id: int
    number: int
    prompt: str
    tags: list[str]
    places: int
    held: int
    must_answer: bool
    is_closed: bool
    holders: list[Holder]

    @property
    def free(self) -> int:
        """Places nobody has; none of a closed item."""
        return 0 if self.is_closed else max(0, self.places - self.held)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person that items can be given to: how many they hold, and how many more they may."""

    rater_id: int
    name: str
    load: int
    room: int | None
    tags: list[str]


def item_rows(
    session: Session, *, with_room: bool = False, after: int = -1, limit: int = 50
) -> tuple[list[ItemRow], int | None]:
    """The items of work behind position `after`, and the position to go on from, if any."""
    prompt = KeyTextTransform("content", KeyTransform(-1, "response__task__messages"))
    chosen = Q(is_closed=False, held__lt=F("places")) if with_room else Q()
    items: list[Any] = list(
        Item.objects.filter(
            chosen, session=session, kind=ItemKind.WORK, sample=0, position__gt=after
        )
        .order_by("position")
        .annotate(prompt=Left(prompt, 300), tags=F("response__task__tags"))
        .values("id", "position", "prompt", "tags", "places", "held", "must_answer", "is_closed")[
            : limit + 1
        ]
    )
    holders = _holders([item["id"] for item in items[:limit]])
    rows = [
        ItemRow(
            id=item["id"],
            number=item["position"] + 1,
            prompt=item["prompt"] or "",
            tags=item["tags"],
            places=item["places"],
            held=item["held"],
            must_answer=item["must_answer"],
            is_closed=item["is_closed"],
            holders=holders[item["id"]],
        )
        for item in items[:limit]
    ]
    return rows, items[limit - 1]["position"] if len(items) > limit else None


def _holders(items: list[int]) -> dict[int, list[Holder]]:
    found: dict[int, list[Holder]] = defaultdict(list)
    rows = Assignment.objects.filter(item__in=items).select_related("rater").order_by("pk")
    for row in rows:
        lost = row.slot is None and row.status != "skipped"
        status = "skipped" if row.postponed_at and row.status != "submitted" else row.status
        found[row.item_id].append(Holder(row.rater.name, status, row.is_given, lost))
    return found


def person_rows(session: Session) -> list[PersonRow]:
    """The session's annotators by name."""
    names = dict(session.annotators.values_list("rater", "rater__name"))
    workers = workers_of(session)
    return sorted(
        (PersonRow(w.id, names[w.id], w.load, w.room, sorted(w.tags)) for w in workers),
        key=lambda row: row.name,
    )
