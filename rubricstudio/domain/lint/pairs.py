"""Criteria that say the same, one inside another, or the opposite."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rubricstudio.domain.lint.context import Context
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.sides import Side, opposed, says_the_same, stands_in
from rubricstudio.domain.lint.values import Finding, Fix, Severity
from rubricstudio.domain.lint.words import stem, terms

_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: n for n, word in enumerate(_SMALL)} | {"twelve": 12, "twenty": 20}
_LIMIT = re.compile(
    r"\b(?:(?P<least>at least|more than|over|no fewer than|not fewer than|a minimum of)"
    r"|(?P<most>at most|no more than|not more than|fewer than|less than|under|up to|a maximum of"
    r"|within)"
    r"|(?P<exactly>exactly|precisely)) "
    rf"(?P<number>\d[\d,]*|{'|'.join(_NUMBERS)}) (?P<unit>[a-z-]+)\b",
    re.IGNORECASE,
)
_LENGTH = terms("words sentences paragraphs pages characters lines tokens")
# What the whole response may be called where its length is limited; all else is a part of it.
_WHOLE = frozenset(
    map(
        stem,
        terms(
            "answers written writes keeps stays limits total length long whole entire uses email "
            "letter essay report memo message article post story poem speech review abstract note "
            "runs remains contains short brief word count"
        ),
    )
)
_OF_LIMITS = frozenset(
    map(stem, terms("least most more fewer than no not over under up minimum maximum exactly"))
) | frozenset(map(stem, _NUMBERS))


# "The arguments against the plaintiff" are not among "the arguments for the plaintiff".
_TURNING = frozenset(("against", "without", "except", "instead", "not", "no", "never", "neither"))


class Pair(NamedTuple):
    """Two criteria by key, in display order."""

    first: str
    second: str


def _duplicates(context: Context) -> Iterator[Finding]:
    sides, told = context.compared.sides, set()
    for (i, j), like in context.compared.alike.items():
        first, second = sides[i], sides[j]
        same = first.wanted == second.wanted and says_the_same(first, second, like)
        if not same or second.criterion.key in told:
            continue
        told.add(second.criterion.key)
        apart = first.criterion.parent != second.criterion.parent
        yield Finding(
            "near-duplicate",
            (second.criterion.key, first.criterion.key),
            Severity.INFO if apart else Severity.WARNING,
            "It says the same as “%(other)s”, so the same thing counts twice.",
            {"other": first.criterion.text},
            fix=Fix(second.criterion.key, "Delete this one", removes=True),
        )


def _subsets(context: Context) -> Iterator[Finding]:
    sides, shared, sizes = context.compared.sides, context.compared.shared, context.compared.sizes
    inside = (shared == sizes[:, None]) & (sizes[:, None] < sizes[None, :]) & (sizes[:, None] >= 2)
    told = set()
    for i, j in np.argwhere(inside):
        part, whole = sides[int(i)], sides[int(j)]
        plain = part.english and whole.english and not part.negated and not whole.negated
        same = part.wanted == whole.wanted and set(part.numbers) <= set(whole.numbers)
        turned = _TURNING & (whole.content - part.content)
        if turned or not stands_in(part, whole):
            continue
        if not plain or not same or part.criterion.key in told:
            continue
        told.add(part.criterion.key)
        yield Finding(
            "subset",
            (part.criterion.key, whole.criterion.key),
            Severity.INFO,
            "What meets “%(whole)s” meets this one too, so it counts twice.",
            {"whole": whole.criterion.text},
        )


def contradictions(context: Context) -> Iterator[Pair]:
    """Pairs of which no response can do both well."""
    sides = context.compared.sides
    for (i, j), like in context.compared.alike.items():
        a, b = sides[i], sides[j]
        turned = a.wanted != b.wanted and says_the_same(a, b, like)
        exclude = a.wanted == b.wanted and opposed(a, b)
        if turned or exclude:
            yield Pair(a.criterion.key, b.criterion.key)
    yield from _limits(sides)


class _Limit(NamedTuple):
    """A number that a criterion asks for, of some unit, as a floor, a ceiling or both."""

    side: Side
    unit: str
    low: float
    high: float


def _limits(sides: Sequence[Side]) -> Iterator[Pair]:
    """ "At least 400 words" and "at most 200 words"; "exactly 3 sources" and "over 5 sources"."""
    found = [limit for side in sides if side.wanted for limit in _limits_of(side)]
    by_unit: dict[str, list[_Limit]] = {}
    for limit in found:
        by_unit.setdefault(limit.unit, []).append(limit)
    for alike in by_unit.values():
        for index, one in enumerate(alike):
            for other in alike[index + 1 :]:
                apart = one.low > other.high or other.low > one.high
                if apart and one.side is not other.side and _of_one_thing(one, other):
                    yield Pair(one.side.criterion.key, other.side.criterion.key)


def _limits_of(side: Side) -> Iterator[_Limit]:
    for found in _LIMIT.finditer(side.criterion.text):
        written = found["number"].lower()
        number = float(_NUMBERS.get(written, 0) or written.replace(",", ""))
        low = number if not found["most"] else 0.0
        high = number if not found["least"] else math.inf
        yield _Limit(side, found["unit"].lower(), low, high)


def _of_one_thing(one: _Limit, other: _Limit) -> bool:
    """Whether both limits are on the whole response, or on the same thing in it."""
    if one.unit in _LENGTH:
        lower = one if one.high < other.low else other
        rest = lower.side.content - _WHOLE - _OF_LIMITS - {stem(lower.unit)}
        return all(word.isdigit() for word in rest) and "each" not in lower.side.bare.lower()
    rest = one.side.content ^ other.side.content
    return all(word in _OF_LIMITS or word.isdigit() for word in rest)


def _contradicted(context: Context) -> Iterator[Finding]:
    texts, told = context.rubric.by_key, set()
    for first, second in contradictions(context):
        if second in told:
            continue
        told.add(second)
        yield Finding(
            "contradiction",
            (second, first),
            Severity.WARNING,
            "It seems to reward what “%(other)s” punishes: then no response does well on both.",
            {"other": texts[first].text},
        )


DUPLICATE = Rule(
    name="near-duplicate",
    title="Says the same as another",
    mark="duplicate",
    why="What is asked twice counts twice, whatever the weights say.",
    bad="States the dose in milligrams. / Gives the dose in milligrams.",
    good="States the dose in milligrams. / States how often the dose is taken.",
    check=_duplicates,
)
SUBSET = Rule(
    name="subset",
    title="Inside another",
    mark="inside another",
    why="A response that meets the larger one earns both, and one that misses it may still earn "
    "the smaller: say which of the two you mean.",
    bad="Mentions liver function. / Recommends a test of liver function before the first dose.",
    good="Mentions liver function. / Recommends a test of potassium before the first dose.",
    check=_subsets,
    english=True,
)
CONTRADICTION = Rule(
    name="contradiction",
    title="Contradicts another",
    mark="contradicts",
    why="Whatever a response does, it loses: the best score cannot be reached and says nothing.",
    bad="Recommends antibiotics. / Advises against antibiotics. (met is good for both)",
    good="Advises against antibiotics. / Recommends rest and fluids.",
    check=_contradicted,
)
