"""Who is named in a text with an @ in front."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def mentioned(text: str, names: Mapping[str, Collection[int]]) -> frozenset[int]:
    """The ids behind every @name of the text.

    names: what people are called, in any case, and the ids of those called so. Where one
    name begins with another the longest counts. A name ends where no letter or digit
    follows, and an @ inside a word, as in an address, names nobody.
    """
    known = {name.casefold(): frozenset(ids) for name, ids in names.items() if name.strip()}
    by_length = sorted(known, key=len, reverse=True)
    found: set[int] = set()
    for index, sign in enumerate(text):
        if sign != "@" or (index and text[index - 1].isalnum()):
            continue
        rest = text[index + 1 :].casefold()
        name = next((name for name in by_length if _begins(rest, name)), None)
        if name is not None:
            found |= known[name]
    return frozenset(found)


def _begins(rest: str, name: str) -> bool:
    return rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum()
