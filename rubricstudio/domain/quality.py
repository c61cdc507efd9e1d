"""Rules that keep the work of annotators honest: gold answers, checks, repeats, pace.

Nothing here knows who is asked or when; what involves chance takes a seed, so that the same
person meets the same order after a restart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from math import ceil
from unicodedata import category

from rubricstudio.domain.rubric import Scale, ScaleKind
from rubricstudio.domain.shares import wilson

# How many other items lie between an item and its repeat, at least.
REPEAT_GAP = 5
# From this many levels on, the neighbouring level of an ordinal scale is close enough.
FINE_LEVELS = 4
# The share of a points scale by which an answer may differ from the gold answer.
POINTS_TOLERANCE = 0.1
# Letters of a word of Thai, Lao, Burmese or Khmer, which set no spaces between words.
LETTERS_A_WORD = 4
# Kana and Chinese characters, each read by itself.
_CHARACTERS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and, where it is ok, a value on the criterion's scale."""

    status: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class GoldScore:
    """How many of `of` gold answers a person matched."""

    matched: int
    of: int

    @property
    def share(self) -> float | None:
        """The share matched, in [0, 1]; None where nothing was asked."""
        return self.matched / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % Wilson interval of the share; None where nothing was asked."""
        return wilson(self.matched, self.of) if self.of else None

    def __add__(self, other: GoldScore) -> GoldScore:
        return GoldScore(self.matched + other.matched, self.of + other.of)


def matches(scale: Scale, gold: Answer, given: Answer) -> bool:
    """Whether an answer is as good as the gold answer.

    Statuses must be the same. A binary value must be equal. On an ordinal scale of fewer
    than four levels the level must be equal, from four levels on the neighbouring one will
    do. Points may differ by a tenth of the maximum.
    """
    if gold.status != given.status:
        return False
    if gold.value is None or given.value is None:
        return gold.value is given.value
    if scale.kind is ScaleKind.POINTS:
        return abs(gold.value - given.value) <= POINTS_TOLERANCE * scale.maximum + 1e-9
    if scale.kind is ScaleKind.ORDINAL and len(scale.levels) >= FINE_LEVELS:
        steps = [level.value for level in scale.levels]
        return abs(steps.index(gold.value) - steps.index(given.value)) <= 1
    return gold.value == given.value


def score(
    scales: Mapping[str, Scale], gold: Mapping[str, Answer], given: Mapping[str, Answer]
) -> GoldScore:
    """How many gold answers, by criterion key, are matched; an answer not given is not matched."""
    hits = [
        key in given and matches(scales[key], answer, given[key])
        for key, answer in gold.items()
        if key in scales
    ]
    return GoldScore(sum(hits), len(hits))


def passes(result: GoldScore, threshold: float | None) -> bool:
    """Whether a result reaches the threshold, a share in (0, 1]; all do where there is none."""
    share = result.share
    return threshold is None or share is None or share >= threshold - 1e-9


def must_pause(results: Sequence[GoldScore], last: int | None, threshold: float | None) -> bool:
    """Whether the answers to the `last` gold items, newest at the end, fall below the threshold.

    False until so many were answered, and where `last` or `threshold` is None.
    """
    if not last or threshold is None or len(results) < last:
        return False
    return not passes(sum(results[-last:], GoldScore(0, 0)), threshold)


def _chance(seed: str) -> float:
    """A number in [0, 1) that depends on the seed alone."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=7).digest(), "big") / 2**56


def gold_after(number: int, share: float, seed: str) -> int:
    """After how many items of work the hidden gold item `number` (from 0) comes.

    `share` in (0, 0.5] of all items are gold, so each stretch of (1 - share) / share items of
    work, rounded, holds one at a random place: it cannot be foreseen, and no two stretches
    differ in number. Rises strictly with `number` from the second on.
    """
    if not 0 < share <= 0.5:
        raise ValueError("the share of hidden gold items lies between 0 and 0.5")
    stretch = max(1, round((1 - share) / share))
    return number * stretch + 1 + int(_chance(f"{seed}:{number}") * stretch)


def gold_left(*, had: int, there_are: int, work: int, share: float, seed: str) -> int:
    """How many hidden gold items are still to come for a person.

    had: gold items handed out to them; there_are: in the session; work: items of work that
    they will have had in the end.
    """
    if share <= 0:
        return 0
    return sum(gold_after(n, share, seed) <= work for n in range(had, there_are))


def repeat_due(had: Sequence[str], *, with_twin: Sequence[str], had_twin: Sequence[str]) -> str:
    """The item whose repeat may come now, empty where none may.

    had: everything a person finished, in order, a repeat under a name of its own. It is
    the earliest of `with_twin` not in `had_twin` with REPEAT_GAP or more others behind it.
    """
    early = had[: max(0, len(had) - REPEAT_GAP)]
    waiting = set(with_twin) - set(had_twin)
    return next((name for name in early if name in waiting), "")


def repeats_left(places: Sequence[int], total: int) -> int:
    """How many waiting repeats will still be far enough from their first appearance.

    places: where the first appearances stand in a person's order, from 0, rising; total:
    how many items they will have had without these repeats.
    """
    count = 0
    for place in places:
        if total + count - place - 1 < REPEAT_GAP:
            break
        count += 1
    return count


def _letters(text: str) -> int:
    return sum(category(char)[0] == "L" for char in text)


def reading_load(text: str) -> tuple[int, int]:
    """(words, characters): words, and kana and Chinese characters, which count one by one.

    A word holds at least one letter or digit, so a line of dashes is not read. Where a script
    sets no spaces between words, LETTERS_A_WORD letters count as one, the last ones of a
    passage too.
    """
    characters = _letters("".join(_CHARACTERS.findall(text)))
    unspaced = sum(ceil(_letters(run) / LETTERS_A_WORD) for run in _UNSPACED.findall(text))
    spaced = _UNSPACED.sub(" ", _CHARACTERS.sub(" ", text)).split()
    return unspaced + sum(any(c.isalnum() for c in word) for word in spaced), characters


def reading_seconds(text: str, *, words_a_minute: float, characters_a_minute: float) -> float:
    """How long a text takes to read once at these speeds (above 0), 0 or more."""
    words, characters = reading_load(text)
    return 60 * (words / words_a_minute + characters / characters_a_minute)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many of `of` timed submissions took less time than their text takes to read.

    median: of the time taken over the time to read, None where nothing was timed.
    untimed: submissions whose time is not known; they are neither fast nor slow.
    """

    fast: int
    of: int
    median: float | None
    untimed: int

    @property
    def share(self) -> float | None:
        """The share that was too fast, in [0, 1]; None where nothing was timed."""
        return self.fast / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % Wilson interval of the share that was too fast; None where nothing was timed."""
        return wilson(self.fast, self.of) if self.of else None


def is_too_fast(seconds: float | None, reading: float | None) -> bool:
    """Whether `seconds` are fewer than reading takes; what is not known is not too fast."""
    return seconds is not None and reading is not None and seconds < reading


def pair_agreement(sheets: Sequence[Mapping[str, float]]) -> float | None:
    """The share in [0, 1] of equal values among all pairs of people and criteria both judged.

    sheets: a person's values by criterion key, without those that could not be assessed.
    None where no two people judged the same criterion.
    """
    same = [a[key] == b[key] for a, b in combinations(sheets, 2) for key in a.keys() & b.keys()]
    return sum(same) / len(same) if same else None


def places_wanted(
    sheets: Sequence[Mapping[str, float]], places: int, *, below: float | None, most: int | None
) -> int:
    """How many people an item needs once `places` have judged it: one more while they disagree.

    They disagree where their `pair_agreement` is under `below`; never more than `most`.
    """
    if below is None or most is None or len(sheets) < places or places >= most:
        return places
    agreement = pair_agreement(sheets)
    return places + 1 if agreement is not None and agreement < below else places
