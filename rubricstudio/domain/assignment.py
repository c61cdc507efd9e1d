"""Who judges what: which responses a session holds, in which order, and which place is free.

Every choice that involves chance takes a seed, so that a session can be made again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from random import Random


class InvalidSample(ValueError):
    """The sample asked for cannot be drawn; the message says why."""


def draw(ids: Iterable[int], size: int, seed: int) -> list[int]:
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
