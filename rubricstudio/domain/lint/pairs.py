"""Criteria that say the same, one inside another, or the opposite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rubricstudio.domain.lint.context import Context
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.sides import Side, opposed, says_the_same
from rubricstudio.domain.lint.values import Finding, Fix, Severity

_LIMIT = re.compile(
    r"\b(?:(?P<least>at least|more than|over|no fewer than|a minimum of)"
    r"|(?P<most>at most|no more than|fewer than|less than|under|up to|a maximum of|within)) "
    r"(?P<number>\d[\d,]*) (?P<unit>words|sentences|paragraphs|pages|characters|lines|tokens)\b",
    re.IGNORECASE,
)


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
        exclude = a.wanted == b.wanted and a.numbers == b.numbers and opposed(a, b)
        if turned or exclude:
            yield Pair(a.criterion.key, b.criterion.key)
    yield from _limits(sides)


def _limits(sides: Sequence[Side]) -> Iterator[Pair]:
    """ "At least 400 words" and "at most 200 words"."""
    least: list[tuple[str, float, str]] = []
    most: list[tuple[str, float, str]] = []
    for side in sides:
        for found in _LIMIT.finditer(side.criterion.text) if side.wanted else ():
            number = float(found["number"].replace(",", ""))
            kind = least if found["least"] else most
            kind.append((found["unit"].lower(), number, side.criterion.key))
    for unit, low, key in least:
        for other, high, behind in most:
            if unit == other and low > high and key != behind:
                yield Pair(key, behind)


def _contradicted(context: Context) -> Iterator[Finding]:
    texts, told = context.rubric.by_key, set()
    for first, second in contradictions(context):
        if second in told:
            continue
        told.add(second)
        yield Finding(
            "contradiction",
            (second, first),
            Severity.ERROR,
            "It rewards what “%(other)s” punishes: no response can do well on both.",
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
