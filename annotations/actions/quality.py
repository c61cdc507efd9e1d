"""What a person meets besides work: training, qualification, hidden gold items, repeats.

`next_check` says before each hand-out whether one of them comes now, `after_submit` what an
answer changes: who is qualified, who is paused, which item needs one more person.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.actions.distribute import pass_on
from annotations.actions.locks import locked_item, reserved_until, take_place
from annotations.errors import InvalidSession, NotPossible, NotQualified
from annotations.models import (
    Assignment,
    AssignmentStatus,
    Item,
    ItemKind,
    Qualification,
    Session,
    SessionAnnotator,
    Stage,
)
from annotations.queries.checks import FIRST, Check, course
from annotations.queries.gold import results, sheets_of
from annotations.states import OPEN
from rubricstudio.domain.quality import GoldScore, must_pause, passes, places_wanted
from rubricstudio.models import User


def next_check(
    *, session: Session, annotator: SessionAnnotator, meets_checks: bool, stage: Stage
) -> Assignment | None:
    """The training, qualification, gold item or repeat that comes now, None for work.

    Called with the person's place locked; without `meets_checks` all is work.
    Raises NotQualified for people under the threshold, and NotPossible while a calibration
    round is discussed.
    """
    if stage == Stage.DISCUSS:
        raise NotPossible(
            _("The first vote of this round is over. See the discussion for what comes next.")
        )
    if annotator.qualification == Qualification.FAILED:
        raise NotQualified(not_qualified())
    way = course(session, annotator.rater_id) if meets_checks else None
    if way is None:
        return None
    first = way.first(asks_qualification=annotator.qualification != Qualification.PASSED)
    if first is not None:
        return _open(session, annotator, first)
    if any(one.is_begun for one in way.had):
        return None
    due = way.due()
    return None if due is None else _open(session, annotator, due)


def not_qualified() -> str:
    """What a person under the threshold is told."""
    return _(
        "You get no items of this session for now: too many of your answers differ from those "
        "known to be right. Read the guidelines again and write to the session's manager, who "
        "can let you go on."
    )


def _open(session: Session, annotator: SessionAnnotator, check: Check) -> Assignment:
    """The person's assignment to a check, with a place; checks have places for everyone."""
    item = locked_item(check.item_id)
    found = Assignment.objects.filter(item=item, rater=annotator.rater_id).first()
    if found is None:
        return Assignment.objects.create(
            item=item,
            rater_id=annotator.rater_id,
            slot=take_place(item, session),
            reserved_until=reserved_until(session),
        )
    if found.slot is None:
        found.slot = take_place(item, session)
    found.reserved_until = reserved_until(session)
    found.save(update_fields=["slot", "reserved_until"])
    return found


def hold_person(assignment: Assignment) -> None:
    """Lock the person's place before an item whose answer may change their standing."""
    if assignment.item.kind in (ItemKind.QUALIFICATION, ItemKind.GOLD):
        places = SessionAnnotator.objects.select_for_update(of=("self",))
        places.filter(session=assignment.item.session_id, rater=assignment.rater_id).first()


def check_may_submit(assignment: Assignment, standing: Qualification, stage: Stage) -> None:
    """Raises NotQualified for people who are paused, NotPossible where an answer is final.

    standing: the person's, as their locked assignment came with it; stage: where a calibration
    stands, as the session's lock holds it.
    """
    submitted = assignment.status == AssignmentStatus.SUBMITTED
    if submitted and assignment.item.kind in FIRST:
        raise NotPossible(_("Answers to training and qualification items are final."))
    if stage == Stage.DISCUSS:
        raise NotPossible(_("The answers are being discussed; the second vote opens later."))
    if stage == Stage.REVOTE and not submitted:
        raise NotPossible(_("The first vote is over, and you did not take part on this item."))
    if standing == Qualification.FAILED:
        raise NotQualified(not_qualified())


def after_submit(assignment: Assignment, session: Session) -> None:
    """What follows from answers just stored, in the same transaction."""
    kind = assignment.item.kind
    if kind == ItemKind.QUALIFICATION:
        _qualify(assignment, session)
    elif kind == ItemKind.GOLD:
        _pause_if_needed(assignment, session)
    elif kind == ItemKind.WORK and assignment.item.sample == 0:
        _add_a_place(assignment.item, session)


def _qualify(assignment: Assignment, session: Session) -> None:
    """Decide once every qualification item is answered."""
    found = results(session, kinds=[ItemKind.QUALIFICATION], rater=assignment.rater_id)
    asked = Item.objects.filter(session=session, kind=ItemKind.QUALIFICATION).count()
    if len(found) < asked or session.qualify_at is None:
        return
    total = sum((result.score for result in found), GoldScore(0, 0))
    _judge(session, assignment.rater_id, passed=passes(total, session.qualify_at))


def _pause_if_needed(assignment: Assignment, session: Session) -> None:
    if not session.pause_after:
        return
    place = SessionAnnotator.objects.get(session=session, rater=assignment.rater_id)
    found = results(
        session, kinds=[ItemKind.GOLD], rater=assignment.rater_id, since=place.qualified_at
    )
    if must_pause([result.score for result in found], session.pause_after, session.qualify_at):
        _judge(session, assignment.rater_id, passed=False)


def _judge(session: Session, rater_id: int, *, passed: bool) -> None:
    """Set a person's standing; who fails gives back what they had reserved."""
    SessionAnnotator.objects.filter(session=session, rater=rater_id).update(
        qualification=Qualification.PASSED if passed else Qualification.FAILED,
        qualified_at=timezone.now(),
        qualified_by=None,
        qualification_note="",
    )
    if not passed:
        Assignment.objects.filter(
            item__session=session, rater=rater_id, status__in=OPEN, is_given=False
        ).update(slot=None)


def _add_a_place(item: Item, session: Session) -> None:
    """One more person where those who judged an item disagree. The item's lock is held."""
    if session.extra_below is None or session.max_coverage is None:
        return
    if item.assignments.filter(status=AssignmentStatus.SUBMITTED).count() < item.places:
        return
    sheets = sheets_of(item)
    wanted = places_wanted(
        sheets, item.places, below=session.extra_below, most=session.max_coverage
    )
    if wanted > item.places:
        Item.objects.filter(pk=item.pk).update(places=wanted)
        pass_on(session, item)


@transaction.atomic
def pass_person(*, session: Session, rater_id: int, reason: str, by: User) -> SessionAnnotator:
    """Let a person work whatever their answers to known items; `reason` is kept with it.

    Gold items answered before count no longer. Safe to repeat. Raises InvalidSession without
    a reason or for somebody who is no annotator of the session.
    """
    if not reason.strip():
        raise InvalidSession(_("Give a reason: it is kept with the decision."))
    places = SessionAnnotator.objects.select_for_update(of=("self",))
    place = places.filter(session=session, rater=rater_id).first()
    if place is None:
        raise InvalidSession(_("This person is no annotator of the session."))
    place.qualification, place.qualified_at = Qualification.PASSED, timezone.now()
    place.qualified_by, place.qualification_note = by, reason.strip()
    place.save()
    return place
