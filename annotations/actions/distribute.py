"""Giving items to people: dealt out by a strategy, by hand, and dealt out again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import InvalidSession, NotPossible
from annotations.models import (
    Assignment,
    AssignmentStatus,
    Item,
    ItemKind,
    Session,
    SessionStatus,
    Strategy,
)
from annotations.queries.people import Slots, items_with_room, workers_of
from rubricstudio.domain.assignment import Shares, deal
from rubricstudio.models import User

DEALT = (Strategy.ROUND_ROBIN, Strategy.BALANCED, Strategy.EXPERTISE)
RUNNING = (SessionStatus.ACTIVE, SessionStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class Given:
    """What came of giving items by hand: places filled, and why others were not."""

    given: int
    had_already: int
    without_room: int
    over_limit: int


def deal_out(session: Session, only: Collection[int] | None = None) -> Shares:
    """Fill the free places of a session whose lock is held; what could not be is told.

    Does nothing where people take items themselves or a manager gives them.
    """
    if session.strategy not in DEALT:
        return Shares([], {})
    slots = items_with_room(session, only)
    shares = deal(
        slots.items,
        workers_of(session),
        seed=session.pk,
        by_tags=session.strategy == Strategy.EXPERTISE,
    )
    _give(slots, shares.pairs)
    return shares


# One statement for all of them: a session of a hundred thousand places starts in seconds.
_INSERT = """
    INSERT INTO annotations_assignment
        (item_id, rater_id, slot, status, draft, draft_version, draft_tab, comment,
         skip_reason, skip_note, is_given, shown_order, active_seconds, created_at)
    SELECT item, rater, slot, 'pending', '{}', 0, '', '', '', '', true, '{}', 0, %(now)s
      FROM unnest(%(items)s::bigint[], %(raters)s::bigint[], %(slots)s::integer[])
        AS given (item, rater, slot)
"""


def _give(slots: Slots, pairs: Sequence[tuple[int, int]]) -> None:
    if not pairs:
        return
    chosen: list[int] = []
    for item, _rater in pairs:
        used = slots.used.setdefault(item, set())
        chosen.append(next(slot for slot in count() if slot not in used))
        used.add(chosen[-1])
    parameters: dict[str, Any] = {
        "now": timezone.now(),
        "items": [item for item, _rater in pairs],
        "raters": [rater for _item, rater in pairs],
        "slots": chosen,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, parameters)


def not_begun() -> Q:
    """Given items that nobody has opened or answered anything of."""
    is_closed = Q(reserved_until__isnull=True) | Q(reserved_until__lt=timezone.now())
    return is_closed & Q(is_given=True, status=AssignmentStatus.PENDING, draft_version=0)


def people_changed(session: Session, leaving: Collection[int]) -> None:
    """Deal what nobody has begun out again after people joined or left a session (locked).

    Of a session whose items are given by hand only what the leaving had comes back.
    """
    if session.status not in RUNNING:
        return
    given = Assignment.objects.filter(not_begun(), item__session=session)
    if session.strategy not in DEALT:
        given = given.filter(rater__in=leaving)
    given.delete()
    deal_out(session)


def pass_on(session: Session, item: Item) -> None:
    """Give the place that a person gave back to the next one, where items are dealt out."""
    if session.strategy in DEALT:
        deal_out(session, [item.pk])


def lock_session(session: Session) -> Session:
    """The session, held until the transaction ends. Raises NotPossible once completed."""
    rows = Session.objects.select_for_update(of=("self",)).select_related("round__version")
    locked = rows.get(pk=session.pk)
    if locked.status == SessionStatus.COMPLETED:
        raise NotPossible(_("The session is completed."))
    return locked


@transaction.atomic
def give(*, session: Session, items: Iterable[int], raters: Iterable[int], by: User) -> Given:
    """Give each of the items to each of the people, as far as there is room; safe to repeat.

    Raises InvalidSession where nobody or nothing is chosen or a person is no annotator of
    the session, and NotPossible in a completed one.
    """
    locked = lock_session(session)
    wanted, people = sorted(set(items)), sorted(set(raters))
    workers = {worker.id: worker for worker in workers_of(locked)}
    if not wanted or not people:
        raise InvalidSession(_("Choose at least one item and one person."))
    if not workers.keys() >= set(people):
        raise InvalidSession(_("Choose among the annotators of the session."))
    slots = items_with_room(locked, wanted)
    room = {worker: workers[worker].room for worker in people}
    pairs: list[tuple[int, int]] = []
    full = had = over = 0
    had_pairs = set(
        Assignment.objects.filter(
            item__in=wanted, item__session=locked, rater__in=people
        ).values_list("item", "rater")
    )
    free = {item.id: item.free for item in slots.items}
    for item in wanted:
        for rater in people:
            left = room[rater]
            if (item, rater) in had_pairs:
                had += 1
            elif not free.get(item):
                full += 1
            elif left == 0:
                over += 1
            else:
                pairs.append((item, rater))
                free[item] -= 1
                room[rater] = None if left is None else left - 1
    _give(slots, pairs)
    return Given(len(pairs), had, full, over)


@transaction.atomic
def take_back(*, session: Session, items: Iterable[int], by: User) -> int:
    """Take the given items back that nobody has begun, and return how many places are free
    again. Safe to repeat. Raises NotPossible in a completed session."""
    locked = lock_session(session)
    _n, deleted = Assignment.objects.filter(
        not_begun(), item__session=locked, item__in=list(items)
    ).delete()
    return deleted.get(Assignment._meta.label, 0)


@transaction.atomic
def set_items(
    *,
    session: Session,
    items: Iterable[int],
    by: User,
    must_answer: bool | None = None,
    is_closed: bool | None = None,
) -> int:
    """Say of items whether they must be answered, or are handed out at all; how many changed.

    Raises NotPossible in a completed session.
    """
    # Checks and repeats come when it is their time; they stay as they are.
    chosen = Item.objects.filter(
        session=lock_session(session), pk__in=list(items), kind=ItemKind.WORK, sample=0
    )
    changes = {"must_answer": must_answer, "is_closed": is_closed}
    asked = {name: value for name, value in changes.items() if value is not None}
    return chosen.exclude(**asked).update(**asked) if asked else 0


@transaction.atomic
def deal_again(*, session: Session, by: User) -> Shares:
    """Fill the free places of a running session by its strategy; raises NotPossible."""
    locked = lock_session(session)
    if locked.status not in RUNNING:
        raise NotPossible(_("The session has not started yet."))
    if locked.strategy not in DEALT:
        raise NotPossible(_("People take the items of this session, or are given them by hand."))
    return deal_out(locked)
