"""The number a version gets when it is published, and why: major.minor.patch.

major: something a rater sees changed, so verdicts become stale or go (the judging hash).
minor: only scores change. patch: neither, as with the order or the tags of criteria.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from rubricstudio.domain.aggregation import AGGREGATORS
from rubricstudio.domain.diff import Change, CriterionChange, compare
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.rubric import Criterion, Rubric

# What an aggregator reads besides leaves, weights and gates. One that is not known here
# might read anything.
READS_TIERS = frozenset({"gated_tiers", "truncated_tiers"})
READS_GROUPS = frozenset(
    {"geometric_penalty", "points_with_deductions", "hierarchical_mean", "hierarchical_grades"}
)

# Reasons that are no change of one criterion.
FIRST, SAME, AGGREGATOR, PARAMS = "first", "same", "aggregator", "params"


class Step(IntEnum):
    """Which part of the number rises."""

    PATCH = 0
    MINOR = 1
    MAJOR = 2


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """A version's number; ordered as numbers are."""

    major: int
    minor: int = 0
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def raised(self, step: Step) -> Number:
        """The next number; what stands behind the part that rises begins at 0 again."""
        if step is Step.MAJOR:
            return Number(self.major + 1)
        if step is Step.MINOR:
            return Number(self.major, self.minor + 1)
        return Number(self.major, self.minor, self.patch + 1)


@dataclass(frozen=True, slots=True)
class Reason:
    """One change and the part of the number it raises.

    change: a `Change`, or FIRST, SAME, AGGREGATOR, PARAMS. key, text: the criterion, empty
    where the change is one of the whole rubric; there `text` holds what is new.
    """

    step: Step
    change: str
    key: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Bump:
    """The number of a version and every reason for it, the weightiest first."""

    number: Number
    step: Step
    reasons: tuple[Reason, ...]


def bump(previous: Number | None, old: Rubric | None, new: Rubric) -> Bump:
    """The number of `new`, published after `old`, whose number is `previous`.

    The first publication (old None) is 1.0.0. Major exactly where the judging hash
    differs. Publishing the same again raises the patch, so that no two versions of a
    rubric share a number. `previous` None with an `old`: as if that were 1.0.0.
    """
    if old is None:
        return Bump(Number(1), Step.MAJOR, (Reason(Step.MAJOR, FIRST),))
    reasons = sorted(_reasons(old, new), key=lambda reason: -reason.step)
    found = tuple(reasons) or (Reason(Step.PATCH, SAME),)
    step = found[0].step
    return Bump((previous or Number(1)).raised(step), step, found)


def _reasons(old: Rubric, new: Rubric) -> Iterator[Reason]:
    diff = compare(old, new)
    if diff.aggregator:
        yield Reason(Step.MINOR, AGGREGATOR, text=new.aggregator)
    if diff.params_changed:
        yield Reason(Step.MINOR, PARAMS)
    reads = {old.aggregator, new.aggregator}
    tiers = any(name in READS_TIERS or name not in AGGREGATORS for name in reads)
    groups = any(name in READS_GROUPS or name not in AGGREGATORS for name in reads)
    for change in diff.changes:
        one = change.new or change.old
        assert one is not None
        for kind in change.kinds:
            step = _step(change, kind, tiers=tiers, groups=groups)
            yield Reason(step, kind.value, change.key, one.text)


def _step(change: CriterionChange, kind: Change, *, tiers: bool, groups: bool) -> Step:
    if kind in _JUDGED and _judged(change.old) != _judged(change.new):
        return Step.MAJOR
    if kind is Change.GATE:
        return Step.MINOR
    is_group = all(one is None or one.is_group for one in (change.old, change.new))
    if kind is Change.REWEIGHTED:
        return Step.MINOR if groups or not is_group else Step.PATCH
    if kind is Change.TIER:
        return Step.MINOR if tiers and not is_group else Step.PATCH
    if kind is Change.MOVED:
        return Step.MINOR if groups and _parent(change.old) != _parent(change.new) else Step.PATCH
    if kind in (Change.ADDED, Change.REMOVED):
        return Step.MINOR if groups else Step.PATCH
    return Step.PATCH


_JUDGED = frozenset(
    {Change.ADDED, Change.REMOVED, Change.REWORDED, Change.SCALE, Change.POLARITY}
    | {Change.JUDGING, Change.EXAMPLES}
)


def _judged(criterion: Criterion | None) -> str:
    """What a rater sees of it: of a group, nothing that could be judged."""
    if criterion is None or criterion.is_group:
        return ""
    return criterion_judging_hash(criterion)


def _parent(criterion: Criterion | None) -> str | None:
    return criterion.parent if criterion else None
