"""Stratified samples: how many of each stratum, which ones, and what each stands for.

A weight is one over the probability that an item was drawn, so a sum over the sample of
value times weight estimates the sum over the population (Horvitz and Thompson, 1952).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rubricstudio.domain.assignment import InvalidSample, draw


@dataclass(frozen=True, slots=True)
class Stratum:
    """One part of the population: its name, how many there are, how many are taken."""

    name: str
    size: int
    taken: int

    @property
    def weight(self) -> float | None:
        """Size over taken, 1 or more; None where nothing is taken."""
        return self.size / self.taken if self.taken else None


def equal(sizes: Mapping[str, int], each: int) -> list[Stratum]:
    """Take `each` of every stratum, or all of a smaller one. Raises InvalidSample below 1."""
    if each < 1:
        raise InvalidSample("a sample holds at least one response")
    return [Stratum(name, size, min(each, size)) for name, size in sorted(sizes.items())]


def proportional(sizes: Mapping[str, int], total: int) -> list[Stratum]:
    """Share `total` out in proportion to the sizes, by largest remainder (ties by name).

    The shares add up to min(total, sum of sizes) and each differs from its exact quota by
    less than one. Raises InvalidSample for a total below 1.
    """
    if total < 1:
        raise InvalidSample("a sample holds at least one response")
    population = sum(sizes.values())
    total = min(total, population)
    # In integers: quota is total * size / population, its remainder counts in populations.
    quotas = {name: divmod(total * size, population) for name, size in sizes.items() if size}
    left = total - sum(whole for whole, _rest in quotas.values())
    by_remainder = sorted(quotas, key=lambda name: (-quotas[name][1], name))
    extra = set(by_remainder[:left])
    return [
        Stratum(name, sizes[name], quotas[name][0] + (name in extra)) for name in sorted(quotas)
    ]


def draw_strata(
    members: Mapping[str, Sequence[int]], strata: Sequence[Stratum], seed: int
) -> dict[int, float]:
    """Return the weight of each id that is drawn: `taken` at random from each stratum.

    The strata do not influence each other: what is drawn from one depends on its members,
    its name and the seed alone.
    """
    drawn: dict[int, float] = {}
    for stratum in strata:
        if stratum.weight is None:
            continue
        own_seed: int | str = f"{seed}:{stratum.name}" if stratum.name else seed
        for chosen in draw(members[stratum.name], stratum.taken, own_seed):
            drawn[chosen] = stratum.weight
    return drawn


def share_of(ids: Sequence[int], share: float, seed: int) -> set[int]:
    """Return `share` (0 to 1) of the ids at random, rounded half up; none of them for 0."""
    size = int(len(ids) * share + 0.5)
    return set(draw(ids, size, f"extra:{seed}")) if size else set()
