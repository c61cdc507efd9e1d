"""How the items of sessions were chosen: which count, and how much.

Items that teach or test annotators, and those that come a second time, say nothing about
agreement. An item that was chosen by chance with probability p stands for 1/p items; one
that was put first because judges or people are split on it stands for itself alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from django.db.models import Count, Max, Min, Q

from annotations.models import Item, ItemKind, Session
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray

_WORK = Q(kind=ItemKind.WORK, sample=0)


@dataclass(frozen=True)
class Sampling:
    """What is known of the items of some rounds; imported rounds have none.

    here: the rounds carried out here. aside: (round, members) of items that do not count,
    members as in `Item.members`. has_aside: whether any item does not count, repeats and
    checks that only the round's own people meet included. weights: by members, one over the
    probability that the item was chosen, None where it was not chosen by chance; empty where
    all items count alike.
    """

    here: frozenset[int] = frozenset()
    aside: frozenset[tuple[int, str]] = frozenset()
    has_aside: bool = False
    weights: dict[str, float | None] = field(default_factory=dict)

    @property
    def is_unequal(self) -> bool:
        """Whether estimates have to be weighted."""
        return any(weight is not None for weight in self.weights.values())

    @property
    def nothing_by_chance(self) -> bool:
        """Whether no item was chosen by chance, so that no weight can be given to any."""
        return bool(self.weights) and not self.is_unequal

    def counts(self, rounds: IntArray, members: Sequence[str], samples: IntArray) -> BoolArray:
        """(n,) which answers count: of work, given the first time."""
        kept = ~(np.isin(rounds, list(self.here)) & (samples > 0))
        if self.aside:
            cells = zip(rounds.tolist(), members, strict=True)
            kept &= np.array([cell not in self.aside for cell in cells], dtype=np.bool_)
        return kept

    def unit_weights(self, members: Sequence[str]) -> FloatArray:
        """(n,) the weight of each, NaN for what was not chosen by chance, 1 for the imported."""
        found = (self.weights.get(member, 1.0) for member in members)
        return np.array([np.nan if w is None else w for w in found], dtype=np.float64)


def sampling_of(rounds: Sequence[int]) -> Sampling:
    """One query where every item counts alike, three at most."""
    sessions = Session.objects.filter(pk__in=rounds).annotate(
        aside=Count("items", filter=~Q(items__kind=ItemKind.WORK, items__sample=0)),
        by_hand=Count(
            "items", filter=Q(items__kind=ItemKind.WORK, items__sample=0, items__weight=None)
        ),
        low=Min("items__weight", filter=Q(items__kind=ItemKind.WORK, items__sample=0)),
        high=Max("items__weight", filter=Q(items__kind=ItemKind.WORK, items__sample=0)),
    )
    here = list(sessions.values_list("pk", "aside", "by_hand", "low", "high"))
    items = Item.objects.filter(session__in=[row[0] for row in here])
    aside: frozenset[tuple[int, str]] = frozenset()
    has_aside = any(row[1] for row in here)
    if has_aside:
        other = items.filter(sample=0).exclude(kind=ItemKind.WORK)
        aside = frozenset(
            (session, unit)
            for session, members in other.values_list("session_id", "members")
            for unit in units_of(members)
        )
    bounds = {end for row in here for end in row[3:] if end is not None}
    weights: dict[str, float | None] = {}
    if any(row[2] for row in here) or len(bounds) > 1:
        for members, weight in items.filter(_WORK).values_list("members", "weight"):
            for unit in units_of(members):
                weights[unit] = _likelier(weights.get(unit), weight)
    return Sampling(frozenset(row[0] for row in here), aside, has_aside, weights)


def units_of(members: str) -> list[str]:
    """What people are compared on in an item: a response, a pair, or each pair of a ranking."""
    ids = members.split(",")
    if len(ids) < 3:
        return [members]
    return [",".join(pair) for pair in combinations(ids, 2)]


def _likelier(one: float | None, other: float | None) -> float | None:
    """Of two weights of the same item the smaller: by the session likelier to choose it."""
    given = [weight for weight in (one, other) if weight is not None]
    return min(given, default=None)
