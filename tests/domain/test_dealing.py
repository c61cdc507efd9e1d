"""Dealing items out to people: fair, within limits, and never twice to one person."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.assignment import OpenItem, Worker, deal

WORKERS = [Worker(1), Worker(2), Worker(3), Worker(4)]


def test_everybody_gets_as_much_where_everybody_can() -> None:
    items = [OpenItem(n, free=2) for n in range(10)]

    shares = deal(items, WORKERS, seed=1)

    # 10 items of 2 places are 20 places for 4 people: 5 each.
    assert Counter(worker for _item, worker in shares.pairs) == {1: 5, 2: 5, 3: 5, 4: 5}
    assert shares.left == {}


def test_whoever_has_least_comes_first() -> None:
    busy = [Worker(1, load=3), Worker(2, load=0)]

    shares = deal([OpenItem(n, free=1) for n in range(4)], busy, seed=1)

    # Loads 3 and 0: the second person gets three before the first is as free.
    assert Counter(worker for _item, worker in shares.pairs)[2] >= 3


def test_a_limit_leaves_places_over() -> None:
    limited = [Worker(1, room=1), Worker(2, room=0), Worker(3)]

    shares = deal([OpenItem(7, free=2), OpenItem(8, free=2)], limited, seed=1)

    assert Counter(worker for _item, worker in shares.pairs) == {1: 1, 3: 2}
    assert sum(shares.left.values()) == 1


def test_expertise_asks_for_a_shared_tag_unless_the_item_has_none() -> None:
    experts = [Worker(1, tags=frozenset({"law"})), Worker(2)]
    items = [
        OpenItem(1, free=2, tags=frozenset({"law", "tax"})),
        OpenItem(2, free=2),
        OpenItem(3, free=1, tags=frozenset({"poetry"})),
    ]

    shares = deal(items, experts, seed=1, by_tags=True)

    assert set(shares.pairs) == {(1, 1), (2, 1), (2, 2)}
    assert shares.left == {1: 1, 3: 1}


def test_rare_experts_are_not_used_up_by_what_anybody_could_do() -> None:
    experts = [Worker(1, room=1, tags=frozenset({"law"})), Worker(2, room=1)]
    items = [OpenItem(1, free=1), OpenItem(2, free=1, tags=frozenset({"law"}))]

    shares = deal(items, experts, seed=1, by_tags=True)

    assert set(shares.pairs) == {(1, 2), (2, 1)}


def test_people_meet_in_changing_teams() -> None:
    shares = deal([OpenItem(n, free=2) for n in range(200)], WORKERS, seed=1)

    teams = Counter(
        frozenset(w for i, w in shares.pairs if i == item) for item, _worker in shares.pairs
    )

    # 6 pairs are possible of 4 people; dealt in a fixed turn there would be 2.
    assert len(teams) == 6


tags = st.frozensets(st.sampled_from("abc"), max_size=2)
items = st.lists(
    st.builds(
        OpenItem, st.integers(0, 30), st.integers(1, 4), st.frozensets(st.integers(0, 6)), tags
    ),
    max_size=12,
    unique_by=lambda item: item.id,
)
workers = st.lists(
    st.builds(Worker, st.integers(0, 6), st.integers(0, 5), st.none() | st.integers(0, 5), tags),
    max_size=7,
    unique_by=lambda worker: worker.id,
)


@given(items, workers, st.integers(0, 99), st.booleans())
def test_laws_of_dealing(
    items: list[OpenItem], workers: list[Worker], seed: int, by_tags: bool
) -> None:
    shares = deal(items, workers, seed=seed, by_tags=by_tags)
    by_id = {worker.id: worker for worker in workers}
    got = Counter(worker for _item, worker in shares.pairs)

    assert len(set(shares.pairs)) == len(shares.pairs)
    assert shares == deal(items, workers, seed=seed, by_tags=by_tags)
    for item in items:
        mine = {worker for i, worker in shares.pairs if i == item.id}
        assert len(mine) + shares.left.get(item.id, 0) == item.free
        assert not mine & item.had
        if by_tags and item.tags:
            assert all(item.tags & by_id[worker].tags for worker in mine)
    for worker in workers:
        assert worker.room is None or got[worker.id] <= worker.room


@given(st.integers(1, 40), st.integers(1, 3), st.integers(3, 7))
def test_loads_differ_by_one_at_most_where_nothing_is_in_the_way(
    n: int, free: int, people: int
) -> None:
    shares = deal([OpenItem(i, free) for i in range(n)], [Worker(p) for p in range(people)], seed=n)
    counts = Counter(worker for _item, worker in shares.pairs)

    assert max(counts.values()) - min(counts[p] for p in range(people)) <= 1


def test_dealing_six_thousand_places_is_exact() -> None:
    items = [OpenItem(n, free=3) for n in range(2_000)]

    shares = deal(items, [Worker(n) for n in range(50)], seed=3)

    assert Counter(item for item, _worker in shares.pairs) == dict.fromkeys(range(2_000), 3)
    assert set(Counter(worker for _item, worker in shares.pairs).values()) == {120}


@pytest.mark.parametrize("seed", range(3))
def test_nobody_there_leaves_everything(seed: int) -> None:
    assert deal([OpenItem(1, free=2)], [], seed=seed).left == {1: 2}
