"""Aggregators that read the tree of groups."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.aggregation.columns import RubricColumns
from rubricstudio.domain.aggregation.flat import Params
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.table import FloatArray, IntArray


def roll_up(columns: RubricColumns, leaves: FloatArray, *, weighted: bool) -> FloatArray:
    """(n, L) leaf values to (n, n_nodes): every node the mean of the children that have one.

    Nodes are the leaves, then groups bottom-up, the root last. weighted: by the
    children's weights among siblings, else each counts the same. NaN where nothing is
    below, or only weights of 0.
    """
    nodes = np.full((len(leaves), len(columns.keys) + len(columns.branches)), np.nan)
    nodes[:, : len(columns.keys)] = leaves
    for branch in columns.branches:
        below = nodes[:, branch.children]
        weights = branch.weights if weighted else np.ones(len(branch.weights))
        present = ~np.isnan(below)
        total = np.where(present, below, 0.0) @ weights
        nodes[:, branch.node] = ratio(total, present @ weights)
    return nodes


def hierarchical_mean(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """Each group the weighted mean of its children, in [0, 1]. Source: PaperBench."""
    return roll_up(columns, goodness, weighted=True)[:, -1]


def hierarchical_grades(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """Each group the plain mean of its children's grades, in the unit of the scale.

    Grades that do not apply are dropped at every level. Source: DEER, grades 1 to 10.
    """
    grades = columns.low + goodness * (columns.high - columns.low)
    return roll_up(columns, grades, weighted=False)[:, -1]


def geometric_penalty(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """The mean over groups of base^(checks failed in the group), in (0, 1].

    A group is what directly holds the checks; a check without one is its own. A graded
    check fails by 1 minus its goodness. Source: ProImage-Bench, base 0.5.
    """
    present = ~np.isnan(goodness)
    failed = _sum_by(columns.parents, np.where(present, 1 - goodness, 0.0))
    judged = _sum_by(columns.parents, present * 1.0) > 0
    shares = np.where(judged, params["base"] ** failed, 0.0)
    return ratio(shares.sum(axis=1), judged.sum(axis=1) * 1.0)


def points_with_deductions(
    columns: RubricColumns, goodness: FloatArray, params: Params
) -> FloatArray:
    """Marks: points minus deductions of each item, an item never below 0, summed.

    An item is a top-level criterion with all that is below it. Marks have no
    denominator, so a criterion left out earns and costs nothing. Source: SedarEval.
    """
    present = ~np.isnan(goodness)
    signed = np.abs(columns.weights) * goodness - np.maximum(-columns.weights, 0)
    marks = _sum_by(columns.items, np.where(present, signed, 0.0))
    return np.asarray(np.maximum(marks, 0.0).sum(axis=1))


def _sum_by(groups: IntArray, values: FloatArray) -> FloatArray:
    """(n, L) values summed over the leaves of each group: (n, n_groups)."""
    members = np.zeros((len(groups), int(groups.max(initial=-1)) + 1))
    members[np.arange(len(groups)), groups] = 1
    return values @ members
