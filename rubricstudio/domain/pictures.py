"""How texts name pictures, and what a picture may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
MOST_BYTES = 5 * 1024 * 1024
NAME_LIMIT = 100
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What a name consists of: nothing that Markdown or an address would have to escape."""

_NAMED = re.compile(rf"(!\[[^\]]*\]\(\s*image:)({NAME})([^)]*\))")


def names_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The names of the pictures that texts show as `![...](image:NAME)`, each once, in order."""
    return tuple(dict.fromkeys(found[1] for text in texts for found in _NAMED.findall(text)))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with pictures shown under their new names; those that `names` lacks stay."""
    return _NAMED.sub(lambda found: f"{found[1]}{names.get(found[2], found[2])}{found[3]}", text)
