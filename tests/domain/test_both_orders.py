"""Answers in both orders made into one, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.both_orders import Orders, Part, Whole, part_of, position_of, whole_of

SIDES = st.sampled_from([-1, 0, 1, None])


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        (-1, -1, Part(-1, Orders.AGREE)),
        (1, 1, Part(1, Orders.AGREE)),
        (0, 0, Part(0, Orders.AGREE)),
        (-1, 0, Part(0, Orders.HALF)),
        (0, 1, Part(0, Orders.HALF)),
        (-1, 1, Part(0, Orders.CONTRADICT)),
        (None, 1, Part(None, None)),
        (0, None, Part(None, None)),
        (None, None, Part(None, None)),
    ],
)
def test_a_response_is_better_only_where_it_was_so_in_both_orders(
    one: int | None, other: int | None, part: Part
) -> None:
    assert part_of(one, other) == part
    assert part_of(other, one) == part


def test_the_heavier_criteria_decide_the_whole() -> None:
    # (-3 + 1 + 1) / 5
    assert whole_of([-1, 1, 1], [3, 1, 1]) == Whole(-1, -0.2, 3, 3, 1.0)


def test_a_criterion_without_an_answer_has_no_weight_and_is_told() -> None:
    assert whole_of([None, 1, 0], [8, 1, 1]) == Whole(1, 0.5, 2, 3, 0.2)


def test_sides_that_cancel_out_are_a_tie_also_in_fractions() -> None:
    assert whole_of([-1, -1, 1], [0.1, 0.2, 0.3]) == Whole(0, 0.0, 3, 3, 1.0)


def test_nothing_answered_says_nothing() -> None:
    assert whole_of([None, None], [1, 2]) == Whole(None, None, 0, 2, 0.0)
    assert whole_of([1, None], [0, 2]) == Whole(None, None, 1, 2, 0.0)
    assert whole_of([1], [0]) == Whole(None, None, 1, 1, None)


@given(st.lists(st.tuples(SIDES, st.integers(0, 9)), max_size=8))
def test_the_other_way_round_is_the_opposite(cells: list[tuple[int | None, int]]) -> None:
    sides, weights = [side for side, _ in cells], [float(weight) for _, weight in cells]
    turned = [None if side is None else -side for side in sides]

    found, opposite = whole_of(sides, weights), whole_of(turned, weights)

    assert (found.side is None) == (opposite.side is None)
    assert found.side is None or found.side == -(opposite.side or 0)
    assert found.balance is None or -1 <= found.balance <= 1
    assert (found.answered, found.weight_share) == (opposite.answered, opposite.weight_share)


def test_a_judge_that_always_takes_the_first_is_never_consistent() -> None:
    ahead, behind = np.array([-1.0] * 4), np.array([1.0] * 4)

    found = position_of(ahead, behind, np.array([1, 1, 2, 3]))

    assert (found.consistency.value, found.consistency.n) == (0.0, 4)
    assert (found.first.value, found.first.n) == (1.0, 8)


def test_ties_and_gaps_count_where_they_say_something() -> None:
    nan = np.nan
    # Same, half, gap, same tie: two of the three answered twice agree.
    ahead, behind = np.array([-1.0, 0.0, -1.0, 0.0]), np.array([-1.0, 1.0, nan, 0.0])

    found = position_of(ahead, behind, np.array([1, 2, 3, 4]))

    assert found.consistency.value == pytest.approx(2 / 3)
    assert found.consistency.n == 3
    # First shown: yes (-1 ahead), no (-1 behind), yes (1 behind), yes (-1 ahead).
    assert (found.first.value, found.first.n) == (0.75, 4)


def test_nothing_answered_is_no_figure() -> None:
    found = position_of(np.array([np.nan]), np.array([1.0]), np.array([1]))

    assert (found.consistency.value, found.consistency.n) == (None, 0)
    assert (found.first.value, found.first.n) == (1.0, 1)
