"""Pairs, sets and orders of what is compared."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.pairing import (
    Group,
    balanced_pairs,
    comparisons_of,
    drawn_sets,
    every_pair,
    ranking_of,
    shown_order,
    working_order,
)

FOUR = ("crane", "finch", "heron", "wren")


def _tasks(n: int) -> dict[int, dict[int, str]]:
    """n tasks with one response of each of four sources: ids 10 * task + place."""
    return {t: {10 * t + place: source for place, source in enumerate(FOUR)} for t in range(n)}


def test_every_pair_of_each_task() -> None:
    assert every_pair({1: [3, 2, 5], 2: [7]}) == [
        Group(1, (2, 3)),
        Group(1, (2, 5)),
        Group(1, (3, 5)),
    ]


def test_two_sources_meet_as_often_as_any_other_two() -> None:
    # 12 tasks with one of 6 pairs each: every pair of sources exactly twice, weight 6 / 1.
    tasks = _tasks(12)
    chosen = balanced_pairs(tasks, 1, seed=7)

    met = Counter(frozenset(tasks[g.task][m] for m in g.members) for g in chosen)
    assert set(met.values()) == {2} and len(met) == 6
    assert {g.weight for g in chosen} == {6.0}
    assert Counter(g.task for g in chosen) == dict.fromkeys(tasks, 1)


@given(st.integers(1, 9), st.integers(0, 2**31), st.integers(1, 8))
def test_pairs_are_balanced_give_or_take_one(n: int, seed: int, number: int) -> None:
    tasks = _tasks(n)
    chosen = balanced_pairs(tasks, number, seed)

    met = Counter(frozenset(tasks[g.task][m] for m in g.members) for g in chosen)
    counts = [met[frozenset(pair)] for pair in combinations(FOUR, 2)]
    assert max(counts) - min(counts) <= 1
    assert len({g.members for g in chosen}) == len(chosen) == n * min(number, 6)
    assert chosen == balanced_pairs(tasks, number, seed)


def test_each_pair_has_the_chance_that_its_weight_says() -> None:
    # Over 3,000 seeds a pair of one task comes 3000 * 2 / 6 = 1000 times, give or take
    # five standard deviations: 5 * sqrt(3000 * 1/3 * 2/3) = 129.
    drawn: Counter[tuple[int, ...]] = Counter()
    for seed in range(3000):
        drawn.update(g.members for g in balanced_pairs({1: _tasks(2)[1]}, 2, seed))
    assert len(drawn) == 6
    assert all(abs(times - 1000) < 129 for times in drawn.values())


def test_responses_of_one_source_are_paired_too_and_one_alone_is_not() -> None:
    chosen = balanced_pairs({1: {4: "wren", 5: "wren"}, 2: {6: "wren"}}, 3, seed=0)
    assert chosen == [Group(1, (4, 5), 1.0)]


def test_no_pair_at_all_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="at least one"):
        balanced_pairs(_tasks(1), 0, 0)
    with pytest.raises(ValueError, match="2 to 8"):
        drawn_sets({}, 9, 0)


def test_sets_are_drawn_and_small_tasks_taken_whole() -> None:
    chosen = drawn_sets({1: range(10, 15), 2: [20, 21], 3: [30]}, 3, seed=1)

    assert [(g.task, len(g.members)) for g in chosen] == [(1, 3), (2, 2)]
    # 5 * 4 / (3 * 2) = 3.33: a pair of five is among three with probability 0.3.
    assert chosen[0].weight == pytest.approx(20 / 6)
    assert chosen[1].weight == 1.0


def test_work_goes_task_by_task() -> None:
    order = working_order(every_pair({2: [20, 21, 22], 1: [10, 11, 12]}), seed=3)
    assert [g.task for g in order] == [1, 1, 1, 2, 2, 2]
    assert order == working_order(reversed(order), seed=3)


@given(st.lists(st.integers(1, 99), min_size=2, max_size=8, unique=True), st.text(max_size=9))
def test_each_response_stands_once_in_each_place(members: list[int], seed: str) -> None:
    orders = [shown_order(members, seed, turn) for turn in range(len(members))]

    for place in range(len(members)):
        assert sorted(order[place] for order in orders) == sorted(members)
    assert shown_order(members, seed, len(members)) == orders[0]


def test_the_first_person_sees_either_first() -> None:
    # 400 items: 200 give or take five standard deviations of 10.
    first = [shown_order([1, 2], f"1:{n}", 0)[0] for n in range(400)]
    assert abs(first.count(1) - 200) < 50


def test_a_ranking_with_a_tie_says_which_is_better_in_each_pair() -> None:
    places = {7: 1.0, 3: 2.0, 5: 2.0}
    assert ranking_of(places) == ((7,), (3, 5))
    # 3 against 5 tied; 3 against 7: 7 is better (1); 5 against 7 likewise.
    assert comparisons_of(places) == [(3, 5, 0), (3, 7, 1), (5, 7, 1)]


@given(st.dictionaries(st.integers(1, 99), st.integers(1, 8), min_size=2, max_size=8))
def test_a_ranking_and_its_pairs_say_the_same(places: dict[int, int]) -> None:
    groups = ranking_of(places)
    stand = {member: n for n, group in enumerate(groups) for member in group}

    found = comparisons_of(places)
    assert len(found) == len(places) * (len(places) - 1) // 2
    for a, b, sign in found:
        assert a < b
        assert sign == (stand[a] > stand[b]) - (stand[a] < stand[b])
