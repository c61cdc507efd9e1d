"""A figure that travels with its n, its interval, and the reason where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FLOOR = 20


class Reason(StrEnum):
    """Why a value or an interval is missing, as a sentence part for the page."""

    NOTHING_COMPARABLE = "nothing to compare"
    UNDEFINED = "undefined: too little variation"
    UNEQUAL_RATERS = "needs the same number of raters on every item"
    MIXED_SCALES = "the criteria have different scales"
    CONTINUOUS = "not for a points scale"
    NOT_BINARY = "only for met or not met"
    INCOMPLETE = "needs every rater on the same items"
    MANY_RATERS = "for at most sixteen raters: use alpha"
    NOT_POINTS = "only for a points scale"
    UNORDERED = "the values have no order"
    ONE_TASK = "no interval: needs two or more tasks"
    UNSTABLE = "no interval: undefined in most resamples"
    BELOW_FLOOR = "too few items to show a value"


@dataclass(frozen=True, slots=True)
class Statistic:
    """A value with its bootstrap-by-task interval.

    value: None where nothing is comparable or the formula is undefined, never 0.
    low, high: percentile interval, None where there is none.
    n: the comparable units behind the value. reason: why a part is missing.
    wilson: for a share of exactly 0 or 1, whose resamples are all the same, the tasks behind it:
    the interval is then Wilson's score interval of so many trials; else None.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: Reason | None = None
    wilson: int | None = None

    @property
    def method(self) -> str | None:
        """How the interval was made: "bootstrap" or "wilson"; None where there is none."""
        if self.low is None:
            return None
        return "bootstrap" if self.wilson is None else "wilson"

    def shown(self, floor: int = FLOOR) -> Statistic:
        """This statistic as a page may show it: under `floor` comparable units only n stays."""
        if self.value is None or self.n >= floor:
            return self
        return Statistic(None, n=self.n, reason=Reason.BELOW_FLOOR)


def absent(reason: Reason, n: int = 0) -> Statistic:
    """A statistic without a value."""
    return Statistic(None, n=n, reason=reason)
