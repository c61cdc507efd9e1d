"""Consensus: worked examples, laws, and the anaesthetists of Dawid and Skene (1979)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain import dawid_skene
from rubricstudio.domain.consensus import (
    Method,
    Provenance,
    consensus,
    suggestions,
    trust,
    weights,
)
from rubricstudio.domain.rubric import Level, Scale, ScaleKind
from rubricstudio.domain.table import VerdictTable, from_columns

LEVELS = Scale(ScaleKind.ORDINAL, (Level(1, "poor"), Level(2, "fair"), Level(3, "good")))
POINTS = Scale(ScaleKind.POINTS, maximum=10)
MET = Scale()


def table(rows: list[list[float | None]], criteria: list[str] | None = None) -> VerdictTable:
    """Units by raters, each unit a response of its own."""
    cells = [(u, r, value) for u, row in enumerate(rows) for r, value in enumerate(row)]
    names = criteria or ["c"] * len(rows)
    return from_columns(
        tasks=[u for u, _, _ in cells],
        responses=[u for u, _, _ in cells],
        criteria=[names[u] for u, _, _ in cells],
        raters=[r for _, r, _ in cells],
        values=[value for _, _, value in cells],
    )


def test_a_majority_knows_how_it_came_about() -> None:
    found = consensus(
        table([[1, 1, 1], [1, 1, 0], [1, 0, None], [0, None, None], [None, None, None]])
    )

    kinds = [Provenance(code).word for code in found.provenance]
    assert kinds == ["unanimous", "majority", "unresolved", "single", "unresolved"]
    assert found.n.tolist() == [3, 3, 2, 1, 0]
    np.testing.assert_equal(found.values, [1, 1, np.nan, 0, np.nan])
    np.testing.assert_allclose(found.share, [1, 2 / 3, np.nan, 1, np.nan])
    assert found.counts()[Provenance.UNRESOLVED] == 2


def test_unanimity_leaves_every_difference_open() -> None:
    found = consensus(table([[1, 1, 1], [1, 1, 0], [0, None, None]]), Method.UNANIMOUS)

    np.testing.assert_equal(found.values, [1, np.nan, 0])


def test_levels_have_a_mode_and_points_a_median() -> None:
    rows: list[list[float | None]] = [[1, 3, 3], [1, 2, 3], [2, 9, 4], [4, 7, None]]
    units = table(rows, ["levels", "levels", "points", "points"])
    scales: dict[str | int, Scale] = {"levels": LEVELS, "points": POINTS}

    for method in (Method.MAJORITY, Method.DAWID_SKENE):
        found = consensus(units, method, scales)
        # The median of 2, 4 and 9 is 4; of 4 and 7 it is 5.5, which nobody said.
        assert found.values[2:].tolist() == [4, 5.5]
        assert Provenance(found.provenance[3]) is Provenance.ESTIMATED
        assert found.share[3] == 0
        assert np.isnan(found.probability[2:]).all()
    np.testing.assert_equal(consensus(units, scales=scales).values[:2], [3, np.nan])


def test_a_vote_weighs_as_much_as_its_rater_agrees() -> None:
    # Raters 0 and 1 agree on 8 of 9 units. On the last unit 0 says met and 2 not met, who
    # agrees with nobody: 2 of 18 pairs.
    rows: list[list[float | None]] = [[1, 1, 0]] * 4
    rows += [[0, 0, 1]] * 4
    rows += [[1, 1, 1], [1, None, 0]]
    units = table(rows)

    # 0: with 1 nine of nine pairs, with 2 one of ten: (10 + 1) / (19 + 2).
    np.testing.assert_allclose(weights(units.values), [11 / 21, 11 / 20, 3 / 21])
    assert np.isnan(consensus(units).values[-1])
    found = consensus(units, Method.WEIGHTED)
    assert found.values[-1] == 1
    assert Provenance(found.provenance[-1]) is Provenance.ESTIMATED


# Table 1 of the paper: patients by ratings 1 to 4, the first observer's three first.
ANAESTHETISTS = """
    1111111 3334334 1122122 2223121 2223222 2223322 1221111 3333433 2222223 2322223 4444444
    2223343 1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221
    2223222 2212222 1111111 1111111 2322222 1111111 1111111 1121121 1111111 3333233 1111111
    2222222 2223232 4334343 2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111
    2222222
"""
OBSERVERS = (0, 0, 0, 1, 2, 3, 4)


def test_the_anaesthetists_of_dawid_and_skene() -> None:
    patients = ANAESTHETISTS.split()
    votes = [
        (patient, observer, int(digit) - 1)
        for patient, digits in enumerate(patients)
        for observer, digit in zip(OBSERVERS, digits, strict=True)
    ]
    units, raters, categories = np.array(votes).T

    model = dawid_skene.fit(units, raters, categories, shape=(45, 5, 4), tolerance=1e-12)

    # Published: the share of each class and the first observer's error rates, two decimals.
    np.testing.assert_allclose(model.priors, [0.40, 0.42, 0.11, 0.07], atol=0.005)
    first = [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]]
    np.testing.assert_allclose(model.errors[0], first, atol=0.0051)
    # crowd-kit 1.4.2 after as many steps, to six decimals (equal to 1e-9 in all cells).
    np.testing.assert_allclose(model.priors, [0.399970, 0.421576, 0.111788, 0.066667], atol=1e-6)
    assert model.converged


def test_a_careful_rater_wins_against_two_careless_ones() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 400).astype(np.float64)
    right = np.array([0.97, 0.6, 0.6])
    said = np.where(rng.random((400, 3)) < right, truth[:, None], 1 - truth[:, None])

    found = consensus(table(said.tolist()), Method.DAWID_SKENE)

    # By majority about 0.6*0.6 + 2*0.97*0.6*0.4 = 0.83 are right; the careful one alone 0.97.
    assert (found.values == truth).mean() > 0.95
    assert np.nanmin(found.probability) >= 0.5
    against = (found.provenance == Provenance.ESTIMATED).sum()
    assert against > 20


def test_suggestions_of_one_unit_are_those_of_the_whole_table() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 300)
    said = np.where(
        rng.random((300, 4)) < [0.95, 0.8, 0.7, 0.6], truth[:, None], 1 - truth[:, None]
    )
    units = table(said.astype(float).tolist())
    trusted = trust(units, "c")
    whole = {m: consensus(units, m) for m in (Method.MAJORITY, Method.WEIGHTED, Method.DAWID_SKENE)}

    for unit in range(0, 300, 17):
        votes = dict(zip(units.raters, units.values[unit].tolist(), strict=True))
        for made in suggestions(votes, MET, trusted):
            expected = whole[made.method].values[unit]
            assert made.value == (None if np.isnan(expected) else expected)
            if made.probability is not None:
                # The model's rates come from one step more than its probabilities.
                assert made.probability == pytest.approx(
                    whole[made.method].probability[unit], abs=1e-5
                )


def test_suggestions_without_votes_or_knowledge() -> None:
    assert [s.value for s in suggestions({}, MET)] == [None]
    assert [s.value for s in suggestions({1: 2.0, 2: 4.0}, POINTS)] == [3.0]
    assert [s.value for s in suggestions({1: 1.0, 2: 3.0}, LEVELS)] == [None]
    assert trust(table([[1, 0]]), "elsewhere") is None


def test_a_model_without_votes_has_no_opinion() -> None:
    nobody = np.array([], dtype=np.int64)

    model = dawid_skene.fit(nobody, nobody, nobody, shape=(2, 1, 2))

    assert model.probabilities.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert np.isnan(model.errors).all()


cells = st.sampled_from([0.0, 1.0, None])
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=12)
)


@given(tables, st.sampled_from(list(Method)))
def test_nobody_is_heard_more_for_standing_first(
    rows: list[list[float | None]], method: Method
) -> None:
    one = consensus(table(rows), method)
    other = consensus(table([row[::-1] for row in rows]), method)

    near = ~np.isnan(one.probability) & (np.abs(one.probability - 0.5) < 1e-6)
    np.testing.assert_equal(one.values[~near], other.values[~near])
    assert (one.provenance[~near] == other.provenance[~near]).all()


@given(tables, st.sampled_from(list(Method)))
def test_who_says_nothing_changes_nothing(rows: list[list[float | None]], method: Method) -> None:
    before = consensus(table(rows), method)
    after = consensus(table([[*row, None] for row in rows]), method)

    np.testing.assert_equal(before.values, after.values)
    assert (before.n == after.n).all()


@given(tables)
def test_what_all_say_is_what_the_vote_finds(rows: list[list[float | None]]) -> None:
    units = table(rows)
    for method in (Method.UNANIMOUS, Method.MAJORITY, Method.WEIGHTED):
        found = consensus(units, method)
        for row, value, kind in zip(rows, found.values, found.provenance, strict=True):
            said = {v for v in row if v is not None}
            if len(said) == 1:
                assert value == said.pop()
            assert (kind == Provenance.UNRESOLVED) == np.isnan(value)
