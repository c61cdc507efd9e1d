from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricstudio.domain.agreement import (
    Bootstrap,
    Level,
    Reason,
    alpha,
    fleiss_kappa,
    gwet_ac,
    people_agreement,
)
from rubricstudio.domain.rubric import Level as ScaleLevel
from rubricstudio.domain.rubric import Scale, ScaleKind
from rubricstudio.domain.table import FloatArray, VerdictTable, from_columns

from .conftest import random_ratings
from .test_compare import FOUR_LEVELS, TEN_POINTS, people_of

NAN = float("nan")


def test_it_counts_what_the_people_said() -> None:
    table = people_of(np.array([[1, 1, 1], [0, 0, NAN], [1, 0, 1], [1, NAN, NAN], [NAN] * 3]))

    row = people_agreement(table).overall

    assert (row.n_units, row.n, row.n_raters, row.n_values) == (5, 3, 3, 9)
    assert row.coverage == 0.6
    assert row.unanimous.value == pytest.approx(2 / 3)
    assert row.unanimous_by_value == {0.0: 1, 1.0: 1}
    assert row.pairwise.value == pytest.approx((1 + 1 + 1 / 3) / 3)
    assert row.prevalence.value == pytest.approx((1 + 0 + 2 / 3 + 1) / 4)
    assert row.fleiss.reason is Reason.UNEQUAL_RATERS


def test_single_ratings_count_for_prevalence_in_value_and_interval() -> None:
    # Task 1 holds a single rating: nothing to compare, but a share of met all the same.
    table = people_of(np.array([[1, 1], [0, NAN], [0, 1]]))

    row = people_agreement(table).overall

    assert row.prevalence.value == pytest.approx((1 + 0 + 0.5) / 3)
    assert row.gwet.value == gwet_ac(table.values).value
    assert row.prevalence.low is not None and row.prevalence.low < 0.5


def test_one_rater_alone_still_shows_how_often_they_say_met() -> None:
    row = people_agreement(people_of(np.array([[1.0], [0], [1], [NAN]]))).overall

    assert row.prevalence.value == pytest.approx(2 / 3)
    assert row.prevalence.n == 3
    assert row.alpha.reason is Reason.NOTHING_COMPARABLE


@pytest.mark.parametrize("seed", range(4))
def test_it_equals_the_single_statistics(seed: int) -> None:
    values = random_ratings(seed, units=60, raters=3, q=2) - 1
    table = people_of(values, per_task=4)
    bootstrap = Bootstrap(resamples=300, seed=9)

    row = people_agreement(table, bootstrap=bootstrap).overall

    tasks = table.tasks
    assert row.alpha == alpha(values, tasks=tasks, bootstrap=bootstrap)
    categories = np.array([0.0, 1.0])
    gwet = gwet_ac(values, categories=categories, tasks=tasks, bootstrap=bootstrap)
    assert row.gwet == gwet


def test_fleiss_kappa_is_given_where_it_applies() -> None:
    values = random_ratings(1, units=40, raters=3, q=2, missing=0) - 1
    uneven = values.copy()
    uneven[1::2, 0] = np.nan  # criterion 1 has two values a unit, criterion 0 three

    result = people_agreement(people_of(uneven, criteria=2))

    expected = [fleiss_kappa(uneven[start::2]).value for start in (0, 1)]
    assert [result.by_criterion[code].fleiss.value for code in (0, 1)] == expected
    assert result.overall.fleiss.reason is Reason.UNEQUAL_RATERS
    assert result.overall.alpha.value is not None


def scaled(q: int) -> tuple[FloatArray, VerdictTable]:
    values = random_ratings(5, units=60, raters=3, q=q)
    return values, people_of(values)


def test_an_ordinal_scale_gets_ordinal_alpha_and_quadratic_ac2() -> None:
    values, table = scaled(4)

    row = people_agreement(table, scales={0: FOUR_LEVELS}).overall

    categories = np.array([1.0, 2, 3, 4])
    assert row.alpha.value == pytest.approx(alpha(values, level=Level.ORDINAL).value)
    expected = gwet_ac(values, weights="quadratic", categories=categories).value
    assert row.gwet.value == pytest.approx(expected)
    assert row.prevalence.reason is Reason.NOT_BINARY


def test_a_points_scale_gets_interval_alpha_alone() -> None:
    values, table = scaled(5)

    row = people_agreement(table, scales={0: TEN_POINTS}).overall

    assert row.alpha.value == pytest.approx(alpha(values, level=Level.INTERVAL).value)
    assert row.fleiss.reason is row.gwet.reason is row.pairwise.reason is Reason.CONTINUOUS
    assert row.prevalence.reason is Reason.NOT_BINARY
    assert row.unanimous.value is not None


def test_criteria_of_different_scales_are_not_pooled() -> None:
    values = np.array([[1, 1], [4, 3], [0, 1], [2, 2.0]])
    table = people_of(values, criteria=2)

    result = people_agreement(table, scales={1: FOUR_LEVELS})

    assert result.overall.alpha.reason is Reason.MIXED_SCALES
    assert result.overall.unanimous.value == 0.5
    assert result.by_criterion[0].alpha.n == 2
    assert result.by_criterion[1].alpha.n == 2


def test_a_value_off_the_scale_is_refused() -> None:
    two = Scale(ScaleKind.ORDINAL, (ScaleLevel(1, "low"), ScaleLevel(2, "high")))

    with pytest.raises(ValueError, match="the value 3 is none of the categories"):
        people_agreement(people_of(np.array([[3.0, 1.0]])), scales={0: two})


def test_an_empty_table_has_no_agreement() -> None:
    empty = from_columns(tasks=[], responses=[], criteria=[], raters=[], values=[])

    result = people_agreement(empty)

    assert result.by_criterion == {}
    assert (result.overall.n, result.overall.coverage) == (0, None)
    assert result.overall.unanimous.reason is Reason.NOTHING_COMPARABLE


def test_silent_raters_have_nothing_to_compare() -> None:
    row = people_agreement(people_of(np.full((3, 2), NAN))).overall

    assert (row.n, row.n_raters, row.n_values) == (0, 0, 0)
    assert row.alpha.reason is Reason.NOTHING_COMPARABLE
    assert row.unanimous_by_value == {}


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_criteria_add_up_to_the_whole(seed: int, criteria: int) -> None:
    values = random_ratings(seed, units=24, q=2) - 1
    result = people_agreement(people_of(values, criteria=criteria), bootstrap=None)

    rows = list(result.by_criterion.values())

    assert sum(row.n for row in rows) == result.overall.n
    assert sum(row.n_values for row in rows) == result.overall.n_values
    unanimous = sum(sum(row.unanimous_by_value.values()) for row in rows)
    assert unanimous == sum(result.overall.unanimous_by_value.values())
    if result.overall.n:
        assert result.overall.unanimous.value == pytest.approx(unanimous / result.overall.n)
