"""Figures as templates draw them: a value with its interval, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from rubricstudio.domain.agreement import Reason, Statistic
from rubricstudio.domain.verdict import Quote

_REASONS = {
    Reason.NOTHING_COMPARABLE: _("Nothing comparable"),
    Reason.UNDEFINED: _("Undefined: too little variation"),
    Reason.UNEQUAL_RATERS: _("Needs the same number of raters on every item"),
    Reason.MIXED_SCALES: _("The criteria have different scales"),
    Reason.CONTINUOUS: _("Not for a points scale"),
    Reason.NOT_BINARY: _("Only for met or not met"),
    Reason.NOT_POINTS: _("Only for a points scale"),
    Reason.INCOMPLETE: _("Needs every rater on the same items"),
    Reason.MANY_RATERS: _("For at most sixteen raters: use alpha"),
    Reason.UNORDERED: _("The values have no order"),
    Reason.ONE_TASK: _("No interval: needs two or more tasks"),
    Reason.UNSTABLE: _("No interval: undefined in most resamples"),
    Reason.BELOW_FLOOR: _("Too few items to show a value"),
}


@dataclass(frozen=True)
class Figure:
    """A statistic to draw.

    reason: why the value or the interval is missing, or why the interval is of another kind than
    usual, translated.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    withheld: bool
    reason: str


def figure(statistic: Statistic, floor: int) -> Figure:
    """The statistic as a page may show it: withheld under `floor` comparable items."""
    shown = statistic.shown(floor)
    reason = str(_REASONS[shown.reason]) if shown.reason else interval_words(shown)
    withheld = shown.reason is Reason.BELOW_FLOOR
    return Figure(shown.value, shown.low, shown.high, shown.n, withheld, reason)


def interval_words(statistic: Statistic) -> str:
    """How the interval was made, where it is not by resampling tasks; else nothing."""
    if statistic.wilson is None:
        return ""
    return ngettext(
        "Always the same, so that resampling shows no width: Wilson’s interval of %(n)s task",
        "Always the same, so that resampling shows no width: Wilson’s interval of %(n)s tasks",
        statistic.wilson,
    ) % {"n": statistic.wilson}


@dataclass(frozen=True)
class Piece:
    """A stretch of text, and whether a quote cites it."""

    text: str
    cited: bool


def highlighted(text: str, quotes: Iterable[Quote]) -> list[Piece]:
    """The text in pieces, cut where quotes begin and end; overlapping quotes are one.

    A quote that was not found in the text, or lies outside it, marks nothing.
    """
    spans = sorted(
        (quote.start, quote.end)
        for quote in quotes
        if quote.start is not None and quote.end is not None and 0 <= quote.start < quote.end
    )
    pieces: list[Piece] = []
    at = 0
    for start, end in spans:
        start, end = max(start, at), min(end, len(text))
        if start >= end:
            continue
        if start > at:
            pieces.append(Piece(text[at:start], False))
        if pieces and pieces[-1].cited and start == at:
            pieces[-1] = Piece(pieces[-1].text + text[start:end], True)
        else:
            pieces.append(Piece(text[start:end], True))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:], False))
    return pieces
