"""Handing out items: reserve the next one, and keep it while the person works."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from annotations.actions.locks import (
    hold_session,
    hold_target,
    locked_item,
    reserved_until,
    take_place,
)
from annotations.actions.quality import next_check
from annotations.errors import NotInSession, PlacesTaken
from annotations.models import (
    Assignment,
    Item,
    Session,
    SessionAnnotator,
    SessionStatus,
    Stage,
    Strategy,
)
from annotations.queries.calibration import to_vote_again
from annotations.queries.checks import CHECKED
from annotations.queries.queue import is_over, open_item, wanted_left
from annotations.states import OPEN
from rubricstudio.models import User
from rubricstudio.queries.rows import Rows, first_row

RENEWED_AT_MOST_EVERY = timedelta(minutes=1)


class _FilledMeanwhile(Exception):
    """The item was filled, or its place lost, between being found and being locked."""


def next_item(*, session: Session, by: User, besides: int | None = None) -> Assignment | None:
    """Reserve the next item for a person, or return None when there is none left for them.

    `besides` is an assignment of theirs that does not count as open: they are at it now.

    What they have open comes first. After that, where people take items themselves, the
    first in the session's order that has a free place (or one whose reservation expired)
    and that they never had: submitted and skipped items do not come back. Last comes what
    they put off. The place is theirs alone until the session's reservation minutes have
    passed without a change. Their limit, the session's target and its deadline end what
    is handed out, not what is open. In the second vote of a calibration a person gets what
    they submitted in the first one, item by item, until they have submitted it again.

    Raises NotInSession for others, and NotPossible unless the session is active.
    """
    # People who ask at the same moment pass over each other's locked items. Only when
    # nothing else is left does one wait for a lock, since that item may still have room.
    for waits in (False, True):
        while True:
            try:
                taken = _reserve(session=session, by=by, waits=waits, besides=besides)
            except _FilledMeanwhile:
                continue
            if taken is not None:
                return taken
            break
    return None


@transaction.atomic
def _reserve(*, session: Session, by: User, waits: bool, besides: int | None) -> Assignment | None:
    stage = hold_session(session.pk, SessionStatus.ACTIVE)
    hold_target(session)
    annotator, meets_checks = _hold_place(session, by)
    if stage == Stage.REVOTE:
        return to_vote_again(session, annotator.rater_id, besides=besides)
    check = next_check(session=session, annotator=annotator, meets_checks=meets_checks, stage=stage)
    if check is not None and check.pk != besides:
        return check
    resumed = _resume(session, annotator.rater_id, besides, put_off=False)
    if resumed is not None:
        return resumed
    taken = _take(session, annotator, waits=waits)
    if taken is None and waits:
        return _resume(session, annotator.rater_id, besides, put_off=True)
    return taken


def _hold_place(session: Session, by: User) -> tuple[SessionAnnotator, bool]:
    """The person's place, and whether the session has checks or repeats for them.

    The lock keeps a double click from reserving two items.
    """
    values = first_row(_HELD_PLACE, {"session": session.pk, "user": by.pk})
    if values is None:
        raise NotInSession(_("You are not an annotator of this session."))
    meets_checks = next(values)
    return _ANNOTATOR.read(values), meets_checks


_ANNOTATOR = Rows(SessionAnnotator, "p")
_HELD_PLACE = f"""
    SELECT {CHECKED}, {_ANNOTATOR.columns}
      FROM annotations_session_annotator p JOIN studio_rater own ON own.id = p.rater_id
     WHERE p.session_id = %(session)s AND own.user_id = %(user)s FOR UPDATE OF p
"""


def _take(session: Session, annotator: SessionAnnotator, *, waits: bool) -> Assignment | None:
    """A place in an item that the person never had."""
    if session.strategy != Strategy.PULL or not _may_take_more(session, annotator):
        return None
    item = Item.objects.next_for(session, annotator.rater_id, skip_locked=not waits)
    if item is None:
        return None
    try:
        slot = take_place(item, session)
    except PlacesTaken:
        raise _FilledMeanwhile from None
    return Assignment.objects.create(
        item=item,
        rater_id=annotator.rater_id,
        slot=slot,
        reserved_until=reserved_until(session),
    )


def _may_take_more(session: Session, annotator: SessionAnnotator) -> bool:
    if is_over(session):
        return False
    limit = session.limit if annotator.limit is None else annotator.limit
    if limit is not None and places_of(session, annotator.rater_id) >= limit:
        return False
    left = wanted_left(session)
    return left is None or left > 0


def places_of(session: Session, rater_id: int) -> int:
    """How many items of a session a person has: open ones with a place, and submitted ones."""
    return Assignment.objects.filter(
        item__session=session, rater=rater_id, slot__isnull=False
    ).count()


def _resume(
    session: Session, rater_id: int, besides: int | None, *, put_off: bool
) -> Assignment | None:
    """The person's first open assignment that has a place, or can get one again.

    put_off: of those they put off, which is the longest ago; else of the others.
    """
    found = open_item(session, rater_id, besides=besides, put_off=put_off)
    if found is None:
        return None
    until = reserved_until(session)
    if found.slot is not None:
        # As in `renew`: what one has is kept by a conditional update, without a lock.
        own = Assignment.objects.filter(pk=found.pk, status__in=OPEN, slot__isnull=False)
        if not own.update(reserved_until=until):
            raise _FilledMeanwhile
        found.reserved_until = until
        return found
    item = locked_item(found.item_id)
    found.refresh_from_db()
    try:
        if found.slot is None:
            found.slot = take_place(item, session)
    except PlacesTaken:
        if wanted_left(session) is None:
            raise _FilledMeanwhile from None
        return None
    found.reserved_until = until
    found.save(update_fields=["slot", "reserved_until"])
    return found


def renew(*, assignment: Assignment, by: User) -> bool:
    """Keep an open item reserved while its person works; whether they still have its place.

    Writes at most once a minute and takes no lock: whoever takes an expired place frees it
    by a conditional update too, and one of the two comes first. Raises NotInSession for
    another's assignment.
    """
    if assignment.rater.user_id != by.pk:
        raise NotInSession(_("This is another person's assignment."))
    until = reserved_until(assignment.item.session)
    own = Assignment.objects.filter(pk=assignment.pk, status__in=OPEN, slot__isnull=False)
    stale = Q(reserved_until__isnull=True) | Q(reserved_until__lt=until - RENEWED_AT_MOST_EVERY)
    return bool(own.filter(stale).update(reserved_until=until)) or own.exists()
