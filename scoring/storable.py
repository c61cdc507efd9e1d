"""Text of a model's own making, made into text that the database can hold."""

from __future__ import annotations

CUT = " [...]"


def storable(text: str, most: int | None = None) -> str:
    """The text without what no text column and no JSON column takes, at most `most` characters.

    NUL and lone surrogates, both of which JSON may spell, become the replacement character.
    """
    clean = text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    if most is None or len(clean) <= most:
        return clean
    return clean[: most - len(CUT)] + CUT
