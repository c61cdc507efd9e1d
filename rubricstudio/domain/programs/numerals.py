"""Numbers as people and models write them, read exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from rubricstudio.domain.programs.values import Span

WHICH = ("last", "first", "any")


def _numeral(group: str, point: str) -> re.Pattern[str]:
    group, point = re.escape(group), re.escape(point)
    return re.compile(
        rf"(?<![^\W_])([-+\u2212]?)(\d{{1,3}}(?:{group}\d{{3}}){{1,15}}(?!\d)|\d+)?({point}\d+)?"
        r"(?<=\d)(?:[eE]([-+\u2212]?\d{1,3})(?!\w)|\s?[×x]\s?10\^?\{?([-+\u2212]?\d{1,3})\}?)?"
    )


_NUMERALS = {".": _numeral(",", "."), ",": _numeral(".", ",")}


def numbers(text: str, decimal: str = ".") -> Iterator[tuple[Decimal, Span]]:
    """The numbers of a text in order, with where they stand.

    Reads a sign, digits of any script, groups of three, a decimal part after `decimal`
    ("." or ","), and a power of ten as e5 or × 10^5. A digit inside a word is no number.
    """
    for match in _NUMERALS[decimal].finditer(text):
        sign, whole, part, short, long = (each or "" for each in match.groups())
        digits = "".join(each for each in whole if each.isdigit()) or "0"
        plain = f"{sign}{digits}.{part[1:] or '0'}e{short or long or '0'}".replace("\u2212", "-")
        try:
            yield Decimal(plain), Span(match.start(), match.end())
        except InvalidOperation:
            continue


def is_near(found: Decimal, expected: float, tolerance: float, relative: float) -> bool:
    """Whether |found - expected| is at most the larger of the two tolerances."""
    goal = Decimal(repr(expected))
    allowed = max(Decimal(repr(tolerance)), Decimal(repr(relative)) * abs(goal))
    return abs(found - goal) <= allowed
