"""Every coefficient of people's agreement against reference packages, and by its laws."""

from __future__ import annotations

import warnings

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from irrCAC.raw import CAC
from sklearn.metrics import cohen_kappa_score, f1_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as their_fleiss

from rubricstudio.domain.agreement import (
    Bootstrap,
    Level,
    Reason,
    alpha,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac,
    icc,
    people_agreement,
)
from rubricstudio.domain.agreement.answers import Answers, answers_of, pairs_of
from rubricstudio.domain.agreement.dyads import Dyads
from rubricstudio.domain.agreement.study import MOST_RATERS, Row, Slicing, Study, whole
from rubricstudio.domain.rubric import Level as ScaleLevel
from rubricstudio.domain.rubric import Scale, ScaleKind
from rubricstudio.domain.table import FloatArray, Label, Repeats

from .conftest import random_ratings, ratings

NAN = float("nan")
POINTS = Scale(ScaleKind.POINTS, maximum=10)


def ordinal(q: int) -> Scale:
    return Scale(ScaleKind.ORDINAL, tuple(ScaleLevel(n, str(n)) for n in range(1, q + 1)))


def answers(values: FloatArray, *, per_task: int = 1, criteria: int = 1) -> Answers:
    """(n_units, n_raters) values; units go round the criteria, tasks hold `per_task` units."""
    n_units, n_raters = values.shape
    unit = np.repeat(np.arange(n_units), n_raters)
    return answers_of(
        tasks=unit // max(per_task, criteria),
        responses=unit // criteria,
        criteria=unit % criteria,
        raters=np.tile(np.arange(n_raters), n_units),
        values=values.ravel(),
    )


def overall(values: FloatArray, scale: Scale | None = None) -> Row:
    scales: dict[Label, Scale] | None = None if scale is None else {0: scale}
    study = Study(answers(values), scales, bootstrap=None)
    return study.rows(whole(len(values)))[0]


def pair(x: FloatArray, y: FloatArray, scale: Scale | None = None) -> Row:
    values = np.stack([x, y], axis=1)
    scales: dict[Label, Scale] | None = None if scale is None else {0: scale}
    study = Study(answers(values), scales, bootstrap=None)
    return Dyads(study, np.ones(len(values), dtype=np.bool_)).pair_rows([(0, 1)])[0]


def comparable(values: FloatArray) -> bool:
    seen = values[(~np.isnan(values)).sum(axis=1) >= 2]
    return len(np.unique(seen[~np.isnan(seen)])) >= 2


def theirs(values: FloatArray, weights: str, name: str) -> float:
    """irrCAC's coefficient; with pandas 3 it takes NaN for a category unless told them."""
    seen = np.unique(values[~np.isnan(values)]).tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of pandas
        cac = CAC(pd.DataFrame(values), weights=weights, categories=seen, digits=12)
        return float(getattr(cac, name)()["est"]["coefficient_value"])


# -- a panel


@settings(max_examples=40)
@given(ratings)
def test_alpha_of_every_level_equals_the_krippendorff_package(values: FloatArray) -> None:
    assume(comparable(values))
    q = int(np.nanmax(values))
    assume(q >= 2)

    for scale, level in (
        (None, Level.NOMINAL),
        (ordinal(q), Level.ORDINAL),
        (POINTS, Level.INTERVAL),
    ):
        row = overall(values, scale)
        reference = krippendorff.alpha(reliability_data=values.T, level_of_measurement=level.value)
        assert row.figure("alpha").value == pytest.approx(reference, abs=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_kappa_of_many_raters_and_gwet_equal_irrcac(seed: int) -> None:
    values = random_ratings(seed, units=50, raters=2 + seed % 4, q=2 + seed % 3)
    q = 2 + seed % 3

    row = overall(values, ordinal(q))

    assert row.figure("kappa").value == pytest.approx(theirs(values, "identity", "conger"))
    assert row.figure("ac1").value == pytest.approx(theirs(values, "identity", "gwet"))
    assert row.figure("ac2").value == pytest.approx(theirs(values, "quadratic", "gwet"))
    for kind in ("linear", "quadratic"):
        ours = row.figure(f"kappa_{kind}").value
        assert ours == pytest.approx(theirs(values, kind, "conger"))


@pytest.mark.parametrize("seed", range(6))
def test_fleiss_and_percent_equal_statsmodels(seed: int) -> None:
    values = random_ratings(seed, units=40, raters=3, q=3, missing=0)

    row = overall(values)

    table, _ = aggregate_raters(values.astype(int))
    assert row.figure("fleiss").value == pytest.approx(their_fleiss(table))
    agreeing = ((table * (table - 1)).sum(axis=1) / 6).mean()
    assert row.figure("percent").value == pytest.approx(agreeing)


@pytest.mark.parametrize("seed", range(4))
def test_a_study_equals_the_single_statistics_with_their_intervals(seed: int) -> None:
    values = random_ratings(seed, units=60, raters=3, q=4)
    bootstrap = Bootstrap(resamples=200, seed=5)
    given_ = answers(values, per_task=4)

    row = Study(given_, {0: ordinal(4)}, bootstrap).rows(whole(60))[0]

    tasks, categories = given_.table.tasks, np.array([1.0, 2, 3, 4])
    expected = alpha(values, level=Level.ORDINAL, tasks=tasks, bootstrap=bootstrap)
    for ours, single in (
        (row.figure("alpha"), expected),
        (
            row.figure("ac1"),
            gwet_ac(values, categories=categories, tasks=tasks, bootstrap=bootstrap),
        ),
    ):
        assert ours.n == single.n
        assert [ours.value, ours.low, ours.high] == pytest.approx(
            [single.value, single.low, single.high]
        )


@pytest.mark.parametrize("seed", range(4))
def test_icc_is_over_items_that_every_rater_of_the_slice_scored(seed: int) -> None:
    values = random_ratings(seed, units=40, raters=3, q=5, missing=0.1)
    values[1::2, 2] = np.nan  # criterion 1 was never scored by the third
    study = Study(answers(values, criteria=2), {0: POINTS, 1: POINTS}, bootstrap=None)

    rows = study.rows(Slicing(np.arange(40), study.answers.table.criteria, 2))

    three, two = values[::2], values[1::2, :2]
    for row, own in zip(rows, (three, two), strict=True):
        assert row.figure("icc").value == pytest.approx(icc(own).value)
        assert row.figure("icc_k").value == pytest.approx(icc(own, average=True).value)


def test_more_raters_than_columns_go_without_terms_for_each() -> None:
    rng = np.random.default_rng(2)
    values = np.full((80, MOST_RATERS + 4), NAN)
    for unit in range(80):
        chosen = rng.choice(MOST_RATERS + 4, 3, replace=False)
        values[unit, chosen] = rng.integers(0, 2, 3)

    row = overall(values)

    assert row.figure("kappa").reason is Reason.MANY_RATERS
    assert row.figure("alpha").value == pytest.approx(alpha(values).value)
    assert row.figure("fleiss").value == pytest.approx(fleiss_kappa(values).value)
    assert (row.n_raters, row.n_values) == (MOST_RATERS + 4, 240)


def test_slices_of_mixed_scales_are_not_pooled_and_others_are() -> None:
    values = np.array([[1, 1], [3, 2], [0, 1], [2, 2.0]])
    study = Study(answers(values, criteria=2), {1: ordinal(3)}, bootstrap=None)

    mixed, alone = study.rows(Slicing(np.array([0, 1, 0, 2]), np.array([0, 0, 1, 1]), 2))

    assert mixed.figure("alpha").reason is Reason.MIXED_SCALES
    assert (mixed.level, mixed.n) == (None, 2)
    assert alone.figure("percent").value == 0.5


def test_the_paradox_is_seen_in_a_worked_example() -> None:
    # 90 both 1, 5 + 5 split: percent 0.90, each says 1 in 95: pe 0.905, kappa -0.0526, AC1 0.8895.
    x = np.array([1.0] * 90 + [0.0] * 5 + [1.0] * 5)
    y = np.array([1.0] * 95 + [0.0] * 5)

    for row in (pair(x, y), overall(np.stack([x, y], axis=1))):
        assert row.figure("kappa").value == pytest.approx(-0.00475 / 0.095 - 0.0026316, abs=1e-4)
        assert row.figure("ac1").value == pytest.approx(0.8895, abs=5e-5)
        assert row.modal == 0.95
        assert row.kappa_misleads


# -- two at a time


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_a_pair_equals_scikit_learn(seed: int, q: int) -> None:
    values = random_ratings(seed, units=40, raters=2, q=q, missing=0.2)
    x, y = values[~np.isnan(values).any(axis=1)].T
    assume(len(np.unique(x)) > 1 and len(np.unique(y)) > 1)

    row = pair(values[:, 0], values[:, 1], ordinal(q))

    labels = list(range(1, q + 1))
    for name, kind in (
        ("kappa", None),
        ("kappa_linear", "linear"),
        ("kappa_quadratic", "quadratic"),
    ):
        reference = cohen_kappa_score(x, y, labels=labels, weights=kind)
        assert row.figure(name).value == pytest.approx(reference)
    assert row.figure("macro_f1").value == pytest.approx(f1_score(x, y, average="macro"))
    assert row.figure("percent").value == pytest.approx((x == y).mean())
    expected = alpha(values, level=Level.ORDINAL).value
    assert row.figure("alpha").value == pytest.approx(expected)


def test_a_rater_is_held_against_the_others_one_by_one() -> None:
    # Unit 1: ann 1, bob 1, cem 0. Unit 2: ann 0, bob 0. Ann agrees with half of unit 1's
    # others and all of unit 2's: (0.5 + 1) / 2. Cem agrees with nobody on the one unit.
    values = np.array([[1, 1, 0], [0, 0, NAN], [1, NAN, NAN]])
    study = Study(answers(values), bootstrap=None)

    ann, bob, cem = Dyads(study, np.ones(3, dtype=np.bool_)).rater_rows()

    assert (ann.n, bob.n, cem.n) == (2, 2, 1)
    assert ann.figure("percent").value == bob.figure("percent").value == pytest.approx(0.75)
    assert cem.figure("percent").value == 0.0
    # Ann against the others: 1/1 0.5, 1/0 0.5, 0/0 1: F1 of 1 is 2*0.5/(0.5+1), of 0 2/(1.5+1).
    assert ann.figure("macro_f1").value == pytest.approx((2 / 3 + 0.8) / 2)


def test_cells_are_the_pairs_on_each_criterion() -> None:
    values = random_ratings(7, units=60, raters=3, q=2)
    study = Study(answers(values, criteria=3), bootstrap=None)
    dyads = Dyads(study, np.ones(60, dtype=np.bool_))
    pairs = dyads.most_shared(9)

    cells = dyads.cells(pairs)

    for criterion in range(3):
        for (first, second), row in zip(pairs, cells[criterion], strict=True):
            own = values[criterion::3]
            reference = cohen_kappa(own[:, first], own[:, second], categories=np.array([1.0, 2]))
            assert row.figure("kappa").value == pytest.approx(reference.value)
            assert row.n == reference.n


def test_pairs_with_most_units_in_common_come_first() -> None:
    values = np.array([[1, 1, NAN], [1, 1, 1], [NAN, 1, 1], [NAN, 1, 1.0]])

    dyads = Dyads(Study(answers(values), bootstrap=None), np.ones(4, dtype=np.bool_))

    assert dyads.most_shared(2) == [(1, 2), (0, 1)]
    assert len(pairs_of(dyads.study.answers).units) == 1 + 3 + 1 + 1


# -- weights: a unit of weight k is k equal units


def repeated(values: FloatArray, weights: FloatArray) -> FloatArray:
    return np.repeat(values, weights.astype(int), axis=0)


@settings(max_examples=60)
@given(ratings, st.integers(0, 2**32 - 1))
def test_weights_equal_repeated_units(values: FloatArray, seed: int) -> None:
    weights = np.random.default_rng(seed).integers(1, 5, len(values)).astype(np.float64)
    twice = repeated(values, weights)
    for level in Level:
        ours = alpha(values, level=level, unit_weights=weights)
        assert ours.value == pytest.approx(alpha(twice, level=level).value, abs=1e-9)
        assert ours.n == alpha(values, level=level).n
    pairs_ = (
        (gwet_ac(values, unit_weights=weights), gwet_ac(twice)),
        (fleiss_kappa(values, unit_weights=weights), fleiss_kappa(twice)),
        (icc(values, unit_weights=weights), icc(twice)),
        (icc(values, average=True, unit_weights=weights), icc(twice, average=True)),
        (
            cohen_kappa(values[:, 0], values[:, 1], unit_weights=weights),
            cohen_kappa(twice[:, 0], twice[:, 1]),
        ),
    )
    for ours, reference in pairs_:
        assert ours.value == pytest.approx(reference.value, abs=1e-9)


@settings(max_examples=30)
@given(ratings, st.integers(0, 2**32 - 1), st.sampled_from(["nominal", "ordinal", "points"]))
def test_weighted_studies_equal_repeated_units(values: FloatArray, seed: int, kind: str) -> None:
    q = int(np.nanmax(values)) if comparable(values) else 0
    assume(q >= 2)
    scale = {"nominal": None, "ordinal": ordinal(q), "points": POINTS}[kind]
    scales: dict[Label, Scale] | None = None if scale is None else {0: scale}
    weights = np.random.default_rng(seed).integers(1, 4, len(values)).astype(np.float64)
    plain = answers(values)
    weighted = Study(Answers(plain.table, plain.who, plain.raters, weights), scales, None)
    many = Study(answers(repeated(values, weights)), scales, None)

    rows = [weighted.rows(whole(len(values)))[0], many.rows(whole(int(weights.sum())))[0]]
    dyads = [
        Dyads(one, np.ones(one.answers.table.n_units, dtype=np.bool_)) for one in (weighted, many)
    ]
    pairs_ = sorted(dyads[0].most_shared(99))

    lines = [(rows[0], rows[1])]
    lines += list(zip(dyads[0].pair_rows(pairs_), dyads[1].pair_rows(pairs_), strict=True))
    lines += list(zip(dyads[0].rater_rows(), dyads[1].rater_rows(), strict=True))
    for ours, reference in lines:
        for name in ours.figures:
            expected = reference.figure(name).value
            assert ours.figure(name).value == pytest.approx(expected, abs=1e-8), name
    assert rows[0].n == Study(plain, scales, None).rows(whole(len(values)))[0].n


def test_weighted_intervals_equal_those_of_repeated_units() -> None:
    values = random_ratings(3, units=40, raters=3, q=2)
    weights = np.random.default_rng(1).integers(1, 4, 40).astype(np.float64)
    tasks = np.arange(40) // 4

    ours = alpha(values, tasks=tasks, unit_weights=weights)
    reference = alpha(repeated(values, weights), tasks=np.repeat(tasks, weights.astype(int)))

    assert (ours.value, ours.low, ours.high) == pytest.approx(
        (reference.value, reference.low, reference.high)
    )


def test_the_pages_figures_take_weights_too() -> None:
    values = random_ratings(4, units=30, raters=3, q=2) - 1
    weights = np.random.default_rng(2).integers(1, 4, 30).astype(np.float64)
    table, many = answers(values).table, answers(repeated(values, weights)).table

    ours = people_agreement(table, scales={}, unit_weights=weights, bootstrap=None).overall
    reference = people_agreement(many, scales={}, bootstrap=None).overall

    for name in ("alpha", "gwet", "unanimous", "pairwise", "prevalence"):
        assert getattr(ours, name).value == pytest.approx(getattr(reference, name).value)
    assert ours.n < reference.n


# -- answers


def test_answers_stand_from_the_left_by_rising_rater() -> None:
    found = answers(np.array([[NAN, 2, 1], [NAN, NAN, NAN], [4, NAN, NAN]]))

    assert found.who.tolist() == [[1, 2], [-1, -1], [0, -1]]
    assert found.table.values_per_unit.tolist() == [2, 0, 1]
    assert np.isnan(found.by_rater()[1]).all()
    assert found.by_rater()[0, 1:].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("repeats", "expected"), [(Repeats.MAJORITY, 1.0), (Repeats.MEAN, pytest.approx(2 / 3))]
)
def test_several_answers_of_a_rater_become_one(repeats: Repeats, expected: float) -> None:
    found = answers_of(
        tasks=["t"] * 4,
        responses=["r"] * 4,
        criteria=["c"] * 4,
        raters=["ann", "ann", "bob", "ann"],
        values=[1, 0, 0, 1],
        repeats=repeats,
    )

    assert found.table.values.tolist() == [[expected, 0.0]]
    assert found.raters == ("ann", "bob")


def test_no_answers_have_no_agreement() -> None:
    empty = answers_of(tasks=[], responses=[], criteria=[], raters=[], values=[])
    study = Study(empty)

    dyads = Dyads(study, np.zeros(0, dtype=np.bool_))

    assert study.rows(whole(0))[0].figure("alpha").reason is Reason.NOTHING_COMPARABLE
    assert dyads.most_shared(5) == []
    assert dyads.rater_rows() == []
    assert dyads.cells([]) == {}
