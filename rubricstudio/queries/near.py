"""Texts that are nearly the same, by letters. It knows no database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from rapidfuzz import fuzz, process, utils
from rapidfuzz.distance import OSA

from rubricstudio.domain.lint import READ


def near_texts(texts: Sequence[str], cutoff: float) -> list[tuple[int, int, float]]:
    """Pairs (i, j, score) of texts, i < j, whose token sort ratio reaches the cutoff.

    rapidfuzz would sort the words of both texts for every pair; they are sorted once here,
    which gives the same ratio in a tenth of the time. Of a long text the beginning counts.
    """
    ready = [" ".join(sorted(utils.default_process(text[:READ]).split())) for text in texts]
    if len(ready) < 2:
        return []
    scores = process.cdist(
        ready, ready, scorer=fuzz.ratio, score_cutoff=cutoff, dtype=np.float32, workers=1
    )
    first, second = np.nonzero(np.triu(scores, 1))
    return [(int(i), int(j), float(scores[i, j])) for i, j in zip(first, second, strict=True)]


_WORD = re.compile(r"[^\W_]+")


def as_written_in(texts: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """The words as some text writes them that has each of them or one like it; else none.

    Like is one letter left out, added, changed or exchanged with its neighbour, from eight
    letters on two, and none below four. Where texts differ, the fewest changes count, then
    the most texts. A word that only begins as the one looked for is that word.
    """
    held = [frozenset(_WORD.findall(text.lower())) for text in texts]
    vocabulary = sorted(frozenset().union(*held))
    costs = [_costs(word, vocabulary) for word in words]
    readings: Counter[tuple[tuple[int, str], ...]] = Counter()
    for text in held:
        found = [min(((cost[w], w) for w in cost.keys() & text), default=None) for cost in costs]
        reading = tuple(each for each in found if each is not None)
        if len(reading) == len(costs):
            readings[reading] += 1
    if not readings:
        return ()
    best = min(readings, key=lambda reading: (sum(c for c, _ in reading), -readings[reading]))
    return tuple(
        given if cost == 0 else found for given, (cost, found) in zip(words, best, strict=True)
    )


def _costs(word: str, vocabulary: Sequence[str]) -> Mapping[str, int]:
    """The words of the vocabulary that are this or like it, and by how many changes."""
    most = (len(word) >= 4) + (len(word) >= 8)
    like = process.extract(word, vocabulary, scorer=OSA.distance, score_cutoff=most, limit=None)
    begin = {other: 0 for other in vocabulary if other.startswith(word)}
    return {other: int(cost) for other, cost, _ in like} | begin
