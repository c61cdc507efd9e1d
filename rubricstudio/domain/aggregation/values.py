"""What a score is, and the choices that are part of its definition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rubricstudio.domain.table import BoolArray, FloatArray, IntArray


class Clip(StrEnum):
    """Where a score is cut at the ends of its range. Part of the definition.

    item: each item at 0 before they are summed. example: each response's score at 0.
    mean: only the mean over responses, to [0, 1]. none: nowhere.
    """

    NONE = "none"
    ITEM = "item"
    EXAMPLE = "example"
    MEAN = "mean"


class Missing(StrEnum):
    """What a verdict that should be there and is not (cannot assess, failed) does.

    exclude: its criterion leaves numerator and denominator.
    fail: it counts as the worst value, whichever that is for the criterion's polarity.
    bounds: no single value where one is missing; lower and upper say what is possible.
    Under every policy `lower` and `upper` are the scores with each missing verdict at
    its worst and at its best.
    """

    EXCLUDE = "exclude"
    FAIL = "fail"
    BOUNDS = "bounds"


class UnfitRubric(ValueError):
    """The aggregator cannot score this rubric; the message says why and what to change."""


class InvalidScoreInput(ValueError):
    """The verdicts do not fit the rubric; the message names the criterion."""


@dataclass(frozen=True, slots=True)
class Score:
    """One response's score by a named, versioned aggregator.

    value: None where the formula has nothing to divide by, nothing was judged, or the
    policy is bounds and a verdict is missing. n_verdicts: criteria with a value;
    n_missing: without one; n_not_applicable: left out everywhere. gate_failed: the keys
    of the gates that failed.
    """

    aggregator: str
    version: int
    clip: Clip
    missing: Missing
    value: float | None
    lower: float | None
    upper: float | None
    n_verdicts: int
    n_missing: int
    n_not_applicable: int = 0
    gate_failed: tuple[str, ...] = ()

    @property
    def coverage(self) -> float | None:
        """The share in [0, 1] of applicable criteria with a value; None where none applies."""
        applicable = self.n_verdicts + self.n_missing
        return self.n_verdicts / applicable if applicable else None


@dataclass(frozen=True, eq=False, slots=True)
class ScoreColumns:
    """The scores of many responses: (n,) each, NaN for None; gate_failed is (n, n_criteria)."""

    aggregator: str
    version: int
    clip: Clip
    missing: Missing
    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    n_verdicts: IntArray
    n_missing: IntArray
    n_not_applicable: IntArray
    gate_failed: BoolArray

    @property
    def coverage(self) -> FloatArray:
        """(n,) the share of applicable criteria with a value, NaN where none applies."""
        applicable = self.n_verdicts + self.n_missing
        return np.where(applicable > 0, self.n_verdicts / np.maximum(applicable, 1), np.nan)
