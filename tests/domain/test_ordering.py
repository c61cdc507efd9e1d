"""Most uncertain first, and what the random share among it is good for."""

from __future__ import annotations

from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.ordering import (
    doubt,
    draw_share,
    most_uncertain_first,
    split,
    weighted_mean,
)


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ([3], 0.0),
        ([1, 1], 1.0),  # 2 (1 - 1/4 - 1/4) = 1
        ([2, 1], 8 / 9),  # 2 (1 - 4/9 - 1/9)
        ([1, 1, 1], 1.0),  # 2 (1 - 3/9) = 4/3, at most 1
        ([], 0.0),
    ],
)
def test_split(counts: list[int], value: float) -> None:
    assert split(counts) == pytest.approx(value)


def test_doubt_is_greatest_where_the_log_odds_are_zero() -> None:
    assert [doubt(p) for p in (0.0, 0.25, 0.5, 0.75, 1.0)] == [0, 0.5, 1, 0.5, 0]


def test_the_hard_ones_come_first_and_what_nobody_knows_last() -> None:
    order = most_uncertain_first({1: 0.1, 2: None, 3: 0.9, 4: 0.9, 5: 0.0}, frozenset(), seed=1)

    assert order == [3, 4, 1, 5, 2]


shares = st.floats(0, 1)


@given(st.integers(1, 60), shares, st.integers(0, 9))
def test_laws_of_the_order(n: int, share: float, seed: int) -> None:
    known = {item: ((item * 7) % 11) / 11 for item in range(n)}
    drawn = draw_share(list(known), share, seed)
    order = most_uncertain_first(known, drawn, seed)
    hard = [known[item] for item in order if item not in drawn]

    assert sorted(order) == list(range(n))
    assert hard == sorted(hard, reverse=True)
    assert len(drawn) == (min(n, max(1, round(share * n))) if share else 0)
    assert drawn == draw_share(sorted(known, reverse=True), share, seed)
    # Spread evenly: the first half of the sequence has about half of the drawn ones.
    first = sum(item in drawn for item in order[: n // 2])
    assert abs(first - len(drawn) / 2) <= 2.5


def test_the_mean_of_weighted_values() -> None:
    # (1*2 + 0*2 + 1*4) / 8 = 0.75; variance (2*.25)^2 + (2*.75)^2 + (4*.25)^2 = 3.5,
    # 3.5 * 3/2 / 64 = 0.0820, 1.96 * sqrt = 0.5614.
    found = weighted_mean([1, 0, 1, 5], [2, 2, 4, None])

    assert (found.n, found.mean) == (3, 0.75)
    assert found.low == pytest.approx(0.75 - 0.5614, abs=1e-4)
    assert found.high == pytest.approx(0.75 + 0.5614, abs=1e-4)
    assert weighted_mean([1], [None]).mean is None
    assert weighted_mean([1], [2]).low is None


def _stopped_early(seed: int) -> tuple[float, list[float], list[float | None]]:
    """600 items, the harder the less often met; judged until a third is done."""
    chance = Random(seed)
    hardness = {item: chance.random() for item in range(600)}
    met = {item: float(chance.random() > hard) for item, hard in hardness.items()}
    drawn = draw_share(list(hardness), 0.2, seed)
    order = most_uncertain_first(hardness, drawn, seed + 1)[:200]
    weights = [600 / len(drawn) if item in drawn else None for item in order]
    return mean(met.values()), [met[item] for item in order], weights


def test_stopped_early_the_random_share_is_unbiased_and_its_interval_holds() -> None:
    errors, plain, covered = [], [], 0
    for seed in range(400):
        truth, values, weights = _stopped_early(seed)
        found = weighted_mean(values, weights)
        assert found.mean is not None
        assert found.low is not None
        assert found.high is not None
        errors.append(found.mean - truth)
        plain.append(mean(values) - truth)
        covered += found.low <= truth <= found.high

    # About 40 of the drawn ones are judged by then: a standard error of 0.5 / sqrt(40) = 0.079
    # a seed, of 0.004 for the mean of 400 seeds. Of all 200 judged, 160 are the hardest, met
    # with 0.17 instead of 0.5: 160/200 * -0.33 = -0.27.
    assert abs(mean(errors)) < 0.012
    assert mean(plain) < -0.15
    # 95 % of intervals hold the truth, give or take 3 standard errors of 1.1 %; a normal
    # interval from 40 values holds a little less.
    assert covered / 400 > 0.91


def test_once_all_are_judged_every_item_counts_the_same() -> None:
    found = weighted_mean([1, 0, 0, 1], [1, 1, 1, 1])

    assert found.mean == 0.5
