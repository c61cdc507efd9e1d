"""Aggregators of signed points that ignore the tree.

Each takes the (n, L) goodness of the verdicts, NaN where a criterion is left out,
and gives (n,) scores, NaN where there is nothing to divide by. With weight w and
goodness g, a criterion with w > 0 earns w*g, one with w < 0 costs |w|*(1-g). For
met-is-good under w > 0 and met-is-bad under w < 0 that is w*met, the published form.
P and N are the sums of |w| over w > 0 and w < 0 of the criteria that are present.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from rubricstudio.domain.aggregation.columns import RubricColumns
from rubricstudio.domain.agreement.counts import ratio
from rubricstudio.domain.table import FloatArray

Params: TypeAlias = Mapping[str, float]


def present_sum(weights: FloatArray, goodness: FloatArray) -> FloatArray:
    """(n,) sums of (L,) weights over the criteria that are present."""
    return (~np.isnan(goodness)).astype(np.float64) @ weights


def earned(weights: FloatArray, goodness: FloatArray) -> FloatArray:
    """(n,) sums of weight times goodness over the criteria that are present."""
    return np.where(np.isnan(goodness), 0.0, goodness) @ weights


def points(columns: RubricColumns, goodness: FloatArray) -> FloatArray:
    """(n,) A: points earned minus points lost."""
    sizes, lost = np.abs(columns.weights), np.maximum(-columns.weights, 0)
    return earned(sizes, goodness) - present_sum(lost, goodness)


def pos_normalised(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """A / P: at most 1, below 0 where penalties outweigh. Source: HealthBench."""
    return ratio(points(columns, goodness), present_sum(np.maximum(columns.weights, 0), goodness))


def pos_normalised_clipped(
    columns: RubricColumns, goodness: FloatArray, params: Params
) -> FloatArray:
    """max(0, A / P), in [0, 1]. Source: verl-rubric."""
    return np.maximum(pos_normalised(columns, goodness, params), 0.0)


def min_max(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """(A + N) / (P + N), in [0, 1]. Source: PRBench "normalized"."""
    sizes = np.abs(columns.weights)
    return ratio(earned(sizes, goodness), present_sum(sizes, goodness))


def weighted_mean(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """sum w*g / sum w, in [0, 1], for weights of 0 or more. Source: ProfBench, verifiers."""
    return ratio(earned(columns.weights, goodness), present_sum(columns.weights, goodness))


def abs_normalised(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """A / (P + N), in [-1, 1]. Source: open-instruct."""
    return ratio(points(columns, goodness), present_sum(np.abs(columns.weights), goodness))


def count_share(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """The mean goodness, weights ignored, in [0, 1]. Source: DeepResearch Bench II."""
    ones = np.ones(len(columns.keys))
    return ratio(earned(ones, goodness), present_sum(ones, goodness))


def threshold_excess(columns: RubricColumns, goodness: FloatArray, params: Params) -> FloatArray:
    """max(0, s - k + 1) / (M - k + 1), in [0, 1]: s of M criteria met, threshold k.

    The mean over responses, times 100, is CACS@k. NaN where fewer than k are present.
    Source: ClinConsensus.
    """
    ones = np.ones(len(columns.keys))
    k, n = params["k"], present_sum(ones, goodness)
    score = ratio(np.maximum(earned(ones, goodness) - k + 1, 0.0), n - k + 1)
    return np.where(n >= k, score, np.nan)
