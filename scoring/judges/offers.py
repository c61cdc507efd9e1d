"""The verdicts a judge is offered for a criterion, and reading which one it chose.

What is offered is all that is accepted: anything else is no verdict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rubricstudio.domain.rubric import Scale, ScaleKind

MET, NOT_MET, CANNOT_ASSESS = "met", "not_met", "cannot_assess"
NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    """One verdict on offer: the word to reply with, its value, and what it means."""

    word: str
    value: float
    meaning: str


def offers(scale: Scale) -> tuple[Offer, ...]:
    """The verdicts of a scale with few enough to list, worst first; empty for points."""
    if scale.kind is ScaleKind.BINARY:
        return (
            Offer(NOT_MET, 0.0, "the criterion does not hold for the response"),
            Offer(MET, 1.0, "the criterion holds for the response"),
        )
    return tuple(
        Offer(number(level.value), float(level.value), _level(level.label, level.description))
        for level in scale.levels
    )


def _level(label: str, description: str) -> str:
    return ": ".join(part for part in (label.strip(), description.strip()) if part)


def number(value: float) -> str:
    """A value as people write it: 3, not 3.0."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def word_of(value: float, scale: Scale) -> str:
    """The word for a value on the scale, as it is offered."""
    found = (offer.word for offer in offers(scale) if offer.value == value)
    return next(found, number(value))


def read_verdict(given: object, scale: Scale) -> float | None:
    """The value that a reply's verdict names, or None where it names none of those offered.

    Takes a word, a level's number or label, or for points a number from 0 to the maximum,
    also as "7/10" where 10 is the maximum.
    """
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    text = number(given) if isinstance(given, int | float) else _bare(given)
    if scale.kind is ScaleKind.POINTS:
        return _points(text, scale)
    listed = offers(scale)
    if scale.kind is ScaleKind.ORDINAL and NUMBER.fullmatch(text):
        return next((each.value for each in listed if each.value == float(text)), None)
    named = [each.value for each in listed if _names(text, each, scale)]
    return named[0] if len(named) == 1 else None


def is_cannot_assess(given: object) -> bool:
    """Whether a reply's verdict says that nobody could decide."""
    return isinstance(given, str) and word_key(given) == CANNOT_ASSESS


def _names(text: str, offer: Offer, scale: Scale) -> bool:
    words = {word_key(offer.word)}
    if scale.kind is ScaleKind.ORDINAL:
        label = next(level.label for level in scale.levels if level.value == offer.value)
        words |= {word_key(label), word_key(f"{offer.word} {label}")}
    return word_key(text) in words - {""}


def _points(text: str, scale: Scale) -> float | None:
    value, _, maximum = text.partition("/")
    if maximum and (
        not NUMBER.fullmatch(maximum.strip()) or float(maximum.strip()) != scale.maximum
    ):
        return None
    if not NUMBER.fullmatch(value.strip()):
        return None
    found = float(value.strip())
    return found if scale.allows(found) else None


def _bare(text: str) -> str:
    """Without the quotation marks, emphasis and full stop that models put around a word."""
    return text.strip().strip("\"'`*_“”‘’ ").rstrip(".").strip("*_ ")


def word_key(text: str) -> str:
    """A word as it is compared: lower case, its parts joined by one underscore, signs kept."""
    return re.sub(r"(?:(?!-\d)[^\w.+/]|_)+", "_", _bare(text).casefold()).strip("_")
