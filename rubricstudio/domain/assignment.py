"""Who judges what: which responses a session holds, in which order, and which place is free.

Every choice that involves chance takes a seed, so that a session can be made again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from random import Random


class InvalidSample(ValueError):
    """The sample asked for cannot be drawn; the message says why."""


def draw(ids: Iterable[int], size: int, seed: int | str) -> list[int]:
    """Return `size` of the ids, ascending: a simple random sample without replacement.

    The same ids, in any order, and the same seed give the same sample; all ids are
    returned where there are no more than `size`. Raises InvalidSample for a size
    below 1.
    """
    if size < 1:
        raise InvalidSample("a sample holds at least one response")
    population = sorted(set(ids))
    if size >= len(population):
        return population
    return sorted(Random(seed).sample(population, size))


def blind_order(pairs: Sequence[tuple[int, int]], seed: int) -> list[int]:
    """Return the responses of `pairs` (task, response) in the order they are to be judged.

    Responses of a task stay together, so that its prompt is read once, and tasks keep
    the order of their ids. Within a task the order is random: in the order of import
    the first response would always be that of the same source.
    """
    by_task: dict[int, list[int]] = {}
    for task, response in sorted(set(pairs)):
        by_task.setdefault(task, []).append(response)
    generator = Random(seed)
    order: list[int] = []
    for responses in by_task.values():
        order.extend(generator.sample(responses, len(responses)))
    return order


def free_place(coverage: int, taken: Collection[int]) -> int | None:
    """Return the lowest of the places 0 .. coverage - 1 that is not taken, or None."""
    return next((place for place in range(coverage) if place not in taken), None)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item with `free` places for people who are not in `had`.

    `tags` are those of its task; an item without any suits everybody.
    """

    id: int
    free: int
    had: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Worker:
    """A person who can be given items: `load` is how much they have, `room` how much more
    they may have (None: any number), `tags` what they know about."""

    id: int
    load: int = 0
    room: int | None = None
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shares:
    """Who gets which item: (item, worker) pairs, and the places of each item left over."""

    pairs: list[tuple[int, int]]
    left: dict[int, int]


def deal(
    items: Sequence[OpenItem], workers: Sequence[Worker], *, seed: int, by_tags: bool = False
) -> Shares:
    """Fill every free place with the suitable worker who has least.

    Items that fewest people suit are dealt first, so that those are not used up by items
    that anybody could take. Of workers with the same load chance decides, anew each time:
    fixed teams would make some pairs of people share all their items and others none.
    No worker gets an item twice, one they had, or more than they have room for.

    by_tags: a worker suits an item only if they share a tag, or the item has none.
    The same arguments give the same shares.
    """
    suited = {item.id: _suited(item, workers, by_tags) for item in items}
    load = {worker.id: worker.load for worker in workers}
    room = {worker.id: worker.room for worker in workers}
    chance = Random(seed)
    shares = Shares([], {})
    for item in sorted(items, key=lambda item: len(suited[item.id])):
        able = [worker for worker in suited[item.id] if room[worker] != 0]
        ranked = nsmallest(item.free, able, key=lambda worker: (load[worker], chance.random()))
        for worker in ranked:
            shares.pairs.append((item.id, worker))
            load[worker] += 1
            left = room[worker]
            room[worker] = None if left is None else left - 1
        if len(ranked) < item.free:
            shares.left[item.id] = item.free - len(ranked)
    return shares


def _suited(item: OpenItem, workers: Sequence[Worker], by_tags: bool) -> list[int]:
    return [
        worker.id
        for worker in workers
        if worker.id not in item.had
        and not (by_tags and item.tags and item.tags.isdisjoint(worker.tags))
    ]
