"""Wilson's interval, equal to that of statsmodels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from rubricstudio.domain.shares import wilson


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = proportion_confint(k, n, method="wilson")
    assert wilson(k, n) == pytest.approx((max(0, low), min(1, high)), abs=1e-9)


def test_another_confidence_gives_another_width() -> None:
    # 0 of 23: the high end is z^2 / (23 + z^2), with z = 1.6449 at 90 % and 1.9600 at 95 %
    assert wilson(0, 23, 0.9) == pytest.approx((0.0, 0.10525), abs=1e-5)
    assert wilson(23, 23) == pytest.approx((1 - 0.14312, 1.0), abs=1e-5)


def test_the_interval_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        wilson(0, 0)
