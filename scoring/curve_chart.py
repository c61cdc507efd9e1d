"""A figure against how much was learned from, as a line with its interval as a band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.figures import Figure

STEP = 0.25
HEIGHT = 100.0
WIDTH = 300.0
MARGIN = 8.0  # beside the first and the last point


@dataclass(frozen=True)
class CurvePoint:
    """A step in the units of the drawing, y downwards. low, high: None without an interval."""

    x: float
    y: float
    low: float | None
    high: float | None
    figure: Figure
    verdicts: float


@dataclass(frozen=True)
class CurveChart:
    """ticks: (value, y), the highest first. zero: the y of 0 where it lies inside the drawing.

    band, line: what a polygon and a polyline take. left_out: steps without a value to draw.
    """

    ticks: list[tuple[float, float]]
    zero: float | None
    points: list[CurvePoint]
    band: str
    line: str
    left_out: int


def curve_chart(steps: Sequence[tuple[float, Figure]]) -> CurveChart | None:
    """The chart of (verdicts, figure) steps; None where fewer than two have a value."""
    drawn = [(n, figure) for n, figure in steps if figure.value is not None]
    if len(drawn) < 2:
        return None
    ticks = _ticks([figure for _, figure in drawn])
    top, bottom = ticks[0], ticks[-1]
    first, last = drawn[0][0], drawn[-1][0]

    def y(value: float) -> float:
        return round(HEIGHT * (top - value) / (top - bottom), 2)

    def x(n: float) -> float:
        share = (n - first) / (last - first) if last > first else 0.0
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 2)

    points = [
        CurvePoint(
            x=x(n),
            y=y(figure.value or 0.0),
            low=None if figure.low is None else y(figure.low),
            high=None if figure.high is None else y(figure.high),
            figure=figure,
            verdicts=n,
        )
        for n, figure in drawn
    ]
    within = [point for point in points if point.low is not None]
    edge = [(p.x, p.high) for p in within] + [(p.x, p.low) for p in reversed(within)]
    return CurveChart(
        ticks=[(tick, y(tick)) for tick in ticks],
        zero=y(0.0) if bottom < 0 < top else None,
        points=points,
        band=_joined(edge),
        line=_joined([(p.x, p.y) for p in points]),
        left_out=len(steps) - len(drawn),
    )


def _ticks(figures: Sequence[Figure]) -> list[float]:
    """Round numbers around every value and interval, the highest first."""
    numbers = [n for f in figures for n in (f.value, f.low, f.high) if n is not None]
    low = math.floor(min(numbers) / STEP)
    high = max(math.ceil(max(numbers) / STEP), low + 1)
    return [STEP * step for step in range(high, low - 1, -1)]


def _joined(places: Sequence[tuple[float, float | None]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places if y is not None)
