"""The keys of whoever works on the annotation page."""

from __future__ import annotations

from annotations.keys import USUAL, Keymap, from_stored
from annotations.models import Shortcuts
from rubricstudio.models import User
from rubricstudio.queries.rows import Rows, first_row

_SHORTCUTS = Rows(Shortcuts, "k")
_OWN = f"SELECT {_SHORTCUTS.columns} FROM annotations_shortcuts k WHERE k.user_id = %(user)s"


def keymap_of(user: User) -> Keymap:
    """The person's keys, the usual ones where they chose none."""
    values = first_row(_OWN, {"user": user.pk})
    if values is None:
        return USUAL
    own = _SHORTCUTS.read(values)
    return from_stored(own.keys, enabled=own.enabled)
