from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given

from rubricstudio.domain.agreement import Reason, icc
from rubricstudio.domain.table import FloatArray

from .conftest import ratings

NAN = float("nan")
# The table of Shrout and Fleiss (1979): 6 targets, 4 judges.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=np.float64,
)


def test_it_gives_the_published_values_of_shrout_and_fleiss() -> None:
    # Published mean squares: items 11.24, raters 32.49, error 1.02;
    # ICC(2,1) = .29 and ICC(2,4) = .62
    assert icc(SHROUT_FLEISS).value == pytest.approx(0.2898, abs=5e-5)
    assert icc(SHROUT_FLEISS, average=True).value == pytest.approx(0.6201, abs=5e-5)


def test_it_equals_the_anova_written_out() -> None:
    values = SHROUT_FLEISS
    n, k = values.shape
    rows, columns = values.mean(axis=1), values.mean(axis=0)
    msr = k * rows.var(ddof=1)
    msc = n * columns.var(ddof=1)
    residual = values - rows[:, None] - columns[None, :] + values.mean()
    mse = (residual**2).sum() / ((n - 1) * (k - 1))

    single = (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n)
    average = (msr - mse) / (msr + (msc - mse) / n)

    assert icc(values).value == pytest.approx(single, abs=1e-12)
    assert icc(values, average=True).value == pytest.approx(average, abs=1e-12)


def test_only_units_with_all_raters_count() -> None:
    more = np.vstack([SHROUT_FLEISS, [[1, NAN, 5, 5]], [[NAN] * 4]])

    assert icc(more) == icc(SHROUT_FLEISS)
    assert icc(more).n == 6


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([[1, NAN], [NAN, 2]], Reason.NOTHING_COMPARABLE),
        ([[1], [2]], Reason.UNDEFINED),
        ([[1, 2]], Reason.UNDEFINED),
        ([[0.1, 0.1], [0.1, 0.1], [0.1, 0.1]], Reason.UNDEFINED),
    ],
)
def test_it_has_no_value_without_two_units_two_raters_and_variation(
    values: list[list[float]], reason: Reason
) -> None:
    assert icc(np.array(values)).value is None
    assert icc(np.array(values)).reason is reason


@given(ratings)
def test_it_does_not_depend_on_the_origin_of_the_scale(values: FloatArray) -> None:
    before = icc(values).value
    assume(before is not None)

    assert icc(values + 1e5).value == pytest.approx(before, abs=1e-6)
