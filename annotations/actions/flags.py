"""An annotator's call for attention to an item, and a manager's answer to it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.errors import InvalidFlag, NotInSession, NotPossible
from annotations.models import Assignment, Flag, Session
from rubricstudio.models import User


@transaction.atomic
def flag(*, assignment: Assignment, note: str, by: User) -> Flag:
    """Call attention to an item; what was entered for it stays as it is.

    A person has one open flag on an item: said again, the note is replaced. Raises
    InvalidFlag without a note, and NotInSession for another's assignment.
    """
    if assignment.rater.user_id != by.pk:
        raise NotInSession(_("This is another person's assignment."))
    if not note.strip():
        raise InvalidFlag(_("Say what is wrong, so that somebody can settle it."))
    made, _created = Flag.objects.update_or_create(
        item_id=assignment.item_id,
        rater_id=assignment.rater_id,
        settled_at=None,
        defaults={"note": note.strip()},
    )
    return made


@transaction.atomic
def settle(*, session: Session, flag_id: int, answer: str, by: User) -> Flag:
    """Answer a flag of the session and close it.

    The same answer again changes nothing. Raises InvalidFlag without an answer or where there
    is no such flag, and NotPossible where somebody else settled it meanwhile.
    """
    found = (
        Flag.objects.select_for_update(of=("self",))
        .filter(pk=flag_id, item__session=session)
        .first()
    )
    if found is None:
        raise InvalidFlag(_("There is no such flag in this session."))
    if not answer.strip():
        raise InvalidFlag(_("Write an answer; the person who flagged the item reads it."))
    if found.settled_at is not None:
        if found.answer != answer.strip():
            raise NotPossible(_("Somebody settled this flag meanwhile. Their answer stands."))
        return found
    found.answer, found.settled_by, found.settled_at = answer.strip(), by, timezone.now()
    found.save(update_fields=["answer", "settled_by", "settled_at"])
    return found
