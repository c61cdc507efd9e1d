"""How long somebody was at work, counted from what their browser noticed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

IDLE = 60.0
"""Seconds without a sign of life after which time no longer counts."""

LIVE = frozenset({"opened", "active", "visible"})
"""Kinds of events after which somebody is at work; after any other nobody is."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a browser tab; `at` in seconds, on a clock that all tabs share."""

    tab: str
    number: int
    kind: str
    at: float


def active_seconds(events: Iterable[Event], *, idle: float = IDLE) -> float:
    """Seconds of work that the events of one item amount to, at least 0.

    From a live event time counts until the next event of its tab, `idle` seconds at most;
    the last event of a tab opens nothing, so that what was not seen is not counted. Time
    that several tabs share counts once. The order of the events does not matter and one
    given twice counts once. Never more than lies between the first event and the last; one
    more live event never makes it less; one lost event changes it by `idle` at most.
    """
    return _covered(_stretches(events, idle))


def _stretches(events: Iterable[Event], idle: float) -> list[tuple[float, float]]:
    tabs: defaultdict[str, set[Event]] = defaultdict(set)
    for event in events:
        tabs[event.tab].add(event)
    return [
        (event.at, min(after.at, event.at + idle))
        for tab in tabs.values()
        # By time first: a clock that was set back puts numbers out of order.
        for event, after in pairwise(sorted(tab, key=lambda e: (e.at, e.number)))
        if event.kind in LIVE
    ]


def _covered(stretches: list[tuple[float, float]]) -> float:
    """The length of the union."""
    total, end = 0.0, float("-inf")
    for start, stop in sorted(stretches):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total
