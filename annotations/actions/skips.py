"""Skipping an item and taking the skip back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.actions.distribute import pass_on
from annotations.actions.locks import (
    check_step,
    hold_session,
    hold_target,
    locked_assignment,
    reserved_until,
    take_place,
)
from annotations.errors import NotPossible
from annotations.models import (
    Assignment,
    AssignmentStatus,
    Item,
    ItemKind,
    SessionStatus,
    SkippedTo,
    SkipReason,
)
from annotations.states import OPEN
from rubricstudio.models import User


@transaction.atomic
def skip(*, assignment: Assignment, reason: SkipReason, by: User, note: str = "") -> Assignment:
    """Put an item aside as the session says; what was entered is kept.

    It comes back to the same person when nothing else is left (`postponed_at`), or is free
    for other people, or is closed for everybody who has not begun it. Where items are given
    out, another person gets it at once.

    Safe to repeat. Raises NotInSession, and NotPossible where the item must be answered,
    once it is submitted, or unless the session is active.
    """
    hold_session(assignment.item.session_id, SessionStatus.ACTIVE)
    locked, _standing = locked_assignment(assignment, by)
    if locked.status == AssignmentStatus.SKIPPED:
        return locked
    if locked.status == AssignmentStatus.SUBMITTED:
        raise NotPossible(_("You submitted this item already; it cannot be skipped any more."))
    if locked.item.must_answer:
        raise NotPossible(
            _("This item must be answered. Where you cannot assess a criterion, say so there.")
        )
    session = locked.item.session
    locked.skip_reason, locked.skip_note = reason, note
    if session.skipped_to == SkippedTo.ME:
        locked.postponed_at = timezone.now()
        locked.save()
        return locked
    locked.status, locked.slot = check_step(locked, "skip"), None
    locked.save()
    if session.skipped_to == SkippedTo.NOBODY:
        Item.objects.filter(pk=locked.item_id).update(is_closed=True)
    else:
        pass_on(session, locked.item)
    return locked


@transaction.atomic
def take_up(*, assignment: Assignment, by: User) -> Assignment:
    """Open a skipped or postponed item again where it still has a free place.

    An item that was closed by skipping is open for everybody again, unless someone else
    skipped it too. Raises NotInSession, NotPossible unless it is skipped and the session
    active, and PlacesTaken.
    """
    hold_session(assignment.item.session_id, SessionStatus.ACTIVE)
    hold_target(assignment.item.session)
    locked, _standing = locked_assignment(assignment, by)
    session = locked.item.session
    if locked.postponed_at is None or locked.status not in OPEN:
        locked.status = check_step(locked, "take_up")
    if locked.slot is None:
        locked.slot = take_place(locked.item, session)
    locked.skip_reason, locked.skip_note, locked.postponed_at = "", "", None
    locked.reserved_until = reserved_until(session)
    locked.save()
    is_work = locked.item.kind == ItemKind.WORK and locked.item.sample == 0
    if is_work and locked.item.is_closed and session.skipped_to == SkippedTo.NOBODY:
        others = locked.item.assignments.filter(status=AssignmentStatus.SKIPPED)
        if not others.exists():
            Item.objects.filter(pk=locked.item_id, kind="work", sample=0).update(is_closed=False)
    return locked
