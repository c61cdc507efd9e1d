from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from sklearn import metrics

from rubricstudio.domain.agreement import (
    Reason,
    balanced_accuracy_of,
    bias_of,
    confusion_matrix,
    from_confusion,
    macro_f1_of,
    mcc_of,
    percent_agreement,
    precision_of,
    prevalence_of,
    recall_of,
)
from rubricstudio.domain.agreement.bootstrap import Measure
from rubricstudio.domain.agreement.confusion import other_prevalence_of
from rubricstudio.domain.table import FloatArray

from .conftest import random_ratings, ratings

NAN = float("nan")
# people no: judge no 50, judge yes 10 (FP); people yes: judge no 5 (FN), judge yes 35
EXAMPLE = np.array([[50.0, 10.0], [5.0, 35.0]])


def test_it_counts_only_units_both_gave_a_value() -> None:
    people = np.array([0, 0, 1, 1, NAN, 1])
    judge = np.array([0, 1, 1, 0, 1, NAN])

    np.testing.assert_array_equal(confusion_matrix(people, judge), [[1, 1], [1, 1]])


def test_rows_are_the_people_and_columns_the_judge() -> None:
    counts = confusion_matrix(np.array([1.0, 1, 3]), np.array([3.0, 3, 3]), np.array([1.0, 2, 3]))

    np.testing.assert_array_equal(counts, [[0, 0, 2], [0, 0, 0], [0, 0, 1]])


def test_a_value_outside_the_categories_is_refused() -> None:
    with pytest.raises(ValueError, match="the value 2 is none of the categories"):
        confusion_matrix(np.array([2.0]), np.array([1.0]), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="no categories"):
        confusion_matrix(np.array([2.0]), np.array([1.0]), np.array([]))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (precision_of, 35 / 45),
        (recall_of, 35 / 40),
        (balanced_accuracy_of, (50 / 60 + 35 / 40) / 2),
        (macro_f1_of, (100 / 115 + 70 / 85) / 2),  # 2*50/(55+60), 2*35/(45+40)
        (mcc_of, (35 * 50 - 10 * 5) / (45 * 40 * 60 * 55) ** 0.5),
        (prevalence_of, 40 / 100),
        (other_prevalence_of, 45 / 100),
        (bias_of, (10 - 5) / 100),
    ],
)
def test_measures_of_a_worked_example(of: Measure, expected: float) -> None:
    assert float(of(EXAMPLE)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("of", "theirs"),
    [
        (mcc_of, metrics.matthews_corrcoef),
        (balanced_accuracy_of, metrics.balanced_accuracy_score),
        (macro_f1_of, lambda a, b: metrics.f1_score(a, b, average="macro")),
    ],
)
def test_they_equal_scikit_learn(
    seed: int, of: Measure, theirs: Callable[[FloatArray, FloatArray], float]
) -> None:
    values = random_ratings(seed, raters=2, q=2 + seed % 4)
    people, judge = values[~np.isnan(values).any(axis=1)].T

    result = from_confusion(of, *values.T)

    assert result.value == pytest.approx(float(theirs(people, judge)), abs=1e-12)
    assert result.n == len(people)


@pytest.mark.parametrize(
    ("of", "people", "judge"),
    [
        (precision_of, [0, 1], [0, 0]),
        (recall_of, [0, 0], [0, 1]),
        (balanced_accuracy_of, [1, 1], [0, 1]),
        (mcc_of, [0, 1], [1, 1]),
    ],
)
def test_what_divides_by_nothing_is_undefined_and_not_zero(
    of: Measure, people: list[float], judge: list[float]
) -> None:
    result = from_confusion(of, np.array(people) * 1.0, np.array(judge) * 1.0)

    assert (result.value, result.n, result.reason) == (None, 2, Reason.UNDEFINED)


def test_agreement_of_nothing_is_not_zero() -> None:
    result = percent_agreement(np.array([1.0, NAN]), np.array([NAN, 1.0]))

    assert (result.value, result.n, result.reason) == (None, 0, Reason.NOTHING_COMPARABLE)


@given(ratings)
def test_agreement_is_the_share_of_equal_pairs(values: FloatArray) -> None:
    people, judge = values[:, 0], values[:, 1]
    pairs = [(a, b) for a, b in zip(people, judge, strict=True) if not (np.isnan(a) or np.isnan(b))]

    result = percent_agreement(people, judge)

    assert result.n == len(pairs)
    if pairs:
        assert result.value == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
