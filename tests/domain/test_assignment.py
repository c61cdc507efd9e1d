"""Samples, orders and places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.assignment import InvalidSample, blind_order, draw, free_place

ids = st.sets(st.integers(0, 1000))


@given(ids, st.integers(1, 30), st.integers())
def test_a_sample_is_a_subset_of_the_size_asked_for(
    population: set[int], size: int, seed: int
) -> None:
    drawn = draw(population, size, seed)

    assert set(drawn) <= population
    assert len(drawn) == min(size, len(population))


@given(st.permutations(range(20)), st.integers())
def test_a_sample_depends_on_the_seed_and_not_on_the_order(order: list[int], seed: int) -> None:
    assert draw(order, 7, seed) == draw(range(20), 7, seed)


def test_other_seeds_draw_other_samples() -> None:
    assert len({tuple(draw(range(100), 5, seed)) for seed in range(20)}) > 15


def test_a_sample_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidSample):
        draw([1], 0, 0)


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 50))), st.integers())
def test_the_order_holds_each_response_once_and_keeps_tasks_together(
    pairs: set[tuple[int, int]], seed: int
) -> None:
    # A response belongs to one task: its id carries the task.
    whole = [(task, task * 100 + response) for task, response in pairs]

    order = blind_order(whole, seed)

    assert sorted(order) == sorted(response for _task, response in whole)
    assert [response // 100 for response in order] == sorted(task for task, _response in whole)


def test_the_first_response_of_a_task_is_not_always_of_the_same_source() -> None:
    # Twenty tasks, each with its responses imported in the same order of sources.
    pairs = [(task, task * 10 + source) for task in range(20) for source in range(4)]

    order = blind_order(pairs, 7)

    assert {response % 10 for response in order[::4]} == {0, 1, 2, 3}


@given(st.integers(1, 6), st.sets(st.integers(0, 8)))
def test_a_free_place_is_the_lowest_that_nobody_holds(coverage: int, taken: set[int]) -> None:
    place = free_place(coverage, taken)

    if place is None:
        assert set(range(coverage)) <= taken
    else:
        assert place not in taken
        assert 0 <= place < coverage
        assert set(range(place)) <= taken
