"""Verdicts laid against the criteria of a draft: what still holds, what is stale, what it scores.

A verdict belongs to the words it was given on: it counts for a criterion of the same key
where the judging hash is the same. On other words it is stale: it is shown and never counted,
so that its criterion is missing from the score like one that nobody judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rubricstudio.domain.aggregation import Score, panel_values, score_many, score_of
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.rubric import Rubric, ScaleKind
from rubricstudio.domain.table import (
    BoolArray,
    FloatArray,
    Label,
    Repeats,
    VerdictTable,
    from_columns,
)
from rubricstudio.domain.verdict import Quote, VerdictStatus

SAME = 1e-9
"""Scores that differ by less are the same."""


class State(StrEnum):
    """What a cell holds where that is no verdict's status."""

    OK = "ok"
    STALE = "stale"
    TIED = "tied"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Said:
    """One current verdict, or (`preview`) what a judge said of a draft's words.

    pk: the row of a preview, which holds the judge's own reply.
    """

    response: int
    key: str
    judging_hash: str
    rater: int
    status: str
    value: float | None
    preview: bool = False
    rationale: str = ""
    quotes: tuple[Quote, ...] = ()
    pk: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One response and one criterion. `state` is a State or the status of a verdict.

    n: how many raters gave the value; of: how many said anything on these words. stale: how
    many verdicts there are on other words. said: what was said, where it is one voice.
    """

    state: str
    value: float | None = None
    n: int = 0
    of: int = 0
    stale: int = 0
    preview: bool = False
    said: Said | None = None


@dataclass(frozen=True, eq=False)
class Sheet:
    """Cells of (response, leaf), row by row; values is (n, L) with NaN where there is none."""

    rubric: Rubric
    responses: tuple[int, ...]
    cells: tuple[tuple[Cell, ...], ...]
    values: FloatArray
    not_applicable: BoolArray

    def count(self, row: int, state: State) -> int:
        """How many cells of a response are in this state."""
        return sum(cell.state == state for cell in self.cells[row])


def leaf_hashes(rubric: Rubric) -> dict[str, str]:
    """The judging hash of each leaf by key."""
    return {leaf.key: criterion_judging_hash(leaf) for leaf in rubric.leaves}


def sheet_of(rubric: Rubric, responses: Sequence[int], said: Sequence[Said]) -> Sheet:
    """Lay what was said on these responses against the rubric.

    Several raters on one cell become one value by majority (a tie goes to what is worse for
    the response), on a points scale by the mean; repeated answers of one rater likewise. A
    preview counts only where its cell has no verdict.
    """
    hashes = leaf_hashes(rubric)
    places = {pk: row for row, pk in enumerate(responses)}
    about = [one for one in said if one.response in places and one.key in hashes]
    valid = [one for one in about if one.judging_hash == hashes[one.key]]
    judged = {(one.response, one.key) for one in valid if not one.preview}
    valid = [one for one in valid if not one.preview or (one.response, one.key) not in judged]
    counted = _values(rubric, valid)
    grouped = _grouped(valid)
    stale = _stale(about, hashes)
    cells = tuple(
        tuple(
            _cell(grouped.get((pk, key), ()), counted.get((pk, key)), stale.get((pk, key), 0))
            for key in hashes
        )
        for pk in responses
    )
    shape = (len(responses), len(hashes))
    numbers = [cell.value if cell.state == State.OK else None for row in cells for cell in row]
    absent = [cell.state == VerdictStatus.NOT_APPLICABLE for row in cells for cell in row]
    return Sheet(
        rubric,
        tuple(responses),
        cells,
        np.array(numbers, dtype=np.float64).reshape(shape),
        np.array(absent, dtype=np.bool_).reshape(shape),
    )


def _grouped(valid: Sequence[Said]) -> dict[tuple[int, str], list[Said]]:
    grouped: dict[tuple[int, str], list[Said]] = {}
    for one in valid:
        grouped.setdefault((one.response, one.key), []).append(one)
    return grouped


def _stale(about: Sequence[Said], hashes: Mapping[str, str]) -> dict[tuple[int, str], int]:
    stale: dict[tuple[int, str], int] = {}
    for one in about:
        if one.judging_hash != hashes[one.key]:
            cell = (one.response, one.key)
            stale[cell] = stale.get(cell, 0) + 1
    return stale


def _values(rubric: Rubric, valid: Sequence[Said]) -> dict[tuple[int, str], tuple[float, int]]:
    """By cell the value (NaN for none) and the number of raters who gave one."""
    if not valid:
        return {}
    repeats: dict[Label, Repeats] = {
        leaf.key: Repeats.MEAN if leaf.scale.kind is ScaleKind.POINTS else Repeats.MAJORITY
        for leaf in rubric.leaves
    }
    table: VerdictTable = from_columns(
        tasks=[one.response for one in valid],
        responses=[one.response for one in valid],
        criteria=[one.key for one in valid],
        raters=[one.rater for one in valid],
        values=[one.value for one in valid],
        repeats=repeats,
    )
    values = panel_values(rubric, table)
    return {
        (int(table.response_labels[response]), str(table.criterion_labels[criterion])): (
            float(value),
            int(n),
        )
        for response, criterion, value, n in zip(
            table.responses, table.criteria, values, table.values_per_unit, strict=True
        )
    }


def _cell(valid: Sequence[Said], counted: tuple[float, int] | None, stale: int) -> Cell:
    if not valid or counted is None:
        return Cell(State.STALE if stale else State.NONE, stale=stale)
    value, n = counted
    of = len({one.rater for one in valid})
    preview = any(one.preview for one in valid)
    said = valid[0] if len(valid) == 1 else None
    if not np.isnan(value):
        return Cell(State.OK, value, n, of, stale, preview, said)
    return Cell(_reason(valid), None, 0, of, stale, preview, said)


def _reason(valid: Sequence[Said]) -> str:
    """Why there is no value: not applicable where anybody said so, else the first reason."""
    statuses = [one.status for one in valid]
    if VerdictStatus.NOT_APPLICABLE in statuses:
        return VerdictStatus.NOT_APPLICABLE
    return next((status for status in statuses if status != VerdictStatus.OK), State.TIED)


def scores_under(sheet: Sheet, aggregator: str) -> list[Score]:
    """The score of each response; what is missing leaves it, and widens lower and upper.

    Raises UnfitRubric. Empty where the rubric has no criterion yet.
    """
    if not sheet.rubric.leaves:
        return []
    columns = score_many(
        sheet.rubric, sheet.values, not_applicable=sheet.not_applicable, aggregator=aggregator
    )
    keys = tuple(leaf.key for leaf in sheet.rubric.leaves)
    return [score_of(columns, row, keys) for row in range(len(sheet.responses))]


def ranks(values: Sequence[float | None]) -> list[int | None]:
    """The place of each value, 1 for the highest; equal values share one, None has none."""
    given = [value for value in values if value is not None]
    return [
        None if value is None else 1 + sum(other > value + SAME for other in given)
        for value in values
    ]


def rank_moves(
    old: Sequence[float | None], new: Sequence[float | None]
) -> list[tuple[int, int] | None]:
    """The places before and after of each response that has both scores, among those."""
    both = [None if a is None or b is None else (a, b) for a, b in zip(old, new, strict=True)]
    before = ranks([pair[0] if pair else None for pair in both])
    after = ranks([pair[1] if pair else None for pair in both])
    return [None if a is None or b is None else (a, b) for a, b in zip(before, after, strict=True)]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A response that could be pinned; `score` where it has one."""

    response: int
    task: int
    source: str
    score: float | None = None


def varied(
    candidates: Sequence[Candidate], n: int, *, chosen: Sequence[Candidate] = ()
) -> list[int]:
    """Up to `n` of the candidates, far from each other and from those `chosen` already.

    Another source counts most, then the distance of scores over their range, then another
    task. Deterministic: of equals the one that stands first.
    """
    scores = [one.score for one in (*candidates, *chosen) if one.score is not None]
    span = (max(scores) - min(scores)) if scores else 0.0
    taken = list(chosen)
    left = [one for one in candidates if one.response not in {each.response for each in chosen}]
    picked: list[int] = []
    while left and len(picked) < n:
        # Without anything to be far from, the best-scored one begins.
        best = max(left, key=lambda one: _room(one, taken, span))
        picked.append(best.response)
        taken.append(best)
        left = [one for one in left if one.response != best.response]
    return picked


def _room(one: Candidate, taken: Sequence[Candidate], span: float) -> float:
    """The distance to the nearest of those taken."""
    if not taken:
        return one.score if one.score is not None else 0.0
    return min(_distance(one, other, span) for other in taken)


def _distance(one: Candidate, other: Candidate, span: float) -> float:
    apart = 0.5
    if one.score is not None and other.score is not None and span > 0:
        apart = abs(one.score - other.score) / span
    return 1.5 * (one.source != other.source) + apart + 0.4 * (one.task != other.task)
