"""A person's own keys."""

from __future__ import annotations

from annotations.keys import Keymap, own_keys
from annotations.models import Shortcuts
from rubricstudio.models import User


def save_shortcuts(*, user: User, chosen: Keymap) -> Shortcuts:
    """Keep the keys of a person, those that differ from the usual ones. Safe to repeat."""
    values = {"enabled": chosen.enabled, "keys": own_keys(chosen)}
    return Shortcuts.objects.update_or_create(user=user, defaults=values)[0]
