"""Who is named in a text with an @ in front."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping

LONGEST = 400
"""Characters of a text in which a name can stand: longer than any name and address here."""


def mentioned(text: str, names: Mapping[str, Collection[int]]) -> frozenset[int]:
    """The ids behind every @name of the text.

    names: what people are called, in any case, with or without accents, and the ids of those
    called so. Where one name begins with another the longest counts. A name ends where no
    letter or digit follows, and an @ inside a word, as in an address, names nobody.
    """
    known: dict[str, frozenset[int]] = {}
    for name, ids in names.items():
        if name.strip():
            known[_plain(name)] = known.get(_plain(name), frozenset()) | frozenset(ids)
    by_length = sorted(known, key=len, reverse=True)
    found: set[int] = set()
    for index, sign in enumerate(text):
        if sign != "@" or (index and text[index - 1].isalnum()):
            continue
        rest = _plain(text[index + 1 : index + 1 + LONGEST])
        longest = next((name for name in by_length if _begins(rest, name)), None)
        if longest is not None:
            found |= known[longest]
    return frozenset(found)


def _plain(text: str) -> str:
    """In lower case and without accents, so that a name is found as people type it."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _begins(rest: str, name: str) -> bool:
    return rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum()
