"""Finding texts again: what counts as the same text, the words of a query, lists merged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

# What the digest of a text leaves aside at both ends; the database trims the same.
BLANKS = " \t\n\r\f\v"
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 12

# Damps the lead of the first places: Cormack, Clarke, Büttcher, SIGIR 2009.
RECIPROCAL_RANK_K = 60


def normalised(text: str) -> str:
    """The text without blanks around it and with the letters A to Z small.

    Only these, so that the database, whatever its locale, says the same.
    """
    return text.strip(BLANKS).translate(_LOWER)


def text_digest(text: str) -> str:
    """SHA-256 of the normalised text in hexadecimal; equal texts share a vector."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()


def query_words(query: str) -> tuple[str, ...]:
    """The words to look for, each once, in order, at most twelve."""
    return tuple(dict.fromkeys(_WORD.findall(query.lower())))[:MOST_WORDS]


def prefix_query(words: Sequence[str]) -> str:
    """The words as a PostgreSQL tsquery: all of them, each as the beginning of a word.

    `words` are letters and digits only, as from `query_words`.
    """
    return " & ".join(f"'{word}':*" for word in words)


def merged_ranks(lists: Sequence[Sequence[T]], *, k: int = RECIPROCAL_RANK_K) -> list[T]:
    """Ranked lists as one, best first: each place r, from 1, is worth 1 / (k + r).

    An item counts once in each list, at its first place. Where sums are equal, what an
    earlier list put first stays first.
    """
    scores: dict[T, float] = {}
    for items in lists:
        for place, item in enumerate(dict.fromkeys(items), start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + place)
    return sorted(scores, key=lambda item: -scores[item])
