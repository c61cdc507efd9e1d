"""What a judge that compares two responses in both orders says of them together.

A side is a number: -1 for the pair's first response, 1 for its second, 0 for neither. It names
the response, whichever place it was shown in.

The rule is the cautious one: by a criterion a response is the better one only where it was so in
both orders; everything else that was answered twice is a tie. A judge that goes by the place of a
response therefore prefers nothing. How the two answers go together is kept beside it, so that a
tie of two ties is told from a tie that stands for an answer which changed with the order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rubricstudio.domain.agreement.bootstrap import DEFAULT, Bootstrap
from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.agreement.wins import mean_by_task
from rubricstudio.domain.table import FloatArray, IntArray

# Sums of weights such as 0.1 + 0.2 and 0.3 are the same weight.
SMALLEST_DIFFERENCE = 1e-9


class Orders(StrEnum):
    """How the answers in both orders go together."""

    AGREE = "agree"
    """The same answer: one response twice, or neither twice."""
    HALF = "half"
    """A response in one order, neither in the other."""
    CONTRADICT = "contradict"
    """One response in one order, the other in the other."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a criterion says of a pair; both are None unless it was answered in both orders."""

    side: int | None
    orders: Orders | None


@dataclass(frozen=True, slots=True)
class Whole:
    """What the answered criteria say together.

    side: None where there is nothing to say. balance: the mean of their sides by weight, in
    [-1, 1]. answered, of: how many criteria. weight_share: the share in [0, 1] of the weight of
    all criteria that the answered ones have; None where no criterion has any.
    """

    side: int | None
    balance: float | None
    answered: int
    of: int
    weight_share: float | None


def part_of(one: int | None, other: int | None) -> Part:
    """Combine the sides that were answered in one order and in the other."""
    if one is None or other is None:
        return Part(None, None)
    if one == other:
        return Part(one, Orders.AGREE)
    return Part(0, Orders.HALF if 0 in (one, other) else Orders.CONTRADICT)


def whole_of(sides: Sequence[int | None], weights: Sequence[float]) -> Whole:
    """Combine the sides of criteria, None where not answered, by their weights of 0 or more.

    A criterion without an answer counts neither for a response nor as a tie: it has no weight.
    """
    pairs = list(zip(sides, weights, strict=True))
    answered = [(side, weight) for side, weight in pairs if side is not None]
    total, said = math.fsum(weights), math.fsum(weight for _, weight in answered)
    share = said / total if total > 0 else None
    if said <= 0:
        return Whole(None, None, len(answered), len(pairs), share)
    balance = math.fsum(side * weight for side, weight in answered) / said
    side = 0 if abs(balance) < SMALLEST_DIFFERENCE else round(math.copysign(1, balance))
    return Whole(side, balance if side else 0.0, len(answered), len(pairs), share)


@dataclass(frozen=True, slots=True)
class Position:
    """What the order did to a judge's answers.

    consistency: the share of the criteria of pairs, among those answered in both orders, on
    which both say the same. first: how often the response shown first was the better one,
    among single answers that prefer one; 0.5 where the place does not matter.
    """

    consistency: Statistic
    first: Statistic


def position_of(
    ahead: FloatArray, behind: FloatArray, tasks: IntArray, bootstrap: Bootstrap = DEFAULT
) -> Position:
    """How the order mattered. `ahead` (n,) are the sides answered with the pair's first response
    shown first, `behind` (n,) those with it shown second, NaN where not answered. Intervals are
    by bootstrap over `tasks` (n,).
    """
    both = ~np.isnan(ahead) & ~np.isnan(behind)
    same = np.where(both, (ahead == behind).astype(np.float64), np.nan)
    shown_first = np.concatenate([ahead == -1, behind == 1]).astype(np.float64)
    answers = np.concatenate([ahead, behind])
    first = np.where(np.isnan(answers) | (answers == 0), np.nan, shown_first)
    return Position(
        consistency=mean_by_task(same, tasks, np.ones(len(same)), bootstrap),
        first=mean_by_task(first, np.concatenate([tasks, tasks]), np.ones(len(first)), bootstrap),
    )
