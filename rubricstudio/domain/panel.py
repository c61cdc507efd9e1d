"""One answer of several, on one response and one criterion.

The members of a panel of judges, or the samples of one judge. Who gave no value leaves the
count: missing is neither "no" nor 0. What cannot be decided has no value and says why.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import pstdev

from rubricstudio.domain.rubric import Criterion, MetMeans, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus

_CLOSE = 1e-9
POINTS_APART = 0.25
"""On a points scale two values differ where they are this share of the scale apart."""


class Rule(StrEnum):
    """How values that differ become one.

    majority: the value with the most weight; on a points scale the weighted mean, as everywhere
    that several answers are read as one. mean: the weighted mean, on levels the level next to
    it, on a binary criterion the majority. unanimous: only where all values are the same.
    worst: the value that is worst for the response, which is the lowest where met is good and
    the highest where met is bad (a pitfall).
    """

    MAJORITY = "majority"
    MEAN = "mean"
    UNANIMOUS = "unanimous"
    WORST = "worst"


class Ties(StrEnum):
    """What a tie is: no verdict, or the tied value that is worse for the response."""

    NO_VERDICT = "no_verdict"
    WORSE = "worse"


class Decision(StrEnum):
    """How the panel came by its value, or why it has none.

    decided: by its rule. tie_broken: by the rule for ties. tie, split: values differ, and the
    rule leaves that open. quorum: too few members gave a value.
    """

    DECIDED = "decided"
    TIE_BROKEN = "tie_broken"
    TIE = "tie"
    SPLIT = "split"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True)
class Vote:
    """What one member said. `value` is None where it gave none, and `status` says why."""

    value: float | None
    status: VerdictStatus = VerdictStatus.OK
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise ValueError("a member's weight is a number above 0")
        if (self.status is VerdictStatus.OK) != (self.value is not None):
            raise ValueError("a vote has a value exactly when its status is ok")


@dataclass(frozen=True, slots=True)
class Combined:
    """The one answer of several.

    value: on the criterion's scale, None unless status is ok. voted: members with a value;
    members: all that were asked. agreeing: members whose value is the one chosen, on a points
    scale one that is not POINTS_APART from it. share: agreeing / voted, None without a value.
    deviation: standard deviation of the values given (of the members themselves: divided by
    their number), in units of the scale; None on a binary criterion and under two values.
    """

    decision: Decision
    status: VerdictStatus
    value: float | None
    voted: int
    members: int
    agreeing: int
    deviation: float | None

    @property
    def share(self) -> float | None:
        return self.agreeing / self.voted if self.value is not None else None


def combine(
    votes: Sequence[Vote],
    criterion: Criterion,
    *,
    rule: Rule = Rule.MAJORITY,
    ties: Ties = Ties.NO_VERDICT,
    quorum: float = 0.0,
) -> Combined:
    """What the votes on a criterion come to.

    quorum: the least share in [0, 1] of members that must have given a value; one has to in
    any case. Where too few have, the status is the one that most of the others gave, and
    cannot_assess where two are as frequent. Values must be on the criterion's scale.
    """
    values = [vote.value for vote in votes if vote.value is not None]
    needed = needed_of(len(votes), quorum)
    if len(values) < needed:
        return _combined(votes, Decision.QUORUM, None, criterion, _commonest(votes))
    decision, value = _decided(votes, criterion, rule, ties)
    return _combined(votes, decision, value, criterion)


def needed_of(members: int, quorum: float) -> int:
    """How many of the members must have given a value: at least one."""
    return max(1, math.ceil(members * quorum - _CLOSE))


def _combined(
    votes: Sequence[Vote],
    decision: Decision,
    value: float | None,
    criterion: Criterion,
    missing: VerdictStatus = VerdictStatus.CANNOT_ASSESS,
) -> Combined:
    values = [vote.value for vote in votes if vote.value is not None]
    scaled = criterion.scale.kind is not ScaleKind.BINARY and len(values) > 1
    return Combined(
        decision=decision,
        status=VerdictStatus.OK if value is not None else missing,
        value=value,
        voted=len(values),
        members=len(votes),
        agreeing=sum(agrees(each, value, criterion.scale) for each in values),
        deviation=pstdev(values) if scaled else None,
    )


def agrees(given: float, value: float | None, scale: Scale) -> bool:
    """Whether who gave `given` stands behind the value chosen."""
    if value is None:
        return False
    if scale.kind is ScaleKind.POINTS:
        return abs(given - value) < POINTS_APART * scale.maximum
    return given == value


def _commonest(votes: Sequence[Vote]) -> VerdictStatus:
    """The status that most of those without a value gave."""
    counts = Counter(vote.status for vote in votes if vote.value is None)
    first, *others = counts.most_common(2) or [(VerdictStatus.CANNOT_ASSESS, 0)]
    tied = bool(others) and others[0][1] == first[1]
    return VerdictStatus.CANNOT_ASSESS if tied else first[0]


def _decided(
    votes: Sequence[Vote], criterion: Criterion, rule: Rule, ties: Ties
) -> tuple[Decision, float | None]:
    weights = _weights(votes)
    if len(weights) == 1:
        return Decision.DECIDED, next(iter(weights))
    if rule is Rule.UNANIMOUS:
        return Decision.SPLIT, None
    if rule is Rule.WORST:
        return Decision.DECIDED, _worse(list(weights), criterion)
    best = _best(weights, criterion.scale, rule)
    if len(best) == 1:
        return Decision.DECIDED, best[0]
    if ties is Ties.WORSE:
        return Decision.TIE_BROKEN, _worse(best, criterion)
    return Decision.TIE, None


def _best(weights: dict[float, float], scale: Scale, rule: Rule) -> list[float]:
    """The value that the rule comes to, or those between which it cannot decide."""
    if scale.kind is ScaleKind.POINTS:
        return [_mean(weights)]
    if rule is Rule.MEAN and scale.kind is ScaleKind.ORDINAL:
        mean = _mean(weights)
        away = {level.value: abs(level.value - mean) for level in scale.levels}
        return [value for value in away if _same(away[value], min(away.values()))]
    top = max(weights.values())
    return [value for value, weight in weights.items() if _same(weight, top)]


def _weights(votes: Sequence[Vote]) -> dict[float, float]:
    """The weight behind each value, by rising value."""
    given: dict[float, list[float]] = {}
    for vote in votes:
        if vote.value is not None:
            given.setdefault(vote.value, []).append(vote.weight)
    return {value: math.fsum(given[value]) for value in sorted(given)}


def _mean(weights: dict[float, float]) -> float:
    """The weighted mean; rounding does not take it out of the values' range."""
    total = math.fsum(weights.values())
    mean = math.fsum(value * weight for value, weight in weights.items()) / total
    return min(max(mean, min(weights)), max(weights))


def _worse(values: Sequence[float], criterion: Criterion) -> float:
    return min(values) if criterion.met_means is MetMeans.GOOD else max(values)


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_CLOSE, abs_tol=_CLOSE)
