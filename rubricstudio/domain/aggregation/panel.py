"""From the verdicts of several raters to the one value a score is made of."""

from __future__ import annotations

import numpy as np

from rubricstudio.domain.agreement.counts import categories_of, category_counts
from rubricstudio.domain.agreement.panel import panel_mean
from rubricstudio.domain.rubric import MetMeans, Rubric, ScaleKind
from rubricstudio.domain.table import BoolArray, FloatArray, Label, VerdictTable


def panel_values(rubric: Rubric, table: VerdictTable) -> FloatArray:
    """(n_units,) one value a unit: the majority, and on a points scale the mean.

    A tie goes to the tied value that is worse for the response (lower where met is
    good, higher where met is bad), so that a split panel never raises a score. NaN
    where no rater gave a value. Raises KeyError for a criterion the rubric does not hold.
    """
    leaves = [rubric.by_key[str(label)] for label in table.criterion_labels]
    good = np.array([leaf.met_means is MetMeans.GOOD for leaf in leaves], dtype=np.bool_)
    points = np.array([leaf.scale.kind is ScaleKind.POINTS for leaf in leaves], dtype=np.bool_)
    voted = _cautious_majority(table.values, good[table.criteria])
    return np.where(points[table.criteria], panel_mean(table.values), voted)


def _cautious_majority(values: FloatArray, low_is_worse: BoolArray) -> FloatArray:
    """(n_units, n_raters) to the (n_units,) most frequent value; the worse one of a tie."""
    categories = categories_of(values)
    if not len(categories):
        return np.full(len(values), np.nan)
    counts = category_counts(values, categories)
    tops = counts == counts.max(axis=1, keepdims=True)
    lowest = tops.argmax(axis=1)
    highest = len(categories) - 1 - tops[:, ::-1].argmax(axis=1)
    voted = categories[np.where(low_is_worse, lowest, highest)]
    return np.where(counts.sum(axis=1) > 0, voted, np.nan)


def by_response(table: VerdictTable, values: FloatArray, criteria: tuple[Label, ...]) -> FloatArray:
    """(n_units,) values as an (n_responses, len(criteria)) matrix for `score_many`.

    Rows are `table.response_labels`; NaN where a response has no such unit. Criteria
    not named are left out.
    """
    index = {label: column for column, label in enumerate(criteria)}
    columns = np.array([index.get(label, -1) for label in table.criterion_labels], dtype=np.int64)
    matrix = np.full((len(table.response_labels), len(criteria)), np.nan)
    places = columns[table.criteria]
    wanted = places >= 0
    matrix[table.responses[wanted], places[wanted]] = values[wanted]
    return matrix
