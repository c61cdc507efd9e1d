from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.agreement import Bootstrap, Reason, alpha, percent_agreement
from rubricstudio.domain.agreement import bootstrap as module
from rubricstudio.domain.agreement.bootstrap import Draws, percentile_interval
from rubricstudio.domain.agreement.slices import Features, one_statistic
from rubricstudio.domain.table import FloatArray

from .conftest import random_ratings


def test_each_resample_draws_as_many_tasks_as_there_are() -> None:
    drawn = Draws(Bootstrap(resamples=50)).sums(np.eye(7))

    assert drawn.shape == (50, 7)
    np.testing.assert_array_equal(drawn.sum(axis=1), 7)
    np.testing.assert_array_equal(drawn, np.round(drawn))


def test_draws_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    tasks = np.arange(60) % 12
    values = random_ratings(1, units=60)

    first = alpha(values, tasks=tasks, bootstrap=Bootstrap(seed=1))
    again = alpha(values, tasks=tasks, bootstrap=Bootstrap(seed=1))
    other = alpha(values, tasks=tasks, bootstrap=Bootstrap(seed=2))

    assert first == again
    assert first.value == other.value
    assert (first.low, first.high) != (other.low, other.high)


def test_draws_too_many_to_keep_are_made_again_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Draws(Bootstrap(resamples=30))
    expected = kept.sums(np.eye(5))
    monkeypatch.setattr(module, "_KEPT", 1)

    fresh = Draws(Bootstrap(resamples=30))

    np.testing.assert_array_equal(fresh.sums(np.eye(5)), expected)
    np.testing.assert_array_equal(fresh.sums(np.eye(5)), expected)
    assert not fresh.kept


def test_draws_come_in_blocks_that_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 12)  # two resamples of five tasks at once

    drawn = Draws(Bootstrap(resamples=7)).sums(np.eye(5))

    assert drawn.shape == (7, 5)
    np.testing.assert_array_equal(drawn.sum(axis=1), 5)


@given(
    st.lists(st.one_of(st.floats(-5, 5), st.just(float("nan"))), min_size=2, max_size=30),
    st.floats(0.5, 0.99),
)
def test_percentiles_equal_numpys_over_the_defined_replicates(
    replicates: list[float], confidence: float
) -> None:
    column = np.array(replicates)[:, None]
    tail = 100 * (1 - confidence) / 2

    low, high = percentile_interval(column, confidence)

    if np.isnan(column).sum() * 2 > len(column):
        assert np.isnan([low[0], high[0]]).all()
    else:
        expected = np.nanpercentile(column, [tail, 100 - tail])
        np.testing.assert_allclose([low[0], high[0]], expected, atol=1e-9)


def test_items_of_one_task_move_together() -> None:
    # Two tasks, one all right and one all wrong: whole tasks are drawn, so a resample's
    # agreement is 0, 1/2 or 1 (each end with chance 1/4), and 95 % reach from 0 to 1.
    judge = np.array([1.0] * 40 + [0.0] * 40)
    people = np.ones(80)
    tasks = np.repeat([0, 1], 40)

    result = percent_agreement(people, judge, tasks=tasks)

    assert (result.value, result.low, result.high) == (0.5, 0.0, 1.0)


def test_one_task_gives_a_value_and_says_why_there_is_no_interval() -> None:
    result = percent_agreement(np.array([1.0, 0]), np.array([1.0, 1]), tasks=np.array([4, 4]))

    assert result.value == 0.5
    assert (result.low, result.high, result.reason) == (None, None, Reason.ONE_TASK)


def test_a_task_with_nothing_comparable_is_not_drawn() -> None:
    judge = np.array([1.0, 0, np.nan, np.nan])
    people = np.array([1.0, 1, 1, np.nan])

    with_empty = percent_agreement(people, judge, tasks=np.array([0, 1, 2, 3]))
    without = percent_agreement(people[:2], judge[:2], tasks=np.array([0, 1]))

    assert with_empty == without


def test_an_interval_undefined_in_most_resamples_is_withheld() -> None:
    # Defined only where all three tasks are drawn: in 3!/27 = 22 % of the resamples.
    def all_present(sums: FloatArray) -> FloatArray:
        return np.where((sums > 0).all(axis=-1), 1.0, np.nan)

    result = one_statistic(
        Features(3, lambda units, groups, n: np.eye(3) if n == 3 else np.ones((1, 3)), count),
        all_present,
        n_units=3,
        tasks=np.arange(3),
    )

    assert result.value == 1.0
    assert (result.low, result.high, result.reason) == (None, None, Reason.UNSTABLE)


def test_resamples_without_variation_are_left_out_of_the_interval() -> None:
    # Tasks (0,0) and (1,1): half of the resamples draw one task twice and say nothing;
    # the others have alpha 1.
    values = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0], [0.0, 0.0]])

    result = alpha(values, tasks=np.array([0, 1, 2, 3]))

    assert (result.value, result.low, result.high) == (1.0, 1.0, 1.0)


def count(sums: FloatArray) -> FloatArray:
    return np.asarray(sums.sum(axis=-1))


@pytest.mark.parametrize("wrong", [{"resamples": 0}, {"confidence": 1.0}, {"confidence": 0.0}])
def test_a_bootstrap_needs_resamples_and_a_confidence(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="1 or more resamples"):
        Bootstrap(**wrong)  # type: ignore[arg-type]  # the values are what is tested
