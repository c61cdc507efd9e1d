"""Finding in a text what somebody quotes from it.

Offsets are half-open, in code points of the text as stored, whatever folding it took to find
the quote, so a page can mark the very words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

_SAME = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
}
_MARKS = "\"'"


def find_exact(quote: str, text: str, near: int | None = None) -> tuple[int, int] | None:
    """Where the very characters stand; of several places the one nearest to `near`."""
    return _nearest(((at, at + len(quote)) for at in _all(quote, text)), near)


def find_folded(quote: str, text: str, near: int | None = None) -> tuple[int, int] | None:
    """Where the same words stand whatever their case, white space, marks and Unicode form."""
    needle = fold(quote)[0].strip(" " + _MARKS)
    folded, starts, ends = fold(text)
    places = ((starts[at], ends[at + len(needle) - 1]) for at in _all(needle, folded))
    return _nearest(places, near)


def _all(needle: str, text: str) -> Iterator[int]:
    at = text.find(needle) if needle else -1
    while at >= 0:
        yield at
        at = text.find(needle, at + 1)


def _nearest(places: Iterator[tuple[int, int]], near: int | None) -> tuple[int, int] | None:
    if near is None:
        return next(places, None)
    return min(places, key=lambda place: abs(place[0] - near), default=None)


def fold(text: str) -> tuple[str, list[int], list[int]]:
    """The text without what quoting commonly changes, and where each character came from.

    Returns (folded, starts, ends): character i of `folded` stands for `text[starts[i]:ends[i]]`.
    Case, Unicode compatibility form, quotation marks and dashes are evened out; each run of
    white space becomes one space; soft hyphens and zero-width characters are left out.
    """
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for i, start, end in _clusters(text):
        for character in _plain(i):
            if character == " " and folded and folded[-1] == " ":
                ends[-1] = end
                continue
            folded.append(character)
            starts.append(start)
            ends.append(end)
    return "".join(folded), starts, ends


def _clusters(text: str) -> Iterable[tuple[str, int, int]]:
    """Each base character with the combining marks after it: they compose as one."""
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or not unicodedata.combining(text[i]):
            yield text[start:i], start, i
            start = i


def _plain(cluster: str) -> str:
    plain = []
    for character in unicodedata.normalize("NFKC", cluster).casefold():
        if character.isspace():
            plain.append(" ")
        elif unicodedata.category(character) != "Cf" and character != "\u00ad":
            plain.append(_SAME.get(character, character))
    return "".join(plain)
