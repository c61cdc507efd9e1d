"""Stratified samples: how many of each, which ones, and what each stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.assignment import InvalidSample
from rubricstudio.domain.strata import Stratum, draw_strata, equal, proportional, share_of

SIZES = st.dictionaries(st.text(max_size=3), st.integers(1, 60), min_size=1, max_size=6)


def test_so_many_of_each_or_all_of_a_small_one() -> None:
    assert equal({"b": 10, "a": 2}, 3) == [Stratum("a", 2, 2), Stratum("b", 10, 3)]


def test_shares_go_by_largest_remainder() -> None:
    # 7 of 50 + 30 + 20: quotas 3.5, 2.1, 1.4; 6 whole ones, the seventh to the .5
    strata = proportional({"a": 50, "b": 30, "c": 20}, 7)
    assert [stratum.taken for stratum in strata] == [4, 2, 1]
    # a stands for 50 / 4 responses each
    assert strata[0].weight == 12.5


def test_a_stratum_without_a_share_has_no_weight() -> None:
    strata = proportional({"large": 99, "small": 1}, 3)
    assert [(s.taken, s.weight) for s in strata] == [(3, 33.0), (0, None)]
    members = {"large": list(range(99)), "small": [99]}
    assert set(draw_strata(members, strata, 1).values()) == {33.0}


@pytest.mark.parametrize("size", [0, -1])
def test_a_sample_of_nothing_is_refused(size: int) -> None:
    with pytest.raises(InvalidSample):
        equal({"a": 1}, size)
    with pytest.raises(InvalidSample):
        proportional({"a": 1}, size)


@given(SIZES, st.integers(1, 400))
def test_shares_add_up_and_keep_within_one_of_the_quota(sizes: dict[str, int], total: int) -> None:
    population = sum(sizes.values())
    wanted = min(total, population)

    strata = proportional(sizes, total)

    assert sum(stratum.taken for stratum in strata) == wanted
    for stratum in strata:
        assert abs(stratum.taken - wanted * stratum.size / population) < 1
        assert stratum.taken <= stratum.size


@given(SIZES, st.integers(1, 20), st.integers(0, 9))
def test_the_weights_of_a_sample_add_up_to_the_population(
    sizes: dict[str, int], each: int, seed: int
) -> None:
    first = 0
    members = {}
    for name, size in sizes.items():
        members[name] = list(range(first, first + size))
        first += size

    drawn = draw_strata(members, equal(sizes, each), seed)

    # Each stratum contributes taken * size / taken.
    assert sum(drawn.values()) == pytest.approx(sum(sizes.values()))
    assert drawn == draw_strata(members, equal(sizes, each), seed)


@given(st.lists(st.integers(), unique=True, max_size=40), st.floats(0, 1), st.integers(0, 9))
def test_a_share_is_rounded_and_drawn_again_with_its_seed(
    ids: list[int], share: float, seed: int
) -> None:
    drawn = share_of(ids, share, seed)
    assert abs(len(drawn) - len(ids) * share) <= 0.5
    assert drawn <= set(ids)
    assert drawn == share_of(ids[::-1], share, seed)
