"""A consensus counted by criterion, for its page and for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotations.adjudication import worded
from annotations.queries.consensus import PeopleConsensus
from rubricstudio.domain.consensus import Provenance
from rubricstudio.domain.rubric import Criterion, ScaleKind
from rubricstudio.domain.table import BoolArray


@dataclass(frozen=True)
class Tally:
    """Units of one criterion, or of all (criterion None), by how they came by their value.

    values and unanimous: how many units have each value, in words, worst value first; all
    of them, and those on which everybody says so. Empty where criteria differ in scale
    and on a points scale.
    """

    criterion: Criterion | None
    n: int
    kinds: Mapping[str, int]
    values: Mapping[str, int]
    unanimous: Mapping[str, int]

    @property
    def open_share(self) -> float | None:
        """The share of units without a consensus, in [0, 1]; None for no units."""
        return self.kinds["unresolved"] / self.n if self.n else None


def tallies(found: PeopleConsensus) -> list[Tally]:
    """All units first, then each criterion that has some, in display order."""
    everything = np.ones(found.table.n_units, dtype=np.bool_)
    ids = found.criterion_ids
    scales = {found.criteria[pk].scale for pk in set(ids.tolist())}
    example = next(iter(found.criteria.values()), None) if len(scales) == 1 else None
    rows = [_tally(found, everything, None, example)]
    present = set(ids.tolist())
    rows += [_tally(found, ids == pk, c, c) for pk, c in found.criteria.items() if pk in present]
    return rows


def _tally(
    found: PeopleConsensus, units: BoolArray, criterion: Criterion | None, like: Criterion | None
) -> Tally:
    counts = found.consensus.counts(units)
    kinds = {kind.word: n for kind, n in counts.items()}
    values: dict[str, int] = {}
    unanimous: dict[str, int] = {}
    if like is not None and like.scale.kind is not ScaleKind.POINTS:
        numbers, codes = found.consensus.values[units], found.consensus.provenance[units]
        for value in [level.value for level in like.scale.levels] or [0.0, 1.0]:
            word = worded(like, "ok", value)
            mine = numbers == value
            values[word] = int(mine.sum())
            unanimous[word] = int((mine & (codes == Provenance.UNANIMOUS)).sum())
    return Tally(criterion, int(units.sum()), kinds, values, unanimous)


def as_json(found: PeopleConsensus, rows: list[Tally]) -> dict[str, Any]:
    """What scripts read; shares and values are null where there is none."""
    return {
        "method": found.consensus.method.value,
        "overall": _counted(rows[0]),
        "criteria": [
            {"criterion": row.criterion.key, **_counted(row)} for row in rows[1:] if row.criterion
        ],
    }


def _counted(row: Tally) -> dict[str, Any]:
    return {
        "n_units": row.n,
        "provenance": dict(row.kinds),
        "values": dict(row.values),
        "unanimous": dict(row.unanimous),
    }
