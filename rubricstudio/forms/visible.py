"""Texts that can be seen: white space and marks of no width alone say nothing."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


def validate_visible(value: str) -> None:
    """Raise ValidationError where no character of a text can be seen."""
    if all(unicodedata.category(character) in _UNSEEN for character in value):
        raise ValidationError(_("Write something that can be seen."), code="unseen")
