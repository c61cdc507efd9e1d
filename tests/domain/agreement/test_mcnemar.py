from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from rubricstudio.domain.agreement import discordant, mcnemar


def test_a_worked_exact_example() -> None:
    # b = 1, c = 4: 2 * (C(5,0) + C(5,1)) / 32 = 12/32
    result = mcnemar(1, 4)

    assert result.exact
    assert result.p_value == pytest.approx(0.375, abs=1e-15)


@pytest.mark.parametrize(
    ("b", "c"), [(0, 1), (3, 3), (2, 11), (12, 12), (10, 15), (5, 40), (100, 61), (30, 30)]
)
def test_it_equals_statsmodels(b: int, c: int) -> None:
    exact = b + c < 25
    theirs = statsmodels_mcnemar([[7, b], [c, 9]], exact=exact, correction=True)

    result = mcnemar(b, c)

    assert result.exact is exact
    assert result.p_value == pytest.approx(theirs.pvalue, abs=1e-12)
    assert result.statistic == pytest.approx(theirs.statistic, abs=1e-12)


def test_without_a_discordant_item_nothing_speaks_against_equality() -> None:
    assert mcnemar(0, 0).p_value == 1.0


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        mcnemar(-1, 2)


def test_it_counts_the_items_only_one_got_right() -> None:
    first = np.array([True, True, False, True])
    second = np.array([True, False, True, False])

    assert discordant(first, second) == (2, 1)
