"""What the page of a calibration round shows: agreement in both votes, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rubricstudio.domain.agreement.votes import Changes, Shift
from scoring.compare_page import scope_words
from scoring.figures import Figure, figure
from scoring.queries.votes import BothVotes, Line


@dataclass(frozen=True)
class ShownShift:
    """A figure before and after, and the difference, as a page may show them."""

    before: Figure
    after: Figure
    difference: Figure


@dataclass(frozen=True)
class ShownLine:
    """A row of the tables: a criterion, or all of them ("")."""

    text: str
    n: int
    changes: Changes
    percent: ShownShift
    alpha: ShownShift


@dataclass(frozen=True)
class CalibrationPage:
    """Everything the page shows. low: where the axis of alpha begins, 0 or below."""

    overall: ShownLine
    lines: Sequence[ShownLine]
    everything: Changes
    low: float
    scope: str
    unassessed: int
    people: int

    @property
    def span(self) -> float:
        """The width of the axis, which ends at 1."""
        return 1 - self.low

    @property
    def ticks(self) -> list[float]:
        """Where the axis has marks: every 0.2 from its beginning."""
        steps = round(self.span / 0.2)
        return [round(1 - 0.2 * step, 1) for step in range(steps, -1, -1)]


def calibration_page(votes: BothVotes, *, floor: int) -> CalibrationPage:
    """The page of both votes; under `floor` comparable units figures are withheld."""
    overall, lines = _shown(votes.overall, floor), [_shown(line, floor) for line in votes.lines]
    return CalibrationPage(
        overall=overall,
        lines=lines,
        everything=_sum([line.changes for line in lines]),
        low=_axis([overall, *lines]),
        scope=scope_words(votes.scope[1]),
        unassessed=votes.unassessed,
        people=votes.people,
    )


def _shown(line: Line, floor: int) -> ShownLine:
    figures = line.row.figures
    return ShownLine(
        line.criterion.text if line.criterion else "",
        line.row.n,
        line.row.changes,
        _shift(figures["percent"], floor),
        _shift(figures["alpha"], floor),
    )


def _shift(shift: Shift, floor: int) -> ShownShift:
    return ShownShift(
        figure(shift.before, floor), figure(shift.after, floor), figure(shift.difference, floor)
    )


def _sum(changes: Sequence[Changes]) -> Changes:
    return Changes(
        sum(one.n for one in changes),
        sum(one.changed for one in changes),
        sum(one.towards for one in changes),
        sum(one.away for one in changes),
    )


def _axis(lines: Sequence[ShownLine]) -> float:
    """Where the axis begins: 0, or the next 0.2 below the lowest end of an interval."""
    figures = [one for line in lines for one in (line.alpha.before, line.alpha.after)]
    ends = [end for one in figures for end in (one.value, one.low) if end is not None]
    lowest = max(min([0.0, *ends]), -1.0)
    return -0.2 * -int(lowest / 0.2 - 0.999999) if lowest < 0 else 0.0
