"""Criteria made comparable: what each is about, whether that is wanted, which are alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rubricstudio.domain.lint.stance import Reading, is_negated, read
from rubricstudio.domain.lint.values import Similarity
from rubricstudio.domain.lint.words import content_of, is_english, stem, terms, words_of
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric
from rubricstudio.domain.table import BoolArray, FloatArray

ALIKE = 82.0  # of 100, by letters, words sorted
ALIKE_UNREAD = 90.0  # the same where the words are not English and cannot be weighed
SAME_WORDS = 0.8  # of the words of both
SAME_MEANING = 0.9  # cosine
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_RECOMMENDING = frozenset(map(stem, terms("advises suggests urges prescribes")))
_OPPOSITES = frozenset(
    frozenset(stem(word) for word in pair.split())
    for pair in (
        *("formal informal", "british american", "first-person third-person", "active passive"),
        *("accept reject", "allow forbid", "approve deny", "prose bullet", "singular plural"),
        *("increase decrease", "start stop", "raise lower", "before after", "buy sell"),
        *("first third", "guilty innocent", "liable exempt", "signed unsigned", "long short"),
    )
)


@dataclass(frozen=True, slots=True)
class Side:
    """One criterion as a side of a pair.

    content: the stems of what it is about, without what negates it. wanted: whether it is
    good that this is there. bare: the text without what negates it. english: whether its
    words could be read.
    """

    criterion: Criterion
    content: frozenset[str]
    numbers: tuple[str, ...]
    bare: str
    negated: bool
    english: bool

    @property
    def wanted(self) -> bool:
        return (self.criterion.met_means is MetMeans.GOOD) != self.negated


@lru_cache(maxsize=4096)
def _side(criterion: Criterion) -> Side:
    words, english = words_of(criterion.text), is_english(criterion.text)
    numbers = tuple(sorted(_NUMBER.findall(criterion.text)))
    if not english:
        stems = frozenset(word.text for word in words)
        return Side(criterion, stems, numbers, criterion.text, False, False)
    reading: Reading = read(words)
    negated = is_negated(reading.stance)
    rest = words[reading.rest].start if negated and reading.rest < len(words) else 0
    content = content_of(criterion.text[rest:])
    if "against" in content and content & (_RECOMMENDING | {stem("recommends"), "warn"}):
        negated = not negated
        content = content - {"against", "warn"} | {stem("recommends")}
    if content & _RECOMMENDING:
        content = content - _RECOMMENDING | {stem("recommends")}
    return Side(criterion, content, numbers, criterion.text[rest:], negated, True)


# -- which pairs


class Likeness(NamedTuple):
    """How alike two sides are: by letters in [0, 100], by meaning in [-1, 1]; 0 where unknown."""

    letters: float = 0.0
    meaning: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Compared:
    """The n leaves that no program judges, in display order.

    shared: (n, n) how many words of content two share. sizes: (n,) how many each has. alike:
    pairs (i, j), i < j, that may say the same.
    """

    sides: Sequence[Side]
    shared: FloatArray
    sizes: FloatArray
    alike: Mapping[tuple[int, int], Likeness]


def compared(
    rubric: Rubric, similarity: Similarity | None, vectors: Mapping[str, FloatArray]
) -> Compared:
    """Each criterion against each other: letters, words and, where known, meaning."""
    sides = [_side(leaf) for leaf in rubric.leaves if not leaf.program]
    shared, sizes = _shared(sides)
    found: dict[tuple[int, int], Likeness] = {}
    if similarity is not None:
        for i, j, score in similarity([side.bare for side in sides], ALIKE):
            found[i, j] = Likeness(letters=score)
    union = sizes[:, None] + sizes[None, :] - shared
    for i, j in _pairs((shared >= SAME_WORDS * union) & (shared >= 2)):
        found.setdefault((i, j), Likeness())
    rows = [index for index, side in enumerate(sides) if side.criterion.key in vectors]
    if rows:
        known = np.array([vectors[sides[index].criterion.key] for index in rows])
        cosines = known @ known.T
        for a, b in _pairs(cosines >= SAME_MEANING):
            letters = found.get((rows[a], rows[b]), Likeness()).letters
            found[rows[a], rows[b]] = Likeness(letters, float(cosines[a, b]))
    return Compared(sides, shared, sizes, dict(sorted(found.items())))


def _shared(sides: Sequence[Side]) -> tuple[FloatArray, FloatArray]:
    """(n, n) how many words of content two sides share, and (n,) how many each has."""
    words = {word: index for index, word in enumerate(sorted(set().union(*_contents(sides))))}
    has = np.zeros((len(sides), len(words)), dtype=np.float32)
    for row, content in enumerate(_contents(sides)):
        has[row, [words[word] for word in content]] = 1
    return (has @ has.T).astype(np.float64), has.sum(axis=1).astype(np.float64)


def _contents(sides: Sequence[Side]) -> list[frozenset[str]]:
    return [side.content for side in sides]


def _pairs(chosen: BoolArray) -> list[tuple[int, int]]:
    return [(int(i), int(j)) for i, j in np.argwhere(np.triu(chosen, 1))]


def says_the_same(a: Side, b: Side, like: Likeness) -> bool:
    """Whether two texts are one but for wording: neither has a word of content of its own."""
    if a.numbers != b.numbers or opposed(a, b):
        return False
    if like.meaning >= SAME_MEANING:
        return True
    if not (a.english and b.english):
        return like.letters >= ALIKE_UNREAD
    mine, theirs = a.content - b.content, b.content - a.content
    if not mine and not theirs:
        return bool(a.content)
    slips = all(any(_slip(x, y) for y in theirs) for x in mine) and bool(mine) and bool(theirs)
    return slips and like.letters >= ALIKE


def _slip(x: str, y: str) -> bool:
    """Whether two stems are one, inflected or mistyped: the same but for their last letters."""
    common = min(len(x), len(y))
    return common >= 4 and x[: max(4, common - 2)] == y[: max(4, common - 2)]


def opposed(a: Side, b: Side) -> bool:
    return frozenset((*(a.content - b.content), *(b.content - a.content))) in _OPPOSITES
