from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from irrCAC.raw import CAC
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from rubricstudio.domain.agreement import Reason, cohen_kappa, fleiss_kappa, gwet_ac
from rubricstudio.domain.agreement.kappa import ac1_of
from rubricstudio.domain.table import FloatArray

from .conftest import random_ratings, ratings

NAN = float("nan")


def gwet_example() -> FloatArray:
    """100 items: 90 yes/yes, 5 yes/no, 5 no/yes."""
    return np.array([[1, 1]] * 90 + [[1, 0]] * 5 + [[0, 1]] * 5, dtype=np.float64)


def test_ac1_stays_high_where_kappa_collapses_at_extreme_prevalence() -> None:
    values = gwet_example()

    # AC1: pa = 0.90, prevalence 0.95, pe = 2*0.95*0.05 = 0.095, (0.90-0.095)/0.905 = 0.88950
    assert gwet_ac(values).value == pytest.approx(0.805 / 0.905, abs=1e-12)
    # kappa: po = 0.90, pe = 0.95^2 + 0.05^2 = 0.905, (0.90-0.905)/0.095 = -0.05263
    assert cohen_kappa(values[:, 0], values[:, 1]).value == pytest.approx(-0.005 / 0.095, abs=1e-12)


def test_cohen_kappa_of_a_worked_example() -> None:
    # [[20, 5], [10, 15]]: po = 35/50 = 0.7, pe = (25*30 + 25*20)/2500 = 0.5, kappa = 0.4.
    first = np.array([0] * 25 + [1] * 25, dtype=np.float64)
    second = np.array([0] * 20 + [1] * 5 + [0] * 10 + [1] * 15, dtype=np.float64)

    result = cohen_kappa(first, second)

    assert result.value == pytest.approx(0.4, abs=1e-12)
    assert result.n == 50


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("ours", "theirs"), [("identity", None), ("linear", "linear"), ("quadratic", "quadratic")]
)
def test_cohen_kappa_equals_scikit_learn(seed: int, ours: str, theirs: str | None) -> None:
    values = random_ratings(seed, raters=2, q=2 + seed % 4)
    first, second = values[~np.isnan(values).any(axis=1)].T

    expected = cohen_kappa_score(first, second, weights=theirs)

    assert cohen_kappa(*values.T, weights=ours).value == pytest.approx(expected, abs=1e-12)


def test_weights_measure_by_the_places_of_all_categories() -> None:
    # 1 against 3 with 2 unseen: two steps of three on a scale of 1-4, one of one otherwise.
    first, second = np.array([1.0, 3, 3, 4]), np.array([3.0, 3, 4, 1])
    scale = np.array([1.0, 2, 3, 4])

    expected = cohen_kappa_score(first, second, weights="linear", labels=[1, 2, 3, 4])

    result = cohen_kappa(first, second, weights="linear", categories=scale)
    assert result.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "n", "reason"),
    [
        ([1, NAN], [NAN, 1], 0, Reason.NOTHING_COMPARABLE),
        ([1, 1], [1, 1], 2, Reason.UNDEFINED),
    ],
)
def test_cohen_kappa_has_no_value_without_overlap_or_variation(
    first: list[float], second: list[float], n: int, reason: Reason
) -> None:
    result = cohen_kappa(np.array(first), np.array(second))

    assert (result.value, result.n, result.reason) == (None, n, reason)


def test_unknown_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="identity, linear or quadratic"):
        cohen_kappa(np.array([0.0, 1]), np.array([0.0, 1]), weights="cubic")


@pytest.mark.parametrize("seed", range(8))
def test_fleiss_kappa_equals_statsmodels(seed: int) -> None:
    values = random_ratings(seed, raters=3 + seed % 3, q=2 + seed % 3, missing=0)

    expected = statsmodels_fleiss(aggregate_raters(values.astype(int))[0])

    assert fleiss_kappa(values).value == pytest.approx(expected, abs=1e-12)


def test_fleiss_kappa_needs_the_same_number_of_values_but_not_the_same_raters() -> None:
    rotating = np.array([[1, 0, NAN], [NAN, 1, 1], [0, NAN, 0], [NAN, NAN, NAN]])
    uneven = np.array([[1, 0, 1], [NAN, 1, 1]])

    # Pairs agree in 2 of 3 units; p = 1/2 each, pe = 1/2; (2/3 - 1/2)/(1/2) = 1/3.
    assert fleiss_kappa(rotating).value == pytest.approx(1 / 3, abs=1e-12)
    assert fleiss_kappa(uneven).value is None
    assert fleiss_kappa(uneven).reason is Reason.UNEQUAL_RATERS


def test_fleiss_kappa_of_single_ratings_has_nothing_to_compare() -> None:
    assert fleiss_kappa(np.array([[1, NAN], [NAN, 0]])).reason is Reason.NOTHING_COMPARABLE


def irrcac(values: FloatArray, weights: str) -> float:
    """irrCAC's coefficient; with pandas 3 it takes NaN for a category unless told them."""
    seen = np.unique(values[~np.isnan(values)]).tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of pandas
        cac = CAC(pd.DataFrame(values), weights=weights, categories=seen, digits=12)
        return float(cac.gwet()["est"]["coefficient_value"])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic"])
def test_gwet_equals_irrcac(seed: int, weights: str) -> None:
    values = random_ratings(seed, q=2 + seed % 4)

    assert gwet_ac(values, weights=weights).value == pytest.approx(
        irrcac(values, weights), abs=1e-9
    )


def test_ac1_of_a_confusion_equals_ac1_of_the_columns() -> None:
    values = random_ratings(4, raters=2, q=3, missing=0)
    codes = (values - 1).astype(int)
    confusion = np.zeros((3, 3))
    np.add.at(confusion, (codes[:, 0], codes[:, 1]), 1)

    assert float(ac1_of(confusion)) == pytest.approx(gwet_ac(values).value, abs=1e-12)


def test_ac1_of_one_category_is_undefined_unless_the_choice_was_wider() -> None:
    values = np.ones((5, 2))

    assert gwet_ac(values).reason is Reason.UNDEFINED
    assert gwet_ac(values, categories=np.array([0.0, 1.0])).value == 1.0
    assert math.isnan(float(ac1_of(np.array([[5.0]]))))


@given(ratings)
def test_panel_coefficients_ignore_who_gave_which_value(values: FloatArray) -> None:
    flipped = values[:, ::-1]

    assert gwet_ac(flipped) == gwet_ac(values)
    assert fleiss_kappa(flipped) == fleiss_kappa(values)


@given(ratings)
def test_cohen_kappa_is_symmetric_and_never_above_one(values: FloatArray) -> None:
    result = cohen_kappa(values[:, 0], values[:, 1])
    assume(result.value is not None)
    assert result.value is not None

    assert cohen_kappa(values[:, 1], values[:, 0]).value == pytest.approx(result.value, abs=1e-12)
    assert result.value <= 1 + 1e-12
