"""A share of exactly 0 or 1 has Wilson's interval, a task being a trial; all else resamples."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from rubricstudio.domain.agreement.bootstrap import Bootstrap
from rubricstudio.domain.agreement.compare import compare
from rubricstudio.domain.agreement.confusion import percent_agreement
from rubricstudio.domain.agreement.wins import mean_by_task
from rubricstudio.domain.table import FloatArray, VerdictTable, from_columns


def _wilson(share: float, tasks: int, confidence: float = 0.95) -> object:
    low, high = proportion_confint(share * tasks, tasks, alpha=1 - confidence, method="wilson")
    return pytest.approx((max(0.0, low), min(1.0, high)), abs=1e-9)


def _table(values: FloatArray) -> VerdictTable:
    """(n_units, raters) values of one criterion, each unit a response and a task of its own."""
    units, raters = values.shape
    unit = np.repeat(np.arange(units), raters)
    return from_columns(
        tasks=unit,
        responses=unit,
        criteria=np.zeros(len(unit), dtype=np.int64),
        raters=np.tile(np.arange(raters), units),
        values=values.ravel(),
    )


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_source_that_never_or_always_wins_has_an_interval_with_a_width(share: float) -> None:
    tasks = np.arange(23)
    found = mean_by_task(np.full(23, share), tasks, np.ones(23))

    # 0 of 23: z^2 / (23 + z^2) = 3.8415 / 26.8415 = 0.1431
    assert (found.low, found.high) == _wilson(share, 23)
    assert found.high == (pytest.approx(0.1431, abs=1e-4) if not share else 1)
    assert (found.method, found.wilson, found.n) == ("wilson", 23, 23)


def test_answers_within_a_task_are_one_trial() -> None:
    tasks = np.repeat([0, 1, 2], 10)
    found = mean_by_task(np.ones(30), tasks, np.ones(30), Bootstrap(confidence=0.9))

    assert (found.n, found.wilson) == (30, 3)
    assert (found.low, found.high) == _wilson(1.0, 3, 0.9)


def test_any_other_share_keeps_its_resampled_interval() -> None:
    points = np.array([1.0] * 22 + [0.5])
    found = mean_by_task(points, np.arange(23), np.ones(23))

    assert (found.method, found.wilson) == ("bootstrap", None)
    assert found.high == 1 and found.low is not None and 0.9 < found.low < 1


def test_one_task_still_has_no_interval() -> None:
    found = mean_by_task(np.ones(9), np.zeros(9, dtype=np.int64), np.ones(9))
    assert (found.low, found.method, found.wilson) == (None, None, None)


def test_only_tasks_with_something_to_count_are_behind_a_share() -> None:
    """Ten tasks agree throughout, and in four of them the judge says met."""
    people = np.array([[1.0]] * 4 + [[0.0]] * 6)
    row = compare(people[:, 0], _table(people)).overall

    assert (row.agreement.low, row.agreement.high) == _wilson(1.0, 10)
    assert row.precision.wilson == row.recall.wilson == 4
    assert (row.precision.low, row.precision.high) == _wilson(1.0, 4)
    assert row.prevalence.method == "bootstrap"  # 0.4
    # What is no share has no trials to count: kappa of 1 stays without a width.
    assert (row.kappa.value, row.kappa.low, row.kappa.high) == (1, 1, 1)
    assert row.kappa.method == row.bias.method == "bootstrap"


def test_two_columns_that_agree_throughout_have_a_width() -> None:
    column = np.array([0.0, 1.0, 1.0, 0.0])
    found = percent_agreement(column, column, tasks=np.array([0, 1, 2, 2]))

    assert (found.low, found.high) == _wilson(1.0, 3)
