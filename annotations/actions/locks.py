"""Locks shared by the actions, taken in this order: session, target, place, item, assignment."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import NotInSession, NotPossible, PlacesTaken
from annotations.models import (
    Assignment,
    AssignmentStatus,
    Item,
    Qualification,
    Session,
    SessionStatus,
    Stage,
)
from annotations.queries.queue import wanted_left
from annotations.states import ASSIGNMENT_STEPS, OPEN
from rubricstudio.domain.assignment import free_place
from rubricstudio.models import User
from rubricstudio.queries.rows import Rows, first_row

_ITEM, _ASSIGNMENT = Rows(Item, "i"), Rows(Assignment, "a")
_LOCKED_ITEM = f"""
    SELECT {_ITEM.columns} FROM annotations_item i WHERE i.id = %(item)s FOR NO KEY UPDATE
"""
_LOCKED_ASSIGNMENT = f"""
    SELECT own.user_id, p.qualification, {_ASSIGNMENT.columns}
      FROM annotations_assignment a JOIN studio_rater own ON own.id = a.rater_id
      LEFT JOIN annotations_session_annotator p
        ON p.session_id = %(session)s AND p.rater_id = a.rater_id
     WHERE a.id = %(assignment)s FOR UPDATE OF a
"""


def locked_item(item_id: int) -> Item:
    """An item that is there, held until the transaction ends."""
    values = first_row(_LOCKED_ITEM, {"item": item_id})
    if values is None:
        raise Item.DoesNotExist
    return _ITEM.read(values)


def locked_assignment(assignment: Assignment, by: User) -> tuple[Assignment, Qualification]:
    """The assignment, held until the transaction ends, and how its person stands.

    Raises NotInSession for another's, and for people who left the session.
    """
    session = assignment.item.session
    item = locked_item(assignment.item_id)
    # What a session asks for does not change once it has started, so it is not read again.
    item.session = session
    values = first_row(_LOCKED_ASSIGNMENT, {"assignment": assignment.pk, "session": session.pk})
    if values is None:
        raise Assignment.DoesNotExist
    user_id, qualification = next(values), next(values)
    if user_id != by.pk:
        raise NotInSession(_("This is another person's assignment."))
    if qualification is None:
        raise NotInSession(_("You are no longer an annotator of this session."))
    locked = _ASSIGNMENT.read(values)
    locked.item = item
    return locked, Qualification(qualification)


def hold_session(session_id: int, *allowed: SessionStatus) -> Stage:
    """Keep the session in one of the `allowed` states until the transaction ends.

    A shared lock, so that people do not wait for each other, only for someone who
    changes the session. Returns where its calibration stands, which cannot change either
    while the lock is held. Raises NotPossible in any other state.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, stage FROM annotations_session WHERE round_id = %s FOR SHARE",
            [session_id],
        )
        told, stage = cursor.fetchone()
    status = SessionStatus(told)
    if status not in allowed:
        raise NotPossible(_CLOSED[status]())
    return Stage(stage)


_CLOSED = {
    SessionStatus.DRAFT: lambda: _("The session has not started yet."),
    SessionStatus.ACTIVE: lambda: _("The session is running."),
    SessionStatus.PAUSED: lambda: _(
        "The session is paused. What you entered is kept; submit it when work goes on."
    ),
    SessionStatus.COMPLETED: lambda: _("The session is completed; verdicts no longer change."),
}


def hold_target(session: Session) -> None:
    """Keep others from taking places of a session that has a target until the transaction ends.

    People count the places in use before they take one; two who count at the same time
    would overshoot.
    """
    if session.target is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_TARGETS, session.pk])


# Tells this kind of advisory lock from others.
_TARGETS = 0x7A61


def check_step(assignment: Assignment, step: str) -> AssignmentStatus:
    """The state that `step` leads to. Raises NotPossible."""
    status = AssignmentStatus(assignment.status)
    if step not in ASSIGNMENT_STEPS[status]:
        raise NotPossible(
            _("This is not possible: the item is %(status)s.") % {"status": status.label}
        )
    return ASSIGNMENT_STEPS[status][step]


def take_place(item: Item, session: Session) -> int:
    """A free place of an item whose lock is held. Raises PlacesTaken.

    A place whose reservation has expired counts as free: its holder loses it. The
    holder may be submitting at this moment, so the place is freed by a conditional
    update that waits for them and then looks again.
    """
    left = wanted_left(session)
    if left is not None and left <= 0:
        raise PlacesTaken(_("The session has all the submissions it asked for."))
    if left is not None:
        _release_expired(session)
    now = timezone.now()
    places = Assignment.objects.filter(item=item, slot__isnull=False)
    taken = {slot for slot in places.values_list("slot", flat=True) if slot is not None}
    place = free_place(item.places, taken)
    if place is not None:
        return place
    expired = places.filter(status__in=OPEN, reserved_until__lt=now, is_given=False)
    for pk, slot in list(expired.order_by("reserved_until").values_list("pk", "slot")):
        if slot is not None and expired.filter(pk=pk).update(slot=None):
            return slot
    raise PlacesTaken(
        _(
            "Your reservation of this item expired and enough other people took it up. "
            "What you entered is kept."
        )
    )


def _release_expired(session: Session) -> None:
    """Take expired places away for good, where others are handed out in their stead."""
    Assignment.objects.filter(
        item__session=session,
        status__in=OPEN,
        slot__isnull=False,
        is_given=False,
        reserved_until__lt=timezone.now(),
    ).update(slot=None)


def reserved_until(session: Session) -> datetime:
    """When a reservation made or renewed now ends."""
    return timezone.now() + timedelta(minutes=session.reservation_minutes)
