from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given

from rubricstudio.domain.agreement import majority, unanimous
from rubricstudio.domain.agreement.panel import panel_mean
from rubricstudio.domain.table import FloatArray

from .conftest import ratings

NAN = float("nan")


def test_the_majority_is_the_value_given_most_often() -> None:
    values = np.array([[1, 1, 0], [0, NAN, NAN], [2, 1, 2]])

    np.testing.assert_array_equal(majority(values), [1, 0, 2])


def test_a_tie_and_silence_have_no_majority() -> None:
    values = np.array([[1, 0, NAN], [NAN, NAN, NAN], [1, 2, 3]])

    np.testing.assert_array_equal(majority(values), [NAN, NAN, NAN])
    np.testing.assert_array_equal(majority(values * NAN), [NAN, NAN, NAN])


def test_a_majority_can_ask_for_several_raters() -> None:
    values = np.array([[1, NAN, NAN], [1, 1, NAN]])

    np.testing.assert_array_equal(majority(values, at_least=2), [NAN, 1])


def test_the_mean_leaves_out_what_is_missing() -> None:
    values = np.array([[1, 4, NAN], [NAN, NAN, NAN]])

    np.testing.assert_array_equal(panel_mean(values), [2.5, NAN])
    np.testing.assert_array_equal(panel_mean(values, at_least=3), [NAN, NAN])


def test_one_value_alone_is_not_unanimous() -> None:
    values = np.array([[1, 1, NAN], [1, NAN, NAN], [1, 0, 1], [NAN, NAN, NAN]])

    np.testing.assert_array_equal(unanimous(values), [True, False, False, False])


@given(ratings)
def test_the_majority_equals_counting(values: FloatArray) -> None:
    for row, found in zip(values, majority(values), strict=True):
        counts = Counter(row[~np.isnan(row)].tolist()).most_common(2)
        if not counts or (len(counts) == 2 and counts[0][1] == counts[1][1]):
            assert np.isnan(found)
        else:
            assert found == counts[0][0]
