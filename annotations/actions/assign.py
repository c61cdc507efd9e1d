"""Handing out items: reserve the next one, or take up a skipped one again."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.actions.locks import (
    check_step,
    hold_session,
    locked_assignment,
    reserved_until,
    take_place,
)
from annotations.errors import NotInSession, PlacesTaken
from annotations.models import Assignment, Item, Session, SessionAnnotator, SessionStatus
from annotations.states import OPEN
from rubricstudio.models import User


class _FilledMeanwhile(Exception):
    """The item was filled between being found and being locked."""


def next_item(*, session: Session, by: User) -> Assignment | None:
    """Reserve the next item for a person, or return None when there is none left for them.

    What they have open comes first, by position. After that the first item that has a
    free place (or one whose reservation expired) and that they never had: submitted
    and skipped items do not come back. The place is theirs alone until the session's
    reservation minutes have passed without a change.

    Raises NotInSession for others, and NotPossible unless the session is active.
    """
    # People who ask at the same moment pass over each other's locked items. Only when
    # nothing else is left does one wait for a lock, since that item may still have room.
    for waits in (False, True):
        while True:
            try:
                taken = _reserve(session=session, by=by, waits=waits)
            except _FilledMeanwhile:
                continue
            if taken is not None:
                return taken
            break
    return None


@transaction.atomic
def _reserve(*, session: Session, by: User, waits: bool) -> Assignment | None:
    hold_session(session.pk, SessionStatus.ACTIVE)
    # The lock on the person's place keeps a double click from reserving two items.
    place = SessionAnnotator.objects.select_for_update(of=("self",)).filter(
        session=session, rater__user=by
    )
    annotator = place.first()
    if annotator is None:
        raise NotInSession(_("You are not an annotator of this session."))
    resumed = _resume(session, annotator.rater_id)
    if resumed is not None:
        return resumed
    item = Item.objects.next_for(session, annotator.rater_id, skip_locked=not waits)
    if item is None:
        return None
    try:
        # The item is locked only now: others may have filled it since it was found.
        slot = take_place(item, session)
    except PlacesTaken:
        raise _FilledMeanwhile from None
    return Assignment.objects.create(
        item=item,
        rater_id=annotator.rater_id,
        slot=slot,
        reserved_until=reserved_until(session),
    )


def _resume(session: Session, rater_id: int) -> Assignment | None:
    """The person's first open assignment that has a place, or can get one again."""
    mine = Assignment.objects.filter(
        item__session=session, rater_id=rater_id, status__in=OPEN
    ).order_by("item__position")
    for assignment in mine:
        item = Item.objects.select_for_update(no_key=True).get(pk=assignment.item_id)
        assignment.refresh_from_db()
        try:
            if assignment.slot is None:
                assignment.slot = take_place(item, session)
        except PlacesTaken:
            continue
        assignment.reserved_until = reserved_until(session)
        assignment.save(update_fields=["slot", "reserved_until"])
        return assignment
    return None


@transaction.atomic
def take_up(*, assignment: Assignment, by: User) -> Assignment:
    """Open a skipped item again where it still has a free place.

    Raises NotInSession, NotPossible unless it is skipped and the session active, and
    PlacesTaken.
    """
    hold_session(assignment.item.session_id, SessionStatus.ACTIVE)
    locked = locked_assignment(assignment, by)
    locked.status = check_step(locked, "take_up")
    locked.slot = take_place(locked.item, locked.item.session)
    locked.skip_reason, locked.skip_note = "", ""
    locked.reserved_until = reserved_until(locked.item.session)
    locked.save()
    return locked
