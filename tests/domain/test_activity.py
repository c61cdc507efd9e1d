"""Active time from raw events: worked examples, and what holds whatever the events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.activity import IDLE, LIVE, Event, active_seconds

KINDS = ("opened", "active", "hidden", "visible", "left")


def _tab(*events: tuple[str, float], tab: str = "a") -> list[Event]:
    return [Event(tab, n, kind, at) for n, (kind, at) in enumerate(events)]


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        # Nothing seen, or one look: nothing is known to lie between two events.
        ([], 0),
        (_tab(("opened", 0)), 0),
        # 0-20 and 20-50, then gone.
        (_tab(("opened", 0), ("active", 20), ("left", 50)), 50),
        # 0-60 of the 300 seconds until the next sign of life, then 300-310.
        (_tab(("opened", 0), ("active", 300), ("left", 310)), 70),
        # 0-10, hidden until 40, 40-55.
        (_tab(("opened", 0), ("hidden", 10), ("visible", 40), ("left", 55)), 25),
        # Hidden and never seen again.
        (_tab(("opened", 0), ("hidden", 10), ("left", 400)), 10),
        # 0-30 in one tab, 20-50 in another: 0-50.
        (_tab(("opened", 0), ("left", 30)) + _tab(("opened", 20), ("left", 50), tab="b"), 50),
        # The clock goes back from 30 to 5: 0-5 and 5-10 by the clock; 30 is the tab's last.
        (_tab(("opened", 0), ("active", 30), ("active", 5), ("left", 10)), 10),
    ],
)
def test_worked_examples(events: list[Event], seconds: float) -> None:
    assert active_seconds(events) == seconds


_events = st.lists(
    st.builds(
        Event,
        tab=st.sampled_from("abc"),
        number=st.integers(0, 40),
        kind=st.sampled_from(KINDS),
        at=st.integers(0, 1000).map(float),
    ),
    unique_by=lambda event: (event.tab, event.number),
    max_size=25,
)


@given(_events)
def test_it_is_never_more_than_the_time_that_passed(events: list[Event]) -> None:
    times = [event.at for event in events] or [0.0]

    assert 0 <= active_seconds(events) <= max(times) - min(times)


@given(_events, st.randoms())
def test_order_and_repetition_do_not_matter(events: list[Event], random: object) -> None:
    shuffled = events + events[::2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # st.randoms gives a Random

    assert active_seconds(shuffled) == active_seconds(events)


@given(_events, st.sampled_from("abc"), st.sampled_from(sorted(LIVE)), st.integers(0, 1000))
def test_a_further_sign_of_life_never_makes_it_less(
    events: list[Event], tab: str, kind: str, at: int
) -> None:
    more = [*events, Event(tab, 99, kind, float(at))]

    assert active_seconds(more) >= active_seconds(events)


@given(_events.filter(bool), st.data())
def test_a_lost_event_costs_or_gives_a_minute_at_most(
    events: list[Event], data: st.DataObject
) -> None:
    lost = data.draw(st.sampled_from(events))

    left = active_seconds([event for event in events if event is not lost])

    assert abs(left - active_seconds(events)) <= IDLE


@given(_events, st.integers(-10_000, 10_000))
def test_a_clock_that_is_wrong_by_as_much_everywhere_changes_nothing(
    events: list[Event], skew: int
) -> None:
    moved = [Event(e.tab, e.number, e.kind, e.at + skew) for e in events]

    assert active_seconds(moved) == active_seconds(events)


@given(_events)
def test_several_tabs_count_no_more_than_each_alone(events: list[Event]) -> None:
    alone = [active_seconds(e for e in events if e.tab == tab) for tab in "abc"]

    assert max(alone) <= active_seconds(events) <= sum(alone)
