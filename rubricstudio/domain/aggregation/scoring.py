"""Scores of one response and of many, by any aggregator, with bounds for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from rubricstudio.domain.aggregation.columns import RubricColumns, rubric_columns
from rubricstudio.domain.aggregation.flat import Params
from rubricstudio.domain.aggregation.registry import Aggregator, aggregator_named
from rubricstudio.domain.aggregation.values import (
    InvalidScoreInput,
    Missing,
    Score,
    ScoreColumns,
)
from rubricstudio.domain.rubric import Rubric
from rubricstudio.domain.table import BoolArray, FloatArray
from rubricstudio.domain.verdict import Verdict, VerdictStatus

Given: TypeAlias = Verdict | VerdictStatus | float | None
"""A verdict, its value, its status where it has no value, or None where there is none."""


def score(
    rubric: Rubric,
    verdicts: Mapping[str, Given],
    *,
    aggregator: str | None = None,
    missing: Missing = Missing.EXCLUDE,
    params: Params | None = None,
) -> Score:
    """Score one response from its verdicts by criterion key.

    aggregator: default the rubric's own, and then with the rubric's parameters unless
    `params` are given. A not-applicable criterion leaves numerator and denominator
    under every policy; any other status without a value, None or a key that is absent
    is missing. Raises UnfitRubric, and InvalidScoreInput for a key the rubric does not
    hold or a value off its scale.
    """
    keys = [leaf.key for leaf in rubric.leaves]
    unknown = set(verdicts) - set(keys)
    if unknown:
        raise InvalidScoreInput(f"the rubric has no criterion {sorted(unknown)[0]!r} to judge")
    parts = [_value_and_status(verdicts.get(key)) for key in keys]
    columns = score_many(
        rubric,
        np.array([[value for value, _ in parts]], dtype=np.float64),
        not_applicable=np.array([[applies_not for _, applies_not in parts]], dtype=np.bool_),
        aggregator=aggregator,
        missing=missing,
        params=params,
    )
    return score_of(columns, 0, tuple(keys))


def _value_and_status(given: Given) -> tuple[float | None, bool]:
    """The value if there is one, and whether the criterion does not apply."""
    if isinstance(given, Verdict):
        return given.value, given.status is VerdictStatus.NOT_APPLICABLE
    if isinstance(given, VerdictStatus):
        return None, given is VerdictStatus.NOT_APPLICABLE
    return given, False


def score_many(
    rubric: Rubric,
    values: FloatArray,
    *,
    not_applicable: BoolArray | None = None,
    aggregator: str | None = None,
    missing: Missing = Missing.EXCLUDE,
    params: Params | None = None,
) -> ScoreColumns:
    """Score n responses from an (n, L) matrix of values, NaN where there is none.

    Columns are `rubric.leaves` in order. not_applicable: (n, L), True where a criterion
    does not apply (its value must be NaN); the other NaN are missing. Else as `score`.
    """
    chosen = aggregator_named(aggregator or rubric.aggregator)
    own = rubric.params if aggregator in (None, rubric.aggregator) else {}
    settings = chosen.with_params(own if params is None else params)
    columns = rubric_columns(rubric)
    chosen.check(columns)
    absent = _absent(columns, values, not_applicable)
    goodness = columns.goodness(values)
    known = ~np.isnan(goodness)
    lacking = ~known & ~absent
    worst = _gated(chosen, columns, np.where(lacking, 0.0, goodness), settings)
    best = _gated(chosen, columns, np.where(lacking, 1.0, goodness), settings)
    value = worst
    if missing is not Missing.FAIL:
        value = _gated(chosen, columns, goodness, settings)
    if missing is Missing.BOUNDS:
        value = np.where(lacking.any(axis=1), np.nan, value)
    return ScoreColumns(
        aggregator=chosen.name,
        version=chosen.version,
        clip=chosen.clip,
        missing=missing,
        value=value,
        lower=worst,
        upper=best,
        n_verdicts=known.sum(axis=1),
        n_missing=lacking.sum(axis=1),
        n_not_applicable=absent.sum(axis=1),
        gate_failed=_failed_gates(columns, goodness, settings),
    )


def _absent(
    columns: RubricColumns, values: FloatArray, not_applicable: BoolArray | None
) -> BoolArray:
    """(n, L) what does not apply; InvalidScoreInput where shapes or values contradict it."""
    if values.ndim != 2 or values.shape[1] != len(columns.keys):
        raise InvalidScoreInput(f"values of shape {values.shape} for {len(columns.keys)} criteria")
    if not_applicable is None:
        return np.zeros(values.shape, dtype=np.bool_)
    if not_applicable.shape != values.shape:
        raise InvalidScoreInput("not_applicable and values differ in shape")
    if (not_applicable & ~np.isnan(values)).any():
        raise InvalidScoreInput("a criterion that does not apply has a value")
    return not_applicable


def _gated(
    aggregator: Aggregator, columns: RubricColumns, goodness: FloatArray, params: Params
) -> FloatArray:
    """(n,) scores with gates applied; NaN where not one criterion is present."""
    scores = aggregator.formula(columns, goodness, params)
    failed = _failed_gates(columns, goodness, params).any(axis=1)
    scores = np.where(failed, np.minimum(scores, params["gate_cap"]), scores)
    return np.where(np.isnan(goodness).all(axis=1), np.nan, scores)


def _failed_gates(columns: RubricColumns, goodness: FloatArray, params: Params) -> BoolArray:
    """(n, L) gates judged and not passed; a gate without a verdict has not failed."""
    return columns.gates & (goodness < params["gate_pass"])


def score_of(columns: ScoreColumns, row: int, keys: tuple[str, ...]) -> Score:
    """One row of `score_many`; keys are those of `rubric.leaves`."""
    value, lower, upper = (
        None if number != number else number
        for number in (
            float(columns.value[row]),
            float(columns.lower[row]),
            float(columns.upper[row]),
        )
    )
    failed = columns.gate_failed[row]
    return Score(
        aggregator=columns.aggregator,
        version=columns.version,
        clip=columns.clip,
        missing=columns.missing,
        value=value,
        lower=lower,
        upper=upper,
        n_verdicts=int(columns.n_verdicts[row]),
        n_missing=int(columns.n_missing[row]),
        n_not_applicable=int(columns.n_not_applicable[row]),
        gate_failed=tuple(keys[place] for place in np.flatnonzero(failed).tolist()),
    )
