"""What a run will take: worked examples of the arithmetic, and how often its intervals hold."""

from __future__ import annotations

import random

import pytest

from rubricstudio.domain.spending import Expected, rate_of, t95, total_of_sample


@pytest.mark.parametrize(
    ("freedom", "point"),  # a printed table
    [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (39, 2.023), (1000, 1.962)],
)
def test_students_points(freedom: int, point: float) -> None:
    assert t95(freedom) == pytest.approx(point, abs=0.001)


def test_the_sum_over_a_sample_by_hand() -> None:
    # mean 20, s 10, n 3 of 12: 4.303 * 10 * sqrt((1 - 1/4) / 3) * 12 = 258.2
    found = total_of_sample([10, 20, 30], 12)

    assert found.value == 240
    assert found.high == pytest.approx(240 + 258.16, abs=0.01)
    assert found.low == 60  # the three that were seen


def test_what_was_seen_whole_is_certain() -> None:
    assert total_of_sample([3, 4], 2) == Expected(7, 7, 7)
    assert total_of_sample([], 0) == Expected(0, 0, 0)


@pytest.mark.parametrize(("sizes", "population"), [([], 3), ([5], 3), ([1, 2, 3], 2)])
def test_too_few_say_nothing(sizes: list[float], population: int) -> None:
    with pytest.raises(ValueError, match="say nothing"):
        total_of_sample(sizes, population)


def test_a_rate_by_hand() -> None:
    # (4, 1), (8, 3): 4/12 a unit; residuals -1/3 and 1/3, s = sqrt(2/9); 12.706 * s / 6 * sqrt(1)
    found = rate_of([(4, 1), (8, 3)], 2)

    assert found.value == pytest.approx(1 / 3)
    assert found.high - found.value == pytest.approx(12.706205 * (2 / 9) ** 0.5 / 6)
    assert found.low == 0


def test_a_rate_that_never_varied_is_certain() -> None:
    assert rate_of([(4, 1), (8, 2)], 5) == Expected(0.25, 0.25, 0.25)


@pytest.mark.parametrize("pairs", [[], [(1.0, 1.0)], [(0.0, 1.0), (0.0, 2.0)]])
def test_a_rate_needs_two_calls(pairs: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="earlier calls"):
        rate_of(pairs, 5)


def test_figures_are_added_and_multiplied_with_their_ends() -> None:
    one, other = Expected(10, 8, 12), Expected(2, 1, 4)

    assert one + other == Expected(12, 9, 16)
    assert one * other == Expected(20, 8, 48)
    assert one.times(0.5) == Expected(5, 4, 6)
    with pytest.raises(ValueError, match="does not lie"):
        Expected(1, 2, 3)


def test_intervals_hold_as_often_as_they_say() -> None:
    """Prompts as lengths of texts are: skewed, and forty of two thousand were looked at."""
    chance = random.Random(7)
    sizes = [chance.lognormvariate(7, 0.6) for _ in range(2000)]
    truth = sum(sizes)
    found = [total_of_sample(chance.sample(sizes, 40), len(sizes)) for _ in range(1000)]

    held = sum(each.low <= truth <= each.high for each in found) / len(found)
    assert 0.90 <= held <= 0.98


def test_a_rate_foretells_the_calls_to_come() -> None:
    chance = random.Random(11)

    def call() -> tuple[float, float]:
        size = chance.uniform(500, 5000)
        return size, size / 4 + chance.gauss(0, 60)

    held = 0
    for _ in range(400):
        rate, later = rate_of([call() for _ in range(30)], 50), [call() for _ in range(50)]
        true = sum(y for _, y in later) / sum(x for x, _ in later)
        held += rate.low <= true <= rate.high
    assert 0.92 <= held / 400 <= 0.98
