from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from rubricstudio.domain.agreement import Reason, brier, calibration_error

NAN = float("nan")


def test_brier_of_a_worked_example() -> None:
    # (0.8-1)^2 + (0.4-0)^2 over two pairs: (0.04 + 0.16)/2 = 0.1
    result = brier(np.array([0.8, 0.4, NAN, 0.5]), np.array([1, 0, 1, NAN]))

    assert result.value == pytest.approx(0.1, abs=1e-12)
    assert result.n == 2


def test_brier_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(200)
    outcomes = (rng.random(200) < probabilities).astype(np.float64)

    expected = brier_score_loss(outcomes, probabilities)

    assert brier(probabilities, outcomes).value == pytest.approx(expected, abs=1e-12)


def test_calibration_error_of_a_worked_example() -> None:
    # Bin [0.2, 0.3): p 0.25 and 0.27, outcomes 0, 1: gap 0.5 - 0.26 = 0.24, weight 2/3.
    # Bin [0.9, 1.0]: p 1.0, outcome 1: gap 0. ECE = 0.16.
    result = calibration_error(np.array([0.25, 0.27, 1.0, NAN]), np.array([0.0, 1, 1, 1]))

    assert result.value == pytest.approx(0.16, abs=1e-12)
    assert result.n == 3


def test_one_bin_compares_the_means() -> None:
    result = calibration_error(np.array([0.2, 0.4]), np.array([1.0, 1.0]), bins=1)

    assert result.value == pytest.approx(0.7, abs=1e-12)


def test_they_have_intervals_by_task() -> None:
    rng = np.random.default_rng(0)
    probabilities, tasks = rng.random(300), np.arange(300) // 10
    outcomes = (rng.random(300) < probabilities).astype(np.float64)

    for result in (
        brier(probabilities, outcomes, tasks=tasks),
        calibration_error(probabilities, outcomes, tasks=tasks),
    ):
        assert result.low is not None and result.high is not None
        assert result.low < result.high


def test_nothing_to_compare_has_no_value() -> None:
    empty = np.array([NAN])

    assert brier(empty, empty).reason is Reason.NOTHING_COMPARABLE
    assert calibration_error(empty, empty).reason is Reason.NOTHING_COMPARABLE


@pytest.mark.parametrize(
    ("probability", "outcome", "message"),
    [(1.2, 1, "between 0 and 1"), (-0.1, 1, "between 0 and 1"), (0.5, 2, "are 0 or 1")],
)
def test_values_out_of_range_are_refused(probability: float, outcome: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        brier(np.array([probability]), np.array([outcome]))


def test_a_calibration_error_needs_a_bin() -> None:
    with pytest.raises(ValueError, match="one bin"):
        calibration_error(np.array([0.5]), np.array([1.0]), bins=0)


pairs = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=40)


@given(pairs, st.integers(1, 20))
def test_fewer_bins_never_show_more_error(rows: list[tuple[float, float]], bins: int) -> None:
    probabilities, outcomes = np.array(rows).T

    coarse = calibration_error(probabilities, outcomes, bins=bins).value
    fine = calibration_error(probabilities, outcomes, bins=2 * bins).value

    assert coarse is not None and fine is not None
    assert 0 <= coarse <= fine + 1e-12 <= 1 + 2e-12
