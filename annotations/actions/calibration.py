"""A calibration round: a blind vote, its reveal and discussion, a second vote.

The session's lock makes each step exact: who submits holds it too (`hold_session`), so that
a vote is stored either before the reveal or not at all.
"""

from __future__ import annotations

import pghistory
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.actions.setup import place_items
from annotations.errors import NotPossible, VotesMissing
from annotations.models import (
    Assignment,
    AssignmentStatus,
    DiscussionNote,
    Item,
    ItemKind,
    Session,
    SessionStatus,
    Stage,
)
from annotations.options import MAX_COVERAGE
from annotations.queries.calibration import votes_of
from annotations.queries.sheets import criteria_of, criterion_ids
from rubricstudio.models import User

RUNNING = (SessionStatus.ACTIVE, SessionStatus.PAUSED)
LONGEST_NOTE = 5000


def start_round(session: Session) -> None:
    """Let everybody vote on every item of a session that starts. Its lock is held.

    Raises NotPossible for fewer than two annotators.
    """
    people = session.annotators.count()
    if people < 2:
        raise NotPossible(
            _("In a calibration round people are compared: add a second annotator first.")
        )
    if people > MAX_COVERAGE:
        raise NotPossible(
            _("A calibration round has at most %(most)d annotators.") % {"most": MAX_COVERAGE}
        )
    session.coverage = people
    session.save(update_fields=["coverage"])
    place_items(session)


def give_everyone_a_place(session: Session) -> None:
    """As many places in each item as there are people, those included who voted and left."""
    present = set(session.annotators.values_list("rater", flat=True))
    voted = Assignment.objects.filter(item__session=session, slot__isnull=False)
    people = len(present | set(voted.values_list("rater", flat=True)))
    if people > session.coverage:
        work = Item.objects.filter(session=session, kind=ItemKind.WORK)
        work.update(places=F("places") + people - session.coverage)
        session.coverage = people
        session.save(update_fields=["coverage"])


@transaction.atomic
def reveal(*, session: Session, by: User, despite_missing: bool = False) -> Session:
    """End the first vote and show it to those who took part. It stays as it is from now on.

    Safe to repeat while it is discussed. Raises VotesMissing where some have not voted on
    everything, unless `despite_missing`; NotPossible where no item has the votes of two
    people, once the second vote has begun, and in a session that is not under way.
    """
    locked = _held(session, Stage.VOTE, Stage.DISCUSS)
    if locked.stage == Stage.DISCUSS:
        return locked
    votes = votes_of(locked)
    if not votes.first:
        raise NotPossible(_("Nobody has voted yet: there is nothing to show."))
    if not votes.shared:
        raise NotPossible(
            _("No item has the votes of two people yet: there is nothing to compare.")
        )
    if votes.missing and not despite_missing:
        raise VotesMissing(
            ngettext(
                "%(n)d vote is missing, of: %(names)s. Who has not voted on an item now does not "
                "take part in its second vote either.",
                "%(n)d votes are missing, of: %(names)s. Who has not voted on an item now does not "
                "take part in its second vote either.",
                votes.missing,
            )
            % {"n": votes.missing, "names": ", ".join(person.name for person in votes.late)}
        )
    return _move(locked, by, stage=Stage.DISCUSS, revealed_at=Now())


@transaction.atomic
def vote_again(*, session: Session, by: User) -> Session:
    """End the discussion and open the second vote.

    Safe to repeat. Raises NotPossible before the first vote is revealed, and in a session
    that is not under way.
    """
    locked = _held(session, Stage.DISCUSS, Stage.REVOTE)
    if locked.stage == Stage.REVOTE:
        return locked
    return _move(locked, by, stage=Stage.REVOTE, revote_at=Now())


def _held(session: Session, *allowed: Stage) -> Session:
    """The session, locked, in one of these stages. Raises NotPossible."""
    locked = Session.objects.select_for_update().get(pk=session.pk)
    if not locked.stage:
        raise NotPossible(_("This session is no calibration round."))
    if locked.status not in RUNNING:
        raise NotPossible(
            _("This is not possible: the session is %(status)s.")
            % {"status": locked.get_status_display()}
        )
    if locked.stage not in allowed:
        raise NotPossible(
            _("This is not possible: the round is at its %(stage)s.")
            % {"stage": locked.get_stage_display()}
        )
    return locked


def _move(session: Session, by: User, **changes: object) -> Session:
    """Set the stage and its time by the database's clock, which dates the verdicts too."""
    with pghistory.context(user=by.pk):
        Session.objects.filter(pk=session.pk).update(**changes)
    session.refresh_from_db(fields=["stage", "revealed_at", "revote_at"])
    return session


@transaction.atomic
def add_note(
    *, session: Session, response_id: int, criterion_key: str, text: str, by: User
) -> DiscussionNote:
    """Write down something about a criterion on a response while a round is discussed.

    The same words again right after (a second click, a page sent twice) are the same note.
    Raises NotPossible for no words or too many, for what is not discussed in this session,
    and outside the discussion.
    """
    locked = _held(session, Stage.DISCUSS)
    words = text.replace("\x00", "").strip()
    if not words:
        raise NotPossible(_("Write something first."))
    if len(words) > LONGEST_NOTE:
        raise NotPossible(
            _("Shorten the note to %(most)d characters; it has %(n)d.")
            % {"most": LONGEST_NOTE, "n": len(words)}
        )
    items = Item.objects.filter(session=locked, response=response_id)
    voted = items.filter(
        kind=ItemKind.WORK, sample=0, assignments__status=AssignmentStatus.SUBMITTED
    )
    asked = {criterion.key for criterion in criteria_of(locked)}
    if criterion_key not in asked or not voted.exists():
        raise NotPossible(_("This is not discussed here."))
    place = {
        "session": locked,
        "response_id": response_id,
        "criterion_id": criterion_ids(locked)[criterion_key],
    }
    last = DiscussionNote.objects.filter(**place).order_by("-pk").first()
    if last is not None and last.author_id == by.pk and last.text == words:
        return last
    return DiscussionNote.objects.create(**place, author=by, text=words)
