"""The keys of whoever works on the annotation page."""

from __future__ import annotations

from annotations.keys import USUAL, Keymap, from_stored
from annotations.models import Shortcuts
from rubricstudio.models import User


def keymap_of(user: User) -> Keymap:
    """The person's keys, the usual ones where they chose none."""
    own = Shortcuts.objects.filter(user=user.pk).first()
    return USUAL if own is None else from_stored(own.keys, enabled=own.enabled)
