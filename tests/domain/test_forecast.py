"""When work will be done: worked examples, and laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.forecast import forecast, scatter


def test_a_worked_example() -> None:
    """100 in 50 hours is 2 an hour: 40 more take 20 hours.

    sqrt(100) -+ 1.959964 / 2 is 9.020018 and 10.979982, squared 81.3607 and 120.5600 in
    50 hours: 40 * 50 / 120.5600 = 16.5893 and 40 * 50 / 81.3607 = 24.5819 hours.
    """
    found = forecast(left=40, done=100, hours=50, by_day=[34, 33, 33])
    assert found is not None
    assert (found.rate, found.hours) == (2.0, 20.0)
    assert found.low == pytest.approx(16.5893, abs=1e-3)
    assert found.high == pytest.approx(24.5819, abs=1e-3)


def test_days_that_differ_widen_the_range() -> None:
    """Counts 0, 0, 30 have mean 10 and variance 300, so they scatter 30 times as chance does."""
    assert scatter([0, 0, 30]) == pytest.approx(30)
    found = forecast(left=10, done=30, hours=72, by_day=[0, 0, 30])
    assert found is not None
    # sqrt(30) = 5.477 and 0.98 * sqrt(30) = 5.368: a rate near 0 is possible, but not 0.
    assert found.high is not None and found.high > 1000
    wide = forecast(left=10, done=10, hours=72, by_day=[0, 0, 0, 40])
    assert wide is not None and wide.high is None


@pytest.mark.parametrize(("left", "done", "hours"), [(0, 100, 10.0), (5, 9, 10.0), (5, 100, 0.9)])
def test_too_little_says_nothing(left: int, done: int, hours: float) -> None:
    assert forecast(left=left, done=done, hours=hours, by_day=[done]) is None


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        forecast(left=-1, done=1, hours=1, by_day=[])


@given(
    left=st.integers(1, 10**6),
    by_day=st.lists(st.integers(0, 10**4), min_size=1, max_size=30),
    hours=st.floats(1, 10**4),
)
def test_the_range_holds_the_estimate(left: int, by_day: list[int], hours: float) -> None:
    found = forecast(left=left, done=sum(by_day), hours=hours, by_day=by_day)
    if found is None:
        assert sum(by_day) < 10
        return
    assert 0 < found.low < found.hours
    assert found.high is None or found.hours < found.high
