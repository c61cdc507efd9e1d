"""Rubric values: criteria, scales, the tree they sit in, and its invariants.

Field names follow the canonical schema that holds every public rubric format
without loss. A criterion keeps its `key` for life, across versions and exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

K = TypeVar("K")


class MetMeans(StrEnum):
    """What it says about the response when the criterion is met.

    Stored, never inferred from the sign of the weight: public data holds both
    "avoids X" and "does X" under negative weights.
    """

    GOOD = "good"
    BAD = "bad"


class ScaleKind(StrEnum):
    BINARY = "binary"
    ORDINAL = "ordinal"
    POINTS = "points"


class Tier(StrEnum):
    MANDATORY = "mandatory"
    ESSENTIAL = "essential"
    IMPORTANT = "important"
    OPTIONAL = "optional"
    IDEAL = "ideal"
    PITFALL = "pitfall"


# The weight of a tier, after Rubrics as Rewards; a project may set others.
WEIGHT_CLASSES: Mapping[str, float] = {
    Tier.ESSENTIAL: 5.0,
    Tier.IMPORTANT: 3.0,
    Tier.OPTIONAL: 1.0,
    Tier.PITFALL: -2.0,
}


class JudgedBy(StrEnum):
    ANYONE = "anyone"
    PEOPLE = "people"
    MODEL = "model"
    PROGRAM = "program"


class InvalidRubric(ValueError):
    """A rubric value breaks one of its own rules. The message names the criterion."""


@dataclass(frozen=True, slots=True)
class Level:
    """One step of an ordinal scale, worst to best."""

    value: float
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """The values a verdict on a criterion may take.

    binary: 0 (not met) or 1 (met). ordinal: the `value` of one of `levels`.
    points: any number from 0 to `maximum`, partial credit allowed.
    """

    kind: ScaleKind = ScaleKind.BINARY
    levels: tuple[Level, ...] = ()
    maximum: float = 1.0

    def __post_init__(self) -> None:
        if self.kind is ScaleKind.ORDINAL:
            values = [level.value for level in self.levels]
            if len(values) < 2 or any(a >= b for a, b in zip(values, values[1:], strict=False)):
                raise InvalidRubric(
                    "an ordinal scale needs two or more levels, worst first, rising"
                )
        elif self.levels:
            raise InvalidRubric("only an ordinal scale has levels")
        if self.kind is ScaleKind.POINTS and not self.maximum > 0:
            raise InvalidRubric("a points scale needs a maximum above 0")

    @property
    def low(self) -> float:
        """The smallest value allowed."""
        return self.levels[0].value if self.kind is ScaleKind.ORDINAL else 0.0

    @property
    def high(self) -> float:
        """The largest value allowed."""
        if self.kind is ScaleKind.ORDINAL:
            return self.levels[-1].value
        return self.maximum if self.kind is ScaleKind.POINTS else 1.0

    def allows(self, value: float) -> bool:
        """Whether `value` is one this scale can hold."""
        if self.kind is ScaleKind.BINARY:
            return value in (0.0, 1.0)
        if self.kind is ScaleKind.ORDINAL:
            return any(value == level.value for level in self.levels)
        return 0.0 <= value <= self.maximum

    def label(self, value: float | None) -> str:
        """The label of the level that `value` is; empty for None and on other scales."""
        return next((level.label for level in self.levels if level.value == value), "")

    def credit(self, value: float) -> float:
        """The share of the scale that `value` reaches, in [0, 1]: (value - low) / (high - low)."""
        return (value - self.low) / (self.high - self.low)


BINARY = Scale()


@dataclass(frozen=True, slots=True)
class Example:
    """A passage that meets a criterion, or one that does not, and why. Raters see it."""

    text: str
    met: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a criterion came from. It says nothing to raters and touches no score.

    kind: library, rubric, import, paste, split, merge, or the name of a method. name: what a
    person calls the source. ref: how a program finds it again.
    """

    kind: str
    name: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One checkable statement about a response, or a group of them.

    `weight` counts among siblings for a tree-shaped aggregator and as points
    for a flat one. A group (`is_group`) carries no verdict of its own. `program` is the
    expression that decides where a program judges, empty where none does. `references` are
    the sources that an author names for the criterion.
    """

    key: str
    text: str
    description: str = ""
    weight: float = 1.0
    met_means: MetMeans = MetMeans.GOOD
    scale: Scale = BINARY
    tier: Tier | None = None
    gate: bool = False
    parent: str | None = None
    is_group: bool = False
    judged_by: JudgedBy = JudgedBy.ANYONE
    evidence_required: bool = False
    tags: tuple[str, ...] = ()
    category: str = ""
    examples: tuple[Example, ...] = ()
    references: tuple[str, ...] = ()
    program: str = ""
    origin: Origin | None = None

    def __post_init__(self) -> None:
        if not self.key:
            raise InvalidRubric("a criterion needs a key")
        if not self.text.strip():
            raise InvalidRubric(f"criterion {self.key!r} has no text")
        if self.weight != self.weight or self.weight in (float("inf"), float("-inf")):
            raise InvalidRubric(f"criterion {self.key!r} needs a finite weight")
        if self.is_group and (self.gate or self.scale != BINARY):
            raise InvalidRubric(f"group {self.key!r} cannot be a gate or have a scale")
        if self.is_group and self.program:
            raise InvalidRubric(f"group {self.key!r} cannot be judged by a program")
        if not all(example.text.strip() for example in self.examples):
            raise InvalidRubric(f"criterion {self.key!r} has an example without text")

    def needs_quote(self, value: float | None) -> bool:
        """Whether a verdict of this value, None for no value, has to quote the response.

        The lowest value of the scale says that nothing of it is there: that has no place.
        """
        return self.evidence_required and value is not None and self.scale.credit(value) > 0


@dataclass(frozen=True)
class Rubric:
    """Criteria in display order; `parent` names an earlier group or nothing."""

    criteria: tuple[Criterion, ...]
    aggregator: str = "pos_normalised"
    params: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: dict[str, Criterion] = {}
        for criterion in self.criteria:
            if criterion.key in seen:
                raise InvalidRubric(f"the key {criterion.key!r} stands twice")
            if criterion.parent is not None:
                parent = seen.get(criterion.parent)
                if parent is None:
                    raise InvalidRubric(
                        f"criterion {criterion.key!r} names the parent {criterion.parent!r}, "
                        "which does not stand before it"
                    )
                if not parent.is_group:
                    raise InvalidRubric(
                        f"criterion {criterion.key!r} sits under {parent.key!r}, which is no group"
                    )
            seen[criterion.key] = criterion

    @cached_property
    def by_key(self) -> dict[str, Criterion]:
        return {criterion.key: criterion for criterion in self.criteria}

    @cached_property
    def leaves(self) -> tuple[Criterion, ...]:
        """The criteria that carry verdicts, in display order."""
        return tuple(c for c in self.criteria if not c.is_group)

    @cached_property
    def _inside(self) -> dict[str | None, tuple[Criterion, ...]]:
        found: dict[str | None, list[Criterion]] = {}
        for criterion in self.criteria:
            found.setdefault(criterion.parent, []).append(criterion)
        return {key: tuple(inside) for key, inside in found.items()}

    def children(self, key: str | None) -> tuple[Criterion, ...]:
        """The direct children of a group, or the top level for None."""
        return self._inside.get(key, ())

    def walk(self) -> Iterator[tuple[int, Criterion]]:
        """Each criterion depth first with its depth, top level 0."""

        def below(key: str | None, depth: int) -> Iterator[tuple[int, Criterion]]:
            for criterion in self.children(key):
                yield depth, criterion
                if criterion.is_group:
                    yield from below(criterion.key, depth + 1)

        return below(None, 0)

    @property
    def positive_weight(self) -> float:
        """P: the sum of the leaves' weights above 0, the most points there are."""
        return sum(c.weight for c in self.leaves if c.weight > 0)

    @property
    def negative_weight(self) -> float:
        """N: the sum of the sizes of the leaves' weights below 0."""
        return sum(-c.weight for c in self.leaves if c.weight < 0)

    def weight_shares(self) -> dict[str, float]:
        """Each leaf's |weight| over the sum of all, in [0, 1]; empty where that sum is 0."""
        weights = {c.key: c.weight for c in self.leaves}
        return shares_of(weights) if any(weights.values()) else {}


def shares_of(weights: Mapping[K, float]) -> dict[K, float]:
    """Each |weight| over the sum of all, in [0, 1]; all are alike where that sum is 0."""
    total = sum(abs(weight) for weight in weights.values())
    if not total:
        return dict.fromkeys(weights, 1 / max(len(weights), 1))
    return {key: abs(weight) / total for key, weight in weights.items()}
