"""Figures through the database equal the reference packages'."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries
from sklearn.metrics import cohen_kappa_score, confusion_matrix, precision_score, recall_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from rubricstudio.actions.imports import import_records
from rubricstudio.domain.formats.records import Preferred
from rubricstudio.domain.rubric import Criterion, Level, MetMeans, Rubric, Scale, ScaleKind
from scoring.queries.comparison import Compared, baseline, compared, is_kappa_misleading
from scoring.queries.material import preference_material, verdict_material
from scoring.queries.selection import (
    UnknownRound,
    by_default,
    comparable_rounds,
    named,
)
from tests.conftest import Cast
from tests.scoring.compare_data import (
    fill,
    pairs,
    preference,
    rubric_of,
    some_values,
    verdicts,
)

SHAPE = (40, 3)
GRADES = Scale(
    ScaleKind.ORDINAL, (Level(1, "poor"), Level(2, "fair"), Level(3, "good"), Level(4, "fine"))
)


def _compared(cast: Cast) -> Compared:
    rounds = comparable_rounds(cast.project)
    return compared(verdict_material(by_default(cast.project, rounds)))


def _majority(people: np.ndarray) -> np.ndarray:
    """(raters, units) of 0 and 1 to the majority, NaN where split or silent."""
    met, said = np.nansum(people, axis=0), (~np.isnan(people)).sum(axis=0)
    return np.where((2 * met == said) | (said == 0), np.nan, (2 * met > said).astype(float))


@pytest.mark.parametrize("seed", [1, 2])
def test_agreement_among_people_equals_the_reference_packages(cast: Cast, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = {name: some_values(rng, SHAPE) for name in ("ann", "bob", "cyd")}
    fill(cast, people=people, judges={})

    found = _compared(cast).people

    raters = np.stack([people[name].ravel() for name in ("ann", "bob", "cyd")])
    expected = krippendorff.alpha(raters, level_of_measurement="nominal", value_domain=[0, 1])
    assert found.overall.alpha.value == pytest.approx(expected, abs=1e-12)
    assert found.overall.n == int(((~np.isnan(raters)).sum(axis=0) >= 2).sum())
    for column, row in enumerate(found.by_criterion.values()):
        one = np.stack([values[:, column] for values in people.values()])
        expected = krippendorff.alpha(one, level_of_measurement="nominal", value_domain=[0, 1])
        assert row.alpha.value == pytest.approx(expected, abs=1e-12)


def test_fleiss_equals_statsmodels_where_everybody_answered(cast: Cast) -> None:
    rng = np.random.default_rng(5)
    people = {name: some_values(rng, SHAPE, missing=0) for name in ("ann", "bob", "cyd")}
    fill(cast, people=people, judges={})

    found = _compared(cast).people.overall

    table, _ = aggregate_raters(np.stack([v.ravel() for v in people.values()], axis=1))
    assert found.fleiss.value == pytest.approx(fleiss_kappa(table), abs=1e-12)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_judge_against_the_majority_equals_scikit_learn(cast: Cast, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = {name: some_values(rng, SHAPE) for name in ("ann", "bob", "cyd")}
    judge = some_values(rng, SHAPE, missing=0.2)
    fill(cast, people=people, judges={"gpt": judge})

    row = _compared(cast).judges[0]

    truth = _majority(np.stack([values.ravel() for values in people.values()]))
    both = ~np.isnan(truth) & ~np.isnan(judge.ravel())
    y, z = truth[both], judge.ravel()[both]
    assert row.overall.n == both.sum()
    assert row.overall.agreement.value == pytest.approx((y == z).mean())
    assert row.overall.kappa.value == pytest.approx(cohen_kappa_score(y, z))
    assert row.overall.precision.value == pytest.approx(precision_score(y, z))
    assert row.overall.recall.value == pytest.approx(recall_score(y, z))
    assert row.overall.confusion == tuple(map(tuple, confusion_matrix(y, z).tolist()))
    assert row.overall.bias.value == pytest.approx((z - y).mean())
    assert baseline(row.overall) == pytest.approx(max(y.mean(), 1 - y.mean()))
    assert row.unscored[None] == np.isnan(judge).sum()
    assert row.overall.coverage == pytest.approx(both.sum() / truth.size)


def test_an_ordinal_criterion_equals_the_reference_packages(cast: Cast) -> None:
    rng = np.random.default_rng(6)
    options = (1.0, 2.0, 3.0, 4.0)
    people = {n: some_values(rng, (50, 1), options=options) for n in ("ann", "bob", "cyd")}
    people["bob"][: len(people["ann"]) // 2] = people["ann"][: len(people["ann"]) // 2]
    judge = some_values(rng, (50, 1), options=options)
    rubric = Rubric((Criterion(key="grade", text="How good?", scale=GRADES),))
    fill(cast, people=people, judges={"gpt": judge}, rubric=rubric)

    found = _compared(cast)

    raters = np.stack([values.ravel() for values in people.values()])
    expected = krippendorff.alpha(raters, level_of_measurement="ordinal", value_domain=options)
    assert found.people.overall.alpha.value == pytest.approx(expected, abs=1e-12)
    material = found.material
    agreed = [_mode(unit[~np.isnan(unit)]) for unit in raters.T]
    both = [(a, j) for a, j in zip(agreed, judge.ravel(), strict=True) if a and not np.isnan(j)]
    y, z = zip(*both, strict=True)
    row = found.judges[0].overall
    assert material.table.n_units == 50
    assert row.weighted_kappa.value == pytest.approx(
        cohen_kappa_score(y, z, weights="quadratic", labels=list(options))
    )


def _mode(values: np.ndarray) -> float | None:
    """The single most frequent value, None where two tie."""
    if not len(values):
        return None
    options, counts = np.unique(values, return_counts=True)
    return None if (counts == counts.max()).sum() > 1 else float(options[counts.argmax()])


def test_criteria_of_different_scales_are_not_pooled(cast: Cast) -> None:
    rng = np.random.default_rng(7)
    binary = {name: some_values(rng, (30, 2)) for name in ("ann", "bob")}
    grades = {n: some_values(rng, (30, 1), options=(1.0, 2.0, 3.0, 4.0)) for n in binary}
    people = {name: np.concatenate([binary[name], grades[name]], axis=1) for name in binary}
    two = rubric_of(2).criteria
    rubric = Rubric((*two, Criterion(key="grade", text="How good?", scale=GRADES)))
    fill(cast, people=people, judges={"gpt": people["ann"]}, rubric=rubric)

    found = _compared(cast)

    raters = np.stack([values.ravel() for values in binary.values()])
    expected = krippendorff.alpha(raters, level_of_measurement="nominal", value_domain=[0, 1])
    assert found.scope is not None and found.scope.kind is ScaleKind.BINARY
    assert found.people.overall.alpha.value == pytest.approx(expected)
    assert [value.key for _, value in found.material.shown_criteria] == ["k0", "k1", "grade"]
    assert len(found.people.by_criterion) == len(found.judges[0].by_criterion) == 3


def test_judges_come_best_kappa_first_and_one_without_kappa_last(cast: Cast) -> None:
    rng = np.random.default_rng(8)
    truth = some_values(rng, SHAPE, missing=0)
    noisy = np.where(rng.random(SHAPE) < 0.3, 1 - truth, truth)
    silent = np.full(SHAPE, np.nan)
    judges = {"mute": silent, "noisy": noisy, "twin": truth, "wrong": 1 - truth}
    fill(cast, people={"ann": truth}, judges=judges)

    found = _compared(cast)

    assert [row.judge.label for row in found.judges] == ["twin", "noisy", "wrong", "mute"]
    mute = found.judges[-1]
    assert (mute.overall.kappa.value, mute.overall.n, mute.unscored[None]) == (None, 0, truth.size)


def test_one_judge_in_two_runs_stays_two_columns(cast: Cast) -> None:
    truth = some_values(np.random.default_rng(9), SHAPE, missing=0)
    fill(cast, people={"ann": truth}, judges={"gpt": truth})

    again = [
        row._replace(round="second", rater="gpt")  # type: ignore[union-attr]
        for row in verdicts("gpt", 1 - truth, ["k0", "k1", "k2"], judge=True)
    ]
    import_records(project=cast.project, records=again, by=cast.owner)

    found = _compared(cast)

    agreement = {row.judge.label: row.overall.agreement.value for row in found.judges}
    assert agreement == {"gpt (gpt)": 1.0, "gpt (second)": 0.0}


def test_a_frequent_answer_is_marked_where_it_sinks_kappa(cast: Cast) -> None:
    # 100 cells, people: 4 met. The judge misses 3 of them and adds 3: [[93, 3], [3, 1]].
    # Agreement 0.94, kappa 0.94 against 0.9232 by chance: 0.2188; AC1 0.9350.
    people = np.zeros((100, 1))
    people[:4] = 1
    judge = np.zeros((100, 1))
    judge[3:7] = 1
    fill(cast, people={"ann": people}, judges={"gpt": judge})

    row = _compared(cast).judges[0].overall

    assert row.kappa.value == pytest.approx((0.94 - 0.9232) / (1 - 0.9232))
    assert baseline(row) == 0.96
    assert is_kappa_misleading(row)


def test_balanced_answers_are_not_marked(cast: Cast) -> None:
    rng = np.random.default_rng(10)
    people = some_values(rng, SHAPE, missing=0)
    fill(cast, people={"ann": people}, judges={"gpt": some_values(rng, SHAPE, missing=0)})

    assert not is_kappa_misleading(_compared(cast).judges[0].overall)


def test_nothing_to_compare_gives_no_figure(cast: Cast) -> None:
    found = _compared(cast)

    assert found.is_empty
    assert found.people.overall.alpha.value is None
    assert found.judges == ()


def test_a_judge_alone_has_nothing_to_compare_with(cast: Cast) -> None:
    fill(cast, people={}, judges={"gpt": np.ones((5, 1))})

    found = _compared(cast)

    assert found.is_empty
    assert (found.judges[0].overall.n, found.judges[0].overall.no_people) == (0, 5)


def test_the_number_of_queries_does_not_grow(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rng = np.random.default_rng(11)
    names = ("gpt", "bard", "claude", "llama")
    judges = {name: some_values(rng, SHAPE) for name in names}
    fill(cast, people={n: some_values(rng, SHAPE) for n in ("ann", "bob")}, judges=judges)

    # Rounds, rubrics, criteria, raters; the verdicts themselves come by COPY.
    with django_assert_num_queries(5):
        _compared(cast)


def test_preferences_agree_like_nominal_values(cast: Cast) -> None:
    rng = np.random.default_rng(12)
    sides = [Preferred.TIE, Preferred.A, Preferred.B]
    said = rng.integers(0, 3, size=(3, 60))
    judged = rng.integers(0, 3, size=60)
    records = list(pairs(60))
    for name, row in zip(("ann", "bob", "cyd"), said, strict=True):
        records += [preference(n, name, sides[side]) for n, side in enumerate(row)]
    records += [preference(n, "gpt", sides[side], judge=True) for n, side in enumerate(judged)]
    import_records(project=cast.project, records=records, by=cast.owner)

    rounds = comparable_rounds(cast.project, preferences=True)
    found = compared(preference_material(by_default(cast.project, rounds)))

    assert found.people.overall.alpha.value == pytest.approx(
        krippendorff.alpha(said.astype(float), level_of_measurement="nominal")
    )
    modes = [_mode(unit.astype(float)) for unit in said.T]
    both = [(m, j) for m, j in zip(modes, judged.tolist(), strict=True) if m is not None]
    y, z = zip(*both, strict=True)
    assert found.judges[0].overall.kappa.value == pytest.approx(cohen_kappa_score(y, z))
    assert found.judges[0].overall.tied == 60 - len(both)


def test_a_pair_shown_the_other_way_round_is_the_same_pair(cast: Cast) -> None:
    records = [
        *pairs(2),
        preference(0, "ann", Preferred.A),
        preference(0, "bob", Preferred.B, turned=True),
        preference(1, "ann", Preferred.TIE),
        preference(1, "bob", Preferred.TIE, turned=True),
    ]
    import_records(project=cast.project, records=records, by=cast.owner)

    rounds = comparable_rounds(cast.project, preferences=True)
    found = compared(preference_material(by_default(cast.project, rounds)))

    assert (found.people.overall.n, found.people.overall.unanimous.value) == (2, 1.0)


def test_an_unknown_name_lists_the_known_ones(cast: Cast) -> None:
    fill(cast, people={"ann": np.ones((2, 1))}, judges={})
    rounds = comparable_rounds(cast.project)

    with pytest.raises(UnknownRound, match="no session 'expert' with verdicts; there are: experts"):
        named(cast.project, rounds, sessions=["expert"], runs=[])


def test_polarity_changes_no_agreement(cast: Cast) -> None:
    values = some_values(np.random.default_rng(13), SHAPE, missing=0)
    bad = Rubric(
        tuple(
            Criterion(key=f"k{n}", text=f"Point {n}.", weight=-1, met_means=MetMeans.BAD)
            for n in range(3)
        )
    )
    fill(cast, people={"ann": values}, judges={"gpt": values}, rubric=bad)

    assert _compared(cast).judges[0].overall.agreement.value == 1.0
