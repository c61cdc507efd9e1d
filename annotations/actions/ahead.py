"""The item after the one a person is at, reserved early so that its page is ready."""

from __future__ import annotations

from annotations.actions.assign import next_item
from annotations.models import Assignment, ItemKind
from rubricstudio.models import User


def reserve_ahead(*, assignment: Assignment, by: User) -> Assignment | None:
    """Reserve what `next_item` will hand out once `assignment` is submitted, or return None.

    One item and no more: whoever has another one open gets that again. The reservation is
    like every other, so it counts towards the item's places and expires. In training, in
    tests and while people discuss, what comes next may depend on the answer: None there.

    Raises NotInSession, and NotPossible unless the session is active.
    """
    session, item = assignment.item.session, assignment.item
    depends = item.kind in (ItemKind.TRAINING, ItemKind.QUALIFICATION) or session.stage
    if depends or session.qualify_at is not None:
        return None
    return next_item(session=session, by=by, besides=assignment.pk)
