"""What comparisons found: wins of each source, and what the order shown did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db.models.fields.json import KeyTextTransform

from rubricstudio.domain.agreement.statistic import Statistic
from rubricstudio.domain.agreement.wins import mean_by_task
from rubricstudio.models import Preference
from scoring.queries.sampling import Sampling, sampling_of

_POINTS = {"a": 1.0, "b": 0.0, "tie": 0.5}


@dataclass(frozen=True)
class SourceWins:
    """A source's comparisons with responses of other sources; ties count half."""

    source: str
    wins: int
    ties: int
    losses: int
    rate: Statistic


@dataclass(frozen=True)
class Outcome:
    """What the current preferences of a round say; a ranking counts as its pairs.

    first: how often the response shown first was preferred, of those that were no tie; 0.5
    where the order does not matter. said, ties, unassessed: how many preferences there are.
    """

    said: int
    ties: int
    unassessed: int
    first: Statistic
    sources: list[SourceWins]


def outcome_of(round_id: int) -> Outcome:
    """Read the current preferences of a round's work, given the first time. Four queries."""
    cell = ["round_id", "response_a_id", "response_b_id", "rater_id"]
    rows = list(
        Preference.objects.filter(round=round_id, sample=0)
        .annotate(first=KeyTextTransform("shown_first", "provenance"))
        .order_by(*cell, "-revision")
        .distinct(*cell)
        .values_list(
            *("task_id", "response_a_id", "response_b_id", "response_a__source"),
            *("response_b__source", "preferred", "first"),
        )
    )
    sampling = sampling_of([round_id])
    weights = _weights(sampling, [f"{min(a, b)},{max(a, b)}" for _t, a, b, *_ in rows])
    tasks = np.array([row[0] for row in rows], dtype=np.int64)
    points = np.array([_POINTS.get(row[5] or "", np.nan) for row in rows], dtype=np.float64)
    shown_b = np.array([row[6] == "b" for row in rows], dtype=np.bool_)
    known = np.array([row[6] in ("a", "b") for row in rows], dtype=np.bool_)
    decided = known & (points != 0.5)
    first = np.where(decided, np.where(shown_b, 1 - points, points), np.nan)
    sides = np.array([[row[3], row[4]] for row in rows], dtype=object).reshape(-1, 2)
    return Outcome(
        said=len(rows),
        ties=int((points == 0.5).sum()),
        unassessed=int(np.isnan(points).sum()),
        first=mean_by_task(first, tasks, weights),
        sources=[
            _wins(str(source), sides, points, tasks, weights)
            for source in sorted(set(sides.ravel().tolist()))
        ],
    )


def _weights(
    sampling: Sampling, members: list[str]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """By pair; all alike where nothing was chosen by chance."""
    if not sampling.is_unequal:
        return np.ones(len(members))
    return np.asarray(sampling.unit_weights(members))


def _wins(source: str, sides: object, points: object, tasks: object, weights: object) -> SourceWins:
    both, at, of, by = (np.asarray(x) for x in (sides, points, tasks, weights))
    is_a, is_b = both[:, 0] == source, both[:, 1] == source
    # Two responses of one source say nothing of it against others.
    mine = np.where(is_a, at, 1 - at)[is_a ^ is_b]
    return SourceWins(
        source,
        wins=int((mine == 1).sum()),
        ties=int((mine == 0.5).sum()),
        losses=int((mine == 0).sum()),
        rate=mean_by_task(mine, of[is_a ^ is_b], by[is_a ^ is_b]),
    )
