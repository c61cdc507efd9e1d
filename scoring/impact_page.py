"""The slope charts of the impact page: where each source stands before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.queries.impact import ScoreImpact, ScorerMoves, SourceMove

MOST_LINES = 12
"""More lines than these cannot be told apart; the table says it all anyway."""
_TOP, _STEP, _GAP = 16.0, 18.0, 15.0


@dataclass(frozen=True)
class Line:
    """One source: `left` and `right` are heights in the drawing, the labels' apart from them."""

    source: str
    before: float
    after: float
    left: float
    right: float
    label_left: float
    label_right: float

    @property
    def trend(self) -> str:
        """up, down or same."""
        if abs(self.after - self.before) < 0.005:
            return "same"
        return "up" if self.after > self.before else "down"


@dataclass(frozen=True)
class Slope:
    """A chart in units of its own; `height` fits the lines."""

    lines: tuple[Line, ...]
    height: float


@dataclass(frozen=True)
class ScorerPart:
    """A scorer with the rows of the table and, where one can be drawn, the chart."""

    moves: ScorerMoves
    slope: Slope | None


def impact_parts(found: ScoreImpact) -> list[ScorerPart]:
    """The scorers, each with its chart where before and after share an axis."""
    return [
        ScorerPart(moves, slope(moves.sources) if found.same_unit else None)
        for moves in found.scorers
    ]


def slope(sources: Sequence[SourceMove]) -> Slope | None:
    """The chart of the sources that have a mean on both sides; None for none or too many."""
    pairs = [
        (row.source, row.value_before, row.value_after)
        for row in sources
        if row.value_before is not None and row.value_after is not None
    ]
    if not pairs or len(pairs) > MOST_LINES:
        return None
    values = [value for _, old, new in pairs for value in (old, new)]
    low, high = min(values), max(values)
    drawn = max(_STEP * len(pairs), 3 * _STEP)

    def place(value: float) -> float:
        share = (high - value) / (high - low) if high > low else 0.5
        return _TOP + share * drawn

    left, right = [place(old) for _, old, _ in pairs], [place(new) for _, _, new in pairs]
    apart_left, apart_right = spread(left), spread(right)
    lines = tuple(
        Line(source, old, new, left[n], right[n], apart_left[n], apart_right[n])
        for n, (source, old, new) in enumerate(pairs)
    )
    return Slope(lines, max(_TOP + drawn, *apart_left, *apart_right) + _TOP)


def spread(heights: Sequence[float]) -> list[float]:
    """The heights moved down just enough that labels, one _GAP high each, do not overlap."""
    placed = list(heights)
    lowest = float("-inf")
    for n in sorted(range(len(placed)), key=lambda n: placed[n]):
        placed[n] = lowest = max(placed[n], lowest + _GAP)
    return placed
