"""A rubric as arrays, one column for each criterion that carries verdicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.aggregation.values import InvalidScoreInput
from rubricstudio.domain.rubric import MetMeans, Rubric, Tier
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False, slots=True)
class Branch:
    """One group (or the root): the nodes below it and their weights among siblings."""

    node: int
    children: IntArray
    weights: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class RubricColumns:
    """The L leaves of a rubric in display order; every array is (L,).

    good: met is good for the response. low, high: the ends of the scale. items: the
    code of the top-level criterion a leaf stands in; parents: of its own group (a leaf
    without one is its own). branches: groups bottom-up, the root last; leaves are
    nodes 0 to L-1.
    """

    keys: tuple[str, ...]
    weights: FloatArray
    good: BoolArray
    low: FloatArray
    high: FloatArray
    gates: BoolArray
    tiers: tuple[Tier | None, ...]
    items: IntArray
    parents: IntArray
    branches: tuple[Branch, ...]

    def in_tiers(self, *tiers: Tier) -> BoolArray:
        """(L,) whether a leaf is in one of these tiers."""
        return np.array([tier in tiers for tier in self.tiers], dtype=np.bool_)

    def goodness(self, values: FloatArray) -> FloatArray:
        """(n, L) values to how good they are for the response, in [0, 1]; NaN stays.

        The share of the scale reached where met is good, 1 minus it where met is bad.
        Every aggregator is built on this and never falls when it rises, so polarity
        decides what helps and the weight only how much. Raises InvalidScoreInput for a
        value off its scale.
        """
        outside = (values < self.low) | (values > self.high)
        if outside.any():
            row, column = np.argwhere(outside)[0]
            raise InvalidScoreInput(
                f"criterion {self.keys[column]!r}: {values[row, column]:g} is not between "
                f"{self.low[column]:g} and {self.high[column]:g}"
            )
        credit = (values - self.low) / (self.high - self.low)
        return np.where(self.good, credit, 1 - credit)


def rubric_columns(rubric: Rubric) -> RubricColumns:
    """The arrays of a rubric."""
    leaves = rubric.leaves
    return RubricColumns(
        keys=tuple(leaf.key for leaf in leaves),
        weights=np.array([leaf.weight for leaf in leaves], dtype=np.float64),
        good=np.array([leaf.met_means is MetMeans.GOOD for leaf in leaves], dtype=np.bool_),
        low=np.array([leaf.scale.low for leaf in leaves], dtype=np.float64),
        high=np.array([leaf.scale.high for leaf in leaves], dtype=np.float64),
        gates=np.array([leaf.gate for leaf in leaves], dtype=np.bool_),
        tiers=tuple(leaf.tier for leaf in leaves),
        items=_codes([_top(rubric, leaf.key) for leaf in leaves]),
        parents=_codes([leaf.parent or f"\0{leaf.key}" for leaf in leaves]),
        branches=_branches(rubric),
    )


def _top(rubric: Rubric, key: str) -> str:
    while (parent := rubric.by_key[key].parent) is not None:
        key = parent
    return key


def _codes(labels: list[str]) -> IntArray:
    index = {label: code for code, label in enumerate(dict.fromkeys(labels))}
    return np.array([index[label] for label in labels], dtype=np.int64)


def _branches(rubric: Rubric) -> tuple[Branch, ...]:
    """Groups stand before what is in them, so their reverse is bottom-up."""
    groups = [criterion for criterion in rubric.criteria if criterion.is_group]
    ordered = [*rubric.leaves, *reversed(groups)]
    nodes: dict[str | None, int] = {criterion.key: node for node, criterion in enumerate(ordered)}
    nodes[None] = len(ordered)
    below: dict[str | None, list[tuple[int, float]]] = {}
    for criterion in rubric.criteria:
        row = (nodes[criterion.key], criterion.weight)
        below.setdefault(criterion.parent, []).append(row)
    parents: list[str | None] = [*(group.key for group in reversed(groups)), None]
    return tuple(_branch(nodes[parent], below.get(parent, [])) for parent in parents)


def _branch(node: int, children: list[tuple[int, float]]) -> Branch:
    return Branch(
        node,
        np.array([child for child, _ in children], dtype=np.int64),
        np.array([weight for _, weight in children], dtype=np.float64),
    )
