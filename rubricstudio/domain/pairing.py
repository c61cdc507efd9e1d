"""Which responses of a task are compared, in which order they are shown, and what a ranking says.

Every choice that involves chance takes a seed, so that a session can be made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from random import Random
from typing import TypeAlias

MOST_RANKED = 8
Members: TypeAlias = tuple[int, ...]
"""Ids of responses of one task, ascending, two or more."""


@dataclass(frozen=True, slots=True)
class Group:
    """Responses to be compared at one time.

    weight: one over the probability with which each pair within them was chosen.
    """

    task: int
    members: Members
    weight: float = 1.0


def every_pair(tasks: Mapping[int, Iterable[int]]) -> list[Group]:
    """Return all pairs of each task's responses; a task with one response has none."""
    return [
        Group(task, pair)
        for task, responses in tasks.items()
        for pair in combinations(sorted(set(responses)), 2)
    ]


def balanced_pairs(tasks: Mapping[int, Mapping[int, str]], number: int, seed: int) -> list[Group]:
    """Return `number` (1 or more) pairs of each task, or all where it has no more.

    `tasks` maps a task to its responses and the source of each. Among tasks that have
    responses of the same sources, two sources meet as often as any other two, give or
    take one, and each pair of a task has the same chance, `number` over its pairs:
    circular systematic sampling, a cycle of the pairs of sources from which each task in
    a random order takes the next ones, from a random start on.
    """
    if number < 1:
        raise ValueError("at least one pair a task")
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for task, responses in sorted(tasks.items()):
        if len(responses) > 1:
            alike[tuple(sorted(responses.values()))].append(task)
    generator = Random(seed)
    chosen: list[Group] = []
    for sources, members in sorted(alike.items()):
        cycle = list(combinations(range(len(sources)), 2))
        generator.shuffle(cycle)
        at, taken = generator.randrange(len(cycle)), min(number, len(cycle))
        for task in generator.sample(members, len(members)):
            slots = _by_source(tasks[task], generator)
            for step in range(taken):
                one, other = cycle[(at + step) % len(cycle)]
                pair = (min(slots[one], slots[other]), max(slots[one], slots[other]))
                chosen.append(Group(task, pair, len(cycle) / taken))
            at += taken
    return chosen


def _by_source(responses: Mapping[int, str], generator: Random) -> list[int]:
    """The responses by source; those of one source in a random order."""
    order = sorted(responses)
    generator.shuffle(order)
    return sorted(order, key=lambda response: responses[response])


def drawn_sets(tasks: Mapping[int, Iterable[int]], size: int, seed: int) -> list[Group]:
    """Return `size` (2 to 8) responses of each task, drawn at random, or all it has.

    A task with fewer than two is left out. Each pair of a task with n responses is
    within the set with probability size (size - 1) / (n (n - 1)).
    """
    if not 2 <= size <= MOST_RANKED:
        raise ValueError(f"2 to {MOST_RANKED} responses are ranked")
    generator = Random(seed)
    chosen = []
    for task, responses in sorted(tasks.items()):
        everyone = sorted(set(responses))
        n, taken = len(everyone), min(size, len(everyone))
        if n > 1:
            members = tuple(sorted(generator.sample(everyone, taken)))
            chosen.append(Group(task, members, n * (n - 1) / (taken * (taken - 1))))
    return chosen


def working_order(groups: Iterable[Group], seed: int) -> list[Group]:
    """Return the groups as they are to be judged: by task, within a task at random."""
    by_task: dict[int, list[Group]] = {}
    for group in sorted(groups, key=lambda group: (group.task, group.members)):
        by_task.setdefault(group.task, []).append(group)
    generator = Random(seed)
    return [g for own in by_task.values() for g in generator.sample(own, len(own))]


def shown_order(members: Sequence[int], seed: str, turn: int) -> Members:
    """Return the members in the order in which the `turn`-th person (from 0) sees them.

    The first order is random by `seed`; each further person's is turned on by one place,
    so that among as many people as there are members each stands once in each place.
    """
    order = sorted(members)
    Random(seed).shuffle(order)
    turned = turn % len(order)
    return (*order[turned:], *order[:turned])


def ranking_of(places: Mapping[int, float]) -> tuple[Members, ...]:
    """Return the ids from best (lowest place) to worst; ids of one place are tied."""
    ordered = sorted(places, key=lambda member: (places[member], member))
    return tuple(tuple(tied) for _place, tied in groupby(ordered, key=lambda m: places[m]))


def comparisons_of(places: Mapping[int, float]) -> list[tuple[int, int, int]]:
    """Return (a, b, sign) for each pair, a < b: -1 where a has the better place, 0 tied, 1."""
    return [
        (a, b, (places[a] > places[b]) - (places[a] < places[b]))
        for a, b in combinations(sorted(places), 2)
    ]
