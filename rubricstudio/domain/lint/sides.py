"""Criteria made comparable: what each is about, whether that is wanted, which are alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rubricstudio.domain.lint.opposites import commits, exclude, sorts
from rubricstudio.domain.lint.stance import Reading, Stance, is_negated, read
from rubricstudio.domain.lint.values import Similarity
from rubricstudio.domain.lint.words import Word, content_in_order, is_english, stem, terms, words_of
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric
from rubricstudio.domain.table import BoolArray, FloatArray

ALIKE = 82.0  # of 100, by letters, words sorted
ALIKE_UNREAD = 90.0  # the same where the words are not English and cannot be weighed
SAME_WORDS = 0.8  # of the words of both
SAME_MEANING = 0.9  # cosine
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_VALUE = re.compile(r"(?:\b(?:is|equals|as)|=) (?:about |exactly )?[$€£]?\d[\d.,]*", re.IGNORECASE)
_RECOMMENDING = frozenset(map(stem, terms("advises suggests urges prescribes encourages proposes")))
_AGAINST = frozenset(
    (*map(stem, terms("warn warns caution cautions counsel counsels")), stem("recommends"))
)
_DISCOURAGING = frozenset(map(stem, terms("discourages opposes")))
# Verbs of having: "uses nested loops" and "contains nested loops" ask for one thing, and
# "avoids nested loops" for its opposite. None of it is said of "explains nested loops".
_HAVING = frozenset(map(stem, terms("contains has have uses employs features shows holds makes")))


@dataclass(frozen=True, slots=True)
class Side:
    """One criterion as a side of a pair.

    content: the stems of what it is about, without what negates it. order: the same as they
    stand. act: "has" where a response is to have it, "says" where it is to speak of it or do
    something else, nothing where either may be meant. wanted: whether it is good that this is
    there. bare: the text without what negates it. english: whether its words could be read.
    """

    criterion: Criterion
    content: frozenset[str]
    order: tuple[str, ...]
    act: str
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
        stems = tuple(word.text for word in words)
        text = criterion.text
        return Side(criterion, frozenset(stems), stems, "", numbers, text, False, False)
    reading: Reading = read(words)
    negated = is_negated(reading.stance)
    rest = words[reading.rest].start if negated and reading.rest < len(words) else 0
    order = content_in_order(criterion.text[rest:])
    content = frozenset(order)
    act = _act(order, words, reading)
    if act == "has" and order and order[0] in _HAVING:
        order, content = order[1:], frozenset(order[1:])
    against = "against" in content and content & (_RECOMMENDING | _AGAINST)
    if against or content & _DISCOURAGING:
        negated = not negated
        content = content - {"against"} - _AGAINST - _DISCOURAGING | {stem("recommends")}
    if content & _RECOMMENDING:
        content = content - _RECOMMENDING | {stem("recommends")}
        order = tuple(stem("recommends") if x in _RECOMMENDING else x for x in order)
    return Side(criterion, content, order, act, numbers, criterion.text[rest:], negated, True)


def _act(order: Sequence[str], words: Sequence[Word], reading: Reading) -> str:
    """What a response is to do with what a criterion is about."""
    if order and order[0] in _HAVING:
        return "has"
    noun = reading.stance is Stance.AVOIDS and words[reading.rest - 1].text not in ("not", "never")
    if noun:
        return "has"
    included = any(word.text in ("include", "includes", "included") for word in words[:4])
    return "" if included or reading.stance is Stance.OMITS else "says"


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
    one_apart = (sizes[:, None] - shared == 1) & (sizes[None, :] - shared == 1) & (shared >= 1)
    for i, j in _pairs(((shared >= SAME_WORDS * union) & (shared >= 1)) | one_apart):
        if (shared[i, j] >= 2 and not one_apart[i, j]) or _worth(sides[i], sides[j]):
            found.setdefault((i, j), Likeness())
    rows = [index for index, side in enumerate(sides) if side.criterion.key in vectors]
    if rows:
        known = np.array([vectors[sides[index].criterion.key] for index in rows])
        cosines = known @ known.T
        for a, b in _pairs(cosines >= SAME_MEANING):
            letters = found.get((rows[a], rows[b]), Likeness()).letters
            found[rows[a], rows[b]] = Likeness(letters, float(cosines[a, b]))
    return Compared(sides, shared, sizes, dict(sorted(found.items())))


def _worth(a: Side, b: Side) -> bool:
    """Whether two that share little are opposites, or one thing that is had and avoided."""
    if exclude(a.content, b.content) or other_value(a, b):
        return True
    return a.content == b.content and a.negated != b.negated


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
    if a.numbers != b.numbers or exclude(a.content, b.content) or _acts_apart(a, b):
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
    """Whether two criteria ask a response for opposites, of which it can hold one."""
    if other_value(a, b):
        return True
    if a.numbers != b.numbers or not exclude(a.content, b.content) or _acts_apart(a, b):
        return False
    sorted_out = sorts(a.content, b.content)
    return _commits(a, is_one=sorted_out) and _commits(b, is_one=sorted_out)


def other_value(a: Side, b: Side) -> bool:
    """Whether two say that one thing is two numbers: "the dose is 5 mg", "the dose is 10 mg"."""
    if a.numbers == b.numbers or len(a.numbers) != 1 or len(b.numbers) != 1:
        return False
    if not a.english or not b.english or a.content - set(a.numbers) != b.content - set(b.numbers):
        return False
    return all(_VALUE.search(x.criterion.text) and _commits(x) for x in (a, b))


def _commits(side: Side, *, is_one: bool = False) -> bool:
    words = [word.text for word in words_of(side.criterion.text)]
    return commits(side.criterion.text, words, is_one=is_one)


def _acts_apart(a: Side, b: Side) -> bool:
    return {a.act, b.act} == {"has", "says"}


def stands_in(part: Side, whole: Side) -> bool:
    """Whether the words of one stand side by side in the other, its verb apart.

    Words that stand far from each other are about something else: "the trained method" is
    not in "the method explains how it was trained".
    """
    mine, theirs = part.order, whole.order
    if mine and mine[0] == stem("recommends"):
        if mine[0] not in theirs:
            return False
        mine = mine[1:]
    return any(theirs[at : at + len(mine)] == mine for at in range(len(theirs) - len(mine) + 1))
