"""When work will be done, from how fast it went lately, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

# Under so many submissions, or over so short a time, a rate says too little.
LEAST_SUBMITTED = 10
LEAST_HOURS = 1.0
# The normal quantile of a 95 % interval.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Forecast:
    """Hours until the work is done at the recent rate, and the range of them.

    rate: submissions an hour. high is None where the lower end of the rate is 0, so that
    nothing can be said about the latest end.
    """

    rate: float
    hours: float
    low: float
    high: float | None


def forecast(*, left: int, done: int, hours: float, by_day: Sequence[int]) -> Forecast | None:
    """The time that `left` submissions take when `done` of them took the last `hours`.

    by_day: the submissions of each day of that time, those without any included. Counts of
    people's work scatter more than chance alone, so the Poisson interval is widened by the
    square root of their variance over their mean (at least 1; McCullagh and Nelder 1989,
    section 6.2): the square root of a count has the standard deviation 1/2 (Bartlett 1936).
    None where nothing is left, and under LEAST_SUBMITTED or LEAST_HOURS. Raises ValueError
    for negative counts.
    """
    if min(left, done, *by_day, 0) < 0 or hours < 0:
        raise ValueError("counts and hours cannot be negative")
    if left == 0 or done < LEAST_SUBMITTED or hours < LEAST_HOURS:
        return None
    half = _Z / 2 * sqrt(scatter(by_day))
    slow, fast = max(sqrt(done) - half, 0.0) ** 2, (sqrt(done) + half) ** 2
    return Forecast(
        rate=done / hours,
        hours=left * hours / done,
        low=left * hours / fast,
        high=left * hours / slow if slow > 0 else None,
    )


def scatter(counts: Sequence[int]) -> float:
    """Variance over mean of some counts, at least 1; 1 for fewer than three, or all zero."""
    n = len(counts)
    mean = sum(counts) / n if n else 0.0
    if n < 3 or mean == 0:
        return 1.0
    variance = sum((count - mean) ** 2 for count in counts) / (n - 1)
    return max(1.0, variance / mean)
