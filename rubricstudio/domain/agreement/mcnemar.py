"""McNemar's test: two judges, or two rubric versions, on the same items."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.table import BoolArray

EXACT_BELOW = 25


@dataclass(frozen=True, slots=True)
class McNemar:
    """b: items only the first got right; c: only the second. p_value in [0, 1].

    statistic: min(b, c) where exact, else the chi-square with continuity correction.
    """

    b: int
    c: int
    statistic: float
    p_value: float
    exact: bool


def mcnemar(b: int, c: int) -> McNemar:
    """The exact binomial test for b + c < 25, else (|b - c| - 1)^2 / (b + c) on chi-square(1).

    With no discordant item p is 1: nothing speaks against equality. Raises ValueError
    for negative counts.
    """
    if b < 0 or c < 0:
        raise ValueError("counts of discordant items are 0 or more")
    n, least = b + c, min(b, c)
    if n < EXACT_BELOW:
        tail = sum(math.comb(n, k) for k in range(least + 1)) / 2**n
        return McNemar(b, c, float(least), min(1.0, 2 * tail), True)
    statistic = (abs(b - c) - 1) ** 2 / n
    return McNemar(b, c, statistic, math.erfc(math.sqrt(statistic / 2)), False)


def discordant(first_right: BoolArray, second_right: BoolArray) -> tuple[int, int]:
    """(b, c) of two (n,) columns that say which items each got right."""
    return (
        int(np.count_nonzero(first_right & ~second_right)),
        int(np.count_nonzero(~first_right & second_right)),
    )
