from __future__ import annotations

from importlib import import_module
from random import Random

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricstudio.domain.agreement import Bootstrap, Level, Reason, alpha
from rubricstudio.domain.agreement.bootstrap import Draws
from rubricstudio.domain.table import FloatArray

from .conftest import random_ratings, ratings

NAN = float("nan")


def test_nominal_alpha_of_a_worked_example() -> None:
    # Units (1,1), (1,2), (2,2), (1,-): the last pairs with nothing.
    # Coincidences: o11 = 2, o12 = o21 = 1, o22 = 2; n1 = 3, n2 = 3, n = 6.
    # Do = 2; De = n1*n2*2/(n-1) = 18/5; alpha = 1 - 2/3.6 = 4/9.
    values = np.array([[1, 1], [1, 2], [2, 2], [1, NAN]], dtype=np.float64)

    result = alpha(values)

    assert result.value == pytest.approx(4 / 9, abs=1e-12)
    assert result.n == 3


def test_interval_alpha_of_a_worked_example() -> None:
    # Units (0,1), (3,3): Do = (0-1)^2 * 2 = 2. Values 0,1,3,3: squared differences of the
    # ordered pairs 2*(1 + 9 + 9 + 4 + 4 + 0) = 54; alpha = 1 - 3*2/54 = 8/9.
    values = np.array([[0, 1], [3, 3]], dtype=np.float64)

    assert alpha(values, level=Level.INTERVAL).value == pytest.approx(8 / 9, abs=1e-12)


def test_ordinal_alpha_of_a_worked_example() -> None:
    # Units (1,2), (4,4). Counts n1 = 1, n2 = 1, n4 = 2; midranks 0.5, 1.5, 3.
    # Do = 2*(1)^2 = 2. De pairs: 1-2: 1; 1-4: 2*2.5^2 = 12.5; 2-4: 2*1.5^2 = 4.5; doubled 36.
    # alpha = 1 - 3*2/36 = 5/6.
    values = np.array([[1, 2], [4, 4]], dtype=np.float64)

    assert alpha(values, level=Level.ORDINAL).value == pytest.approx(5 / 6, abs=1e-12)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("seed", range(12))
def test_it_equals_the_krippendorff_package(level: Level, seed: int) -> None:
    values = random_ratings(seed, units=40 + seed, raters=2 + seed % 4, q=2 + seed % 4)

    theirs = krippendorff.alpha(reliability_data=values.T, level_of_measurement=level.value)

    assert alpha(values, level=level).value == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("level", [Level.ORDINAL, Level.INTERVAL])
def test_it_equals_the_krippendorff_package_on_many_uneven_values(level: Level) -> None:
    rng = np.random.default_rng(5)
    values = np.round(rng.gamma(2.0, 30.0, size=(80, 1)) + rng.normal(0, 9, size=(80, 5)), 1)
    values[rng.random(values.shape) < 0.3] = np.nan

    theirs = krippendorff.alpha(reliability_data=values.T, level_of_measurement=level.value)

    assert alpha(values, level=level).value == pytest.approx(theirs, abs=1e-9)


def test_interval_alpha_keeps_its_digits_far_from_zero() -> None:
    values = random_ratings(3)

    near = alpha(values, level=Level.INTERVAL).value
    far = alpha(values + 1e7, level=Level.INTERVAL).value

    assert far == pytest.approx(near, abs=1e-9)


@pytest.mark.parametrize("level", list(Level))
def test_each_resample_equals_the_package_on_the_units_of_the_drawn_tasks(level: Level) -> None:
    values = random_ratings(11, units=60, q=4)
    tasks = np.arange(60) // 5  # 12 tasks of 5 units
    bootstrap = Bootstrap(resamples=40, seed=7)

    drawn = Draws(bootstrap).sums(np.eye(12)).astype(int)  # how often each task was drawn
    theirs = [
        krippendorff.alpha(
            reliability_data=values[np.repeat(np.arange(60), row[tasks])].T,
            level_of_measurement=level.value,
        )
        for row in drawn
    ]
    result = alpha(values, level=level, tasks=tasks, bootstrap=bootstrap)

    assert result.low == pytest.approx(np.percentile(theirs, 2.5), abs=1e-9)
    assert result.high == pytest.approx(np.percentile(theirs, 97.5), abs=1e-9)


def test_blocks_of_units_do_not_change_ordinal_alpha(monkeypatch: pytest.MonkeyPatch) -> None:
    values = random_ratings(2, units=50)
    whole = alpha(values, level=Level.ORDINAL).value

    module = import_module("rubricstudio.domain.agreement.alpha")
    monkeypatch.setattr(module, "_BLOCK", 20)

    assert alpha(values, level=Level.ORDINAL).value == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(
    ("values", "n", "reason"),
    [
        ([[1, NAN], [NAN, 2]], 0, Reason.NOTHING_COMPARABLE),
        ([[NAN, NAN]], 0, Reason.NOTHING_COMPARABLE),
        ([[0.1, 0.1], [0.1, 0.1], [0.1, 0.1]], 3, Reason.UNDEFINED),
    ],
)
def test_it_has_no_value_where_nothing_is_comparable_or_nothing_varies(
    level: Level, values: list[list[float]], n: int, reason: Reason
) -> None:
    result = alpha(np.array(values), level=level)

    assert result.value is None
    assert (result.n, result.reason) == (n, reason)


@given(ratings, st.sampled_from(list(Level)), st.randoms(use_true_random=False))
def test_permuting_raters_or_units_leaves_alpha_unchanged(
    values: FloatArray, level: Level, random: Random
) -> None:
    before = alpha(values, level=level).value
    assume(before is not None)
    raters, units = list(range(values.shape[1])), list(range(values.shape[0]))
    random.shuffle(raters)
    random.shuffle(units)

    assert alpha(values[:, raters], level=level).value == pytest.approx(before, abs=1e-9)
    assert alpha(values[units], level=level).value == pytest.approx(before, abs=1e-9)


@given(ratings, st.sampled_from(list(Level)))
def test_alpha_is_at_most_one_and_one_only_for_full_agreement(
    values: FloatArray, level: Level
) -> None:
    result = alpha(values, level=level)
    agreed = np.repeat(np.nanmax(values, axis=1, keepdims=True, initial=1), 2, axis=1)
    same = alpha(agreed, level=level)

    assert result.value is None or result.value <= 1 + 1e-12
    assert same.value is None or same.value == pytest.approx(1, abs=1e-12)


@given(ratings, st.floats(0.5, 20), st.floats(-50, 50))
def test_interval_alpha_does_not_depend_on_unit_or_origin(
    values: FloatArray, unit: float, origin: float
) -> None:
    before = alpha(values, level=Level.INTERVAL).value
    assume(before is not None)

    after = alpha(values * unit + origin, level=Level.INTERVAL).value

    assert after == pytest.approx(before, abs=1e-8)


@given(ratings)
def test_ordinal_alpha_depends_on_order_alone(values: FloatArray) -> None:
    before = alpha(values, level=Level.ORDINAL).value
    assume(before is not None)

    assert alpha(np.exp(values), level=Level.ORDINAL).value == pytest.approx(before, abs=1e-9)


@given(ratings)
def test_nominal_ordinal_and_interval_are_the_same_for_two_values(values: FloatArray) -> None:
    binary = np.where(np.isnan(values), np.nan, (values > 1) * 1.0)

    results = [alpha(binary, level=level).value for level in Level]

    if results[0] is None:
        assert results == [None, None, None]
    else:
        assert results == pytest.approx([results[0]] * 3, abs=1e-9)
