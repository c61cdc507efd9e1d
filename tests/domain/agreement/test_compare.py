from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from rubricstudio.domain.agreement import (
    Bootstrap,
    Reason,
    Statistic,
    cohen_kappa,
    compare,
    consensus,
    majority,
    percent_agreement,
)
from rubricstudio.domain.agreement import slices as slices_module
from rubricstudio.domain.rubric import BINARY, Level, Scale, ScaleKind
from rubricstudio.domain.table import FloatArray, Label, VerdictTable, from_columns

NAN = float("nan")
FOUR_LEVELS = Scale(ScaleKind.ORDINAL, tuple(Level(value, str(value)) for value in (1, 2, 3, 4)))
TEN_POINTS = Scale(ScaleKind.POINTS, maximum=10)


def people_of(values: FloatArray, *, criteria: int = 1, per_task: int = 1) -> VerdictTable:
    """A table whose units run over responses, `criteria` each; `per_task` responses a task."""
    units, raters = values.shape
    unit = np.repeat(np.arange(units), raters)
    return from_columns(
        tasks=unit // criteria // per_task,
        responses=unit // criteria,
        criteria=unit % criteria,
        raters=np.tile(np.arange(raters), units),
        values=values.ravel(),
    )


def random_people(seed: int, *, units: int = 120, raters: int = 3) -> tuple[FloatArray, FloatArray]:
    """A judge's column and the people's matrix, met or not met, some missing."""
    rng = np.random.default_rng(seed)
    truth = rng.random((units, 1)) < 0.6
    noisy = np.where(rng.random((units, raters + 1)) < 0.8, truth, ~truth) * 1.0
    noisy[rng.random(noisy.shape) < 0.1] = np.nan
    return noisy[:, 0], noisy[:, 1:]


def test_it_counts_every_unit_once_and_says_why_some_are_left_out() -> None:
    people = people_of(
        np.array([[1, 1, 0], [1, 0, NAN], [NAN, NAN, NAN], [0, 0, 0], [1, 1, 1], [1, NAN, NAN]])
    )
    judge = np.array([1, 1, 1, NAN, 0, 1], dtype=np.float64)

    row = compare(judge, people).overall

    # majority: 1, tie, none, 0, 1, 1 against 1, 1, 1, none, 0, 1
    assert (row.n_units, row.tied, row.no_people, row.no_verdict, row.n) == (6, 1, 1, 1, 3)
    assert row.coverage == 0.5
    assert row.n_tasks == 3
    assert row.confusion == ((0, 0), (1, 2))
    assert row.agreement.value == pytest.approx(2 / 3)


def test_the_confusion_of_a_worked_example() -> None:
    # people met 4 times: judge met 3, not met 1; people not met 2 times: judge met 1.
    people = people_of(np.array([[1.0], [1], [1], [1], [0], [0]]))
    judge = np.array([1.0, 1, 1, 0, 1, 0])

    row = compare(judge, people).overall

    assert row.categories == (0.0, 1.0)
    assert row.confusion == ((1, 1), (1, 3))
    assert [row.tp.value, row.fp.value, row.fn.value, row.tn.value] == [3, 1, 1, 1]
    assert row.agreement.value == pytest.approx(4 / 6)
    assert row.kappa.value == pytest.approx(0.25)  # pe = (2*2 + 4*4)/36 = 5/9; (6/9-5/9)/(4/9)
    assert row.precision.value == row.recall.value == pytest.approx(3 / 4)
    assert row.prevalence.value == row.judge_prevalence.value == pytest.approx(4 / 6)
    assert row.bias.value == 0.0
    assert row.balanced_accuracy.value == pytest.approx((1 / 2 + 3 / 4) / 2)
    assert row.macro_f1.value == pytest.approx((2 / 4 + 6 / 8) / 2)
    assert row.mcc.value == pytest.approx((3 - 1) / 8)  # (3*1 - 1*1)/sqrt(4*4*2*2)
    assert row.ac1.value == pytest.approx((6 / 9 - 4 / 9) / (5 / 9))  # pe = 2*(2/3)(1/3) = 4/9


def test_each_criterion_equals_its_own_table() -> None:
    judge, values = random_people(0)
    people = people_of(values, criteria=3)

    result = compare(judge, people)

    assert list(result.by_criterion) == [0, 1, 2]
    for label, row in result.by_criterion.items():
        mine = people.criteria == label
        agreed = majority(people.values[mine])
        tasks = people.tasks[mine]
        bootstrap = Bootstrap(resamples=500)
        assert row.criterion == label
        assert row.agreement.value == percent_agreement(agreed, judge[mine]).value
        assert row.kappa.value == cohen_kappa(agreed, judge[mine]).value
        alone = compare(judge[mine], people.where(mine)).overall
        assert (alone.n, alone.confusion) == (row.n, row.confusion)
        assert cohen_kappa(agreed, judge[mine], tasks=tasks, bootstrap=bootstrap) == alone.kappa


def test_all_criteria_share_their_draws_with_criteria_alone() -> None:
    judge, values = random_people(1, units=90)
    judge, values = np.nan_to_num(judge), np.nan_to_num(values)  # every task in every criterion
    people = people_of(values, criteria=3)

    result = compare(judge, people)

    for label, row in result.by_criterion.items():
        mine = people.criteria == label
        assert compare(judge[mine], people.where(mine)).overall.kappa == row.kappa


@pytest.mark.parametrize("seed", range(5))
def test_kappa_equals_scikit_learn(seed: int) -> None:
    judge, values = random_people(seed)
    agreed = majority(values)
    both = ~np.isnan(judge) & ~np.isnan(agreed)

    row = compare(judge, people_of(values)).overall

    expected = cohen_kappa_score(agreed[both], judge[both])
    assert row.kappa.value == pytest.approx(expected, abs=1e-12)
    assert row.weighted_kappa.value == pytest.approx(expected, abs=1e-12)


def test_a_judge_compared_with_nobody_has_no_values() -> None:
    row = compare(np.array([1.0, 0.0]), people_of(np.full((2, 2), NAN))).overall

    assert (row.n, row.coverage) == (0, 0.0)
    assert row.agreement == Statistic(None, reason=Reason.NOTHING_COMPARABLE)
    assert row.kappa.reason is Reason.NOTHING_COMPARABLE
    assert row.tp.value is None


def test_an_empty_table_compares_to_nothing() -> None:
    empty = from_columns(tasks=[], responses=[], criteria=[], raters=[], values=[])

    result = compare(np.array([]), empty)

    assert result.by_criterion == {}
    assert (result.overall.n, result.overall.coverage) == (0, None)


def test_adjudicated_values_can_replace_the_majority() -> None:
    people = people_of(np.array([[1.0, 0], [1, 1]]))
    adjudicated = np.array([0.0, 1])

    row = compare(np.array([0.0, 1]), people, reference=adjudicated).overall

    assert (row.n, row.tied) == (2, 0)
    assert row.agreement.value == 1.0


def test_columns_that_do_not_align_are_refused() -> None:
    people = people_of(np.ones((3, 2)))

    with pytest.raises(ValueError, match="2 values for 3 units"):
        compare(np.ones(2), people)
    with pytest.raises(ValueError, match="1 values for 3 units"):
        compare(np.ones(3), people, reference=np.ones(1))


def test_a_value_off_the_scale_is_refused() -> None:
    people = people_of(np.ones((2, 2)))

    with pytest.raises(ValueError, match="the value 3 is none of the categories"):
        compare(np.array([3.0, 1.0]), people, scales={0: BINARY})


def mixed() -> tuple[FloatArray, VerdictTable, dict[Label, Scale]]:
    """Two responses by a binary (0), a four-level (1) and a ten-point criterion (2)."""
    values = np.array([[1, 1], [2, 2], [4, 6], [0, 0], [4, 4], [10, 8.0]])
    judge = np.array([1, 4, 8, 1, 4, 9.0])
    return judge, people_of(values, criteria=3), {1: FOUR_LEVELS, 2: TEN_POINTS}


def test_criteria_of_different_scales_are_not_pooled() -> None:
    judge, people, scales = mixed()

    result = compare(judge, people, scales=scales)

    assert result.overall.kappa.reason is Reason.MIXED_SCALES
    assert result.overall.confusion == ()
    # binary: 1 of 2 equal; ordinal: 1 of 2; a points scale has no "equal"
    assert (result.overall.agreement.value, result.overall.agreement.n) == (0.5, 4)
    # shares of the scale: 0, 2/3, 3/10 and 1, 0, 0 over six units
    assert result.overall.bias.value == pytest.approx((2 / 3 + 0.3 + 1) / 6)
    assert result.overall.bias.n == 6


def test_a_points_scale_is_compared_with_the_mean_of_the_people() -> None:
    judge, people, scales = mixed()

    row = compare(judge, people, scales=scales).by_criterion[2]

    np.testing.assert_array_equal(consensus(people, scales)[people.criteria == 2], [5, 9])
    assert row.bias.value == pytest.approx((3 + 0) / 10 / 2)
    assert row.agreement.value is None
    assert row.kappa.reason is Reason.CONTINUOUS


def test_an_ordinal_scale_weighs_by_the_places_of_all_its_levels() -> None:
    values = np.array([[1.0], [2], [4], [4], [2]])
    judge = np.array([2.0, 2, 4, 1, 1])

    row = compare(judge, people_of(values), scales={0: FOUR_LEVELS}).overall

    expected = cohen_kappa_score(values[:, 0], judge, weights="quadratic", labels=[1, 2, 3, 4])
    assert row.weighted_kappa.value == pytest.approx(expected, abs=1e-12)
    assert row.categories == (1.0, 2.0, 3.0, 4.0)
    assert row.precision.reason is Reason.NOT_BINARY
    assert row.bias.value == pytest.approx((1 + 0 + 0 - 3 - 1) / 3 / 5)


def test_levels_with_other_words_are_the_same_scale() -> None:
    renamed = Scale(ScaleKind.ORDINAL, tuple(Level(value, "other") for value in (1, 2, 3, 4)))
    judge, people = (
        np.array([1.0, 2, 3, 4]),
        people_of(np.array([[1.0], [2], [4], [4]]), criteria=2),
    )

    result = compare(judge, people, scales={0: FOUR_LEVELS, 1: renamed})

    assert result.overall.kappa.value is not None


def test_values_without_a_known_scale_are_names() -> None:
    values = np.array([[0.0, 0], [1, 1], [2, 2], [2, 2]])

    row = compare(np.array([0.0, 1, 2, 1]), people_of(values)).overall

    assert row.categories == (0.0, 1.0, 2.0)
    assert row.weighted_kappa.reason is Reason.UNORDERED
    assert row.bias.value is None
    assert row.prevalence.reason is Reason.NOT_BINARY


def test_many_different_values_without_a_scale_are_taken_for_points() -> None:
    values = np.linspace(0, 1, 40)[:, None]

    row = compare(values[:, 0], people_of(values)).overall

    assert row.kappa.reason is Reason.CONTINUOUS
    assert row.bias.value == 0.0


def test_without_a_bootstrap_values_come_alone() -> None:
    judge, values = random_people(2)

    row = compare(judge, people_of(values), bootstrap=None).overall

    assert row.agreement.value is not None
    assert (row.agreement.low, row.agreement.reason) == (None, None)


def test_criteria_of_a_single_task_have_values_without_intervals() -> None:
    judge, values = random_people(3, units=40)
    unit = np.repeat(np.arange(40), 3)
    people = from_columns(
        tasks=unit // 10,
        responses=unit,
        criteria=unit // 5,  # eight criteria, each of one task's own rubric
        raters=np.tile(np.arange(3), 40),
        values=values.ravel(),
    )

    result = compare(judge, people)

    assert len(result.by_criterion) == 8
    for row in result.by_criterion.values():
        assert row.agreement.reason is Reason.ONE_TASK
        assert row.agreement.value is not None
    assert result.overall.agreement.low is not None


def test_criteria_in_several_chunks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    judge, values = random_people(4)
    people = people_of(np.nan_to_num(values), criteria=4)
    whole = compare(judge, people)

    monkeypatch.setattr(slices_module, "_CELLS", 1)

    for label, row in compare(judge, people).by_criterion.items():
        assert row.agreement.value == whole.by_criterion[label].agreement.value
        assert row.confusion == whole.by_criterion[label].confusion


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_criteria_add_up_to_the_whole(seed: int, criteria: int) -> None:
    judge, values = random_people(seed, units=24)
    result = compare(judge, people_of(values, criteria=criteria), bootstrap=None)

    rows = list(result.by_criterion.values())

    def total(name: str) -> Any:
        return sum(getattr(row, name) for row in rows)

    for name in ("n", "n_units", "tied", "no_people", "no_verdict"):
        assert total(name) == getattr(result.overall, name)
    confusion = np.sum([row.confusion for row in rows], axis=0)
    assert confusion.tolist() == [list(row) for row in result.overall.confusion]


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_a_judge_that_copies_the_majority_agrees_fully(seed: int) -> None:
    _, values = random_people(seed, units=24)
    people = people_of(values)

    row = compare(majority(people.values), people).overall

    assert row.agreement.value in (1.0, None)
    assert row.kappa.value is None or row.kappa.value == pytest.approx(1.0)
    assert row.bias.value in (0.0, None)
