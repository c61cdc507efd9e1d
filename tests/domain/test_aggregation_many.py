"""Laws of scores over random rubrics, and many responses at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricstudio.domain.aggregation import (
    AGGREGATORS,
    InvalidScoreInput,
    Missing,
    by_response,
    panel_values,
    score,
    score_many,
)
from rubricstudio.domain.rubric import (
    BINARY,
    Criterion,
    Level,
    MetMeans,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)
from rubricstudio.domain.table import from_columns
from rubricstudio.domain.verdict import VerdictStatus

NAN = float("nan")
SCALES = (
    BINARY,
    Scale(ScaleKind.POINTS, maximum=4),
    Scale(ScaleKind.ORDINAL, (Level(1, "low"), Level(2, "middle"), Level(5, "high"))),
)
VALUES = ((0.0, 1.0), (0.0, 1.5, 4.0), (1.0, 2.0, 5.0))
SIGNED = sorted(set(AGGREGATORS) - {"weighted_mean", "hierarchical_mean", "gated_tiers"})


@st.composite
def rubrics(draw: st.DrawFn, lowest: float = -5) -> Rubric:
    """Up to three groups and eight leaves; any polarity, scale, tier; some are gates."""
    groups = [
        Criterion(f"g{place}", "group", is_group=True) for place in range(draw(st.integers(0, 3)))
    ]
    names = [None, *(group.key for group in groups)]
    tiers = [Tier.MANDATORY, Tier.ESSENTIAL, Tier.IMPORTANT, Tier.OPTIONAL, Tier.IDEAL]
    leaves = [
        Criterion(
            f"c{place}",
            "leaf",
            weight=draw(st.integers(int(lowest), 9)),
            met_means=draw(st.sampled_from(list(MetMeans))),
            scale=draw(st.sampled_from(SCALES)),
            tier=draw(st.sampled_from(tiers)),
            gate=draw(st.integers(0, 5)) == 0,
            parent=draw(st.sampled_from(names)),
        )
        for place in range(draw(st.integers(1, 8)))
    ]
    return Rubric((*groups, *leaves))


@st.composite
def cases(draw: st.DrawFn, lowest: float = -5) -> tuple[Rubric, dict[str, float | None]]:
    rubric = draw(rubrics(lowest=lowest))
    return rubric, {
        leaf.key: draw(st.sampled_from((None, *values_of(leaf)))) for leaf in rubric.leaves
    }


def values_of(leaf: Criterion) -> tuple[float, ...]:
    return VALUES[SCALES.index(leaf.scale)]


def best(leaf: Criterion) -> float:
    return leaf.scale.high if leaf.met_means is MetMeans.GOOD else leaf.scale.low


@given(cases(), st.sampled_from(SIGNED))
def test_lower_and_upper_enclose_every_way_the_missing_could_turn_out(
    case: tuple[Rubric, dict[str, float | None]], aggregator: str
) -> None:
    rubric, verdicts = case
    result = score(rubric, verdicts, aggregator=aggregator)
    assume(result.lower is not None and result.upper is not None)
    assert result.lower is not None and result.upper is not None

    for choice in (0, -1, 1):
        completed = {
            key: held
            if held is not None
            else VALUES[SCALES.index(rubric.by_key[key].scale)][choice]
            for key, held in verdicts.items()
        }
        possible = score(rubric, completed, aggregator=aggregator)
        assert possible.value is not None
        assert result.lower - 1e-9 <= possible.value <= result.upper + 1e-9
        assert possible.value == possible.lower == possible.upper


@given(cases(), st.sampled_from(SIGNED), st.data())
def test_a_better_verdict_never_lowers_a_score(
    case: tuple[Rubric, dict[str, float | None]], aggregator: str, data: st.DataObject
) -> None:
    rubric, verdicts = case
    judged = [key for key, held in verdicts.items() if held is not None]
    assume(judged)
    key = data.draw(st.sampled_from(judged))
    before = score(rubric, verdicts, aggregator=aggregator).value
    assume(before is not None)

    improved = {**verdicts, key: best(rubric.by_key[key])}

    after = score(rubric, improved, aggregator=aggregator).value
    assert before is not None and after is not None
    assert after >= before - 1e-9


@given(cases(lowest=0), st.sampled_from(["weighted_mean", "hierarchical_mean", "gated_tiers"]))
def test_shares_stay_between_zero_and_one(
    case: tuple[Rubric, dict[str, float | None]], aggregator: str
) -> None:
    rubric, verdicts = case
    result = score(rubric, verdicts, aggregator=aggregator)

    for number in (result.value, result.lower, result.upper):
        assert number is None or -1e-12 <= number <= 1 + 1e-12


@given(cases())
def test_min_max_lies_between_zero_and_one_and_within_its_bounds(
    case: tuple[Rubric, dict[str, float | None]],
) -> None:
    rubric, verdicts = case
    result = score(rubric, verdicts, aggregator="min_max", params={"gate_cap": 1.0})
    assume(result.value is not None)
    assert result.lower is not None and result.value is not None and result.upper is not None

    assert 0 <= result.lower <= result.value + 1e-12
    assert result.value <= result.upper + 1e-12 <= 1 + 2e-12


@given(cases(), st.floats(0.1, 10))
def test_normalised_scores_do_not_depend_on_the_unit_of_weight(
    case: tuple[Rubric, dict[str, float | None]], unit: float
) -> None:
    rubric, verdicts = case
    scaled = Rubric(
        tuple(
            leaf
            if leaf.is_group
            else Criterion(
                leaf.key,
                leaf.text,
                weight=leaf.weight * unit,
                met_means=leaf.met_means,
                scale=leaf.scale,
                gate=leaf.gate,
                parent=leaf.parent,
            )
            for leaf in rubric.criteria
        )
    )

    for aggregator in ("pos_normalised", "min_max", "abs_normalised"):
        before = score(rubric, verdicts, aggregator=aggregator).value
        after = score(scaled, verdicts, aggregator=aggregator).value
        assert (before is None) is (after is None)
        assert before is None or after == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize("aggregator", sorted(AGGREGATORS))
@pytest.mark.parametrize("missing", list(Missing))
def test_many_responses_score_as_each_alone(aggregator: str, missing: Missing) -> None:
    rng = np.random.default_rng(3)
    rubric = Rubric(
        (
            Criterion("group", "group", is_group=True, weight=2),
            Criterion("a", "a", weight=3, tier=Tier.MANDATORY, parent="group"),
            Criterion("b", "b", weight=1, tier=Tier.IMPORTANT, met_means=MetMeans.BAD),
            Criterion("c", "c", weight=2, tier=Tier.IDEAL, scale=SCALES[1], gate=True),
            Criterion("d", "d", weight=0, tier=Tier.OPTIONAL),
        )
    )
    values = rng.integers(0, 2, size=(40, 4)).astype(np.float64)
    values[rng.random(values.shape) < 0.3] = NAN
    absent = np.isnan(values) & (rng.random(values.shape) < 0.4)

    many = score_many(rubric, values, not_applicable=absent, aggregator=aggregator, missing=missing)

    for row in range(40):
        verdicts = {
            key: VerdictStatus.NOT_APPLICABLE if absent[row, place] else held
            for place, (key, held) in enumerate(
                zip("abcd", [None if v != v else v for v in values[row].tolist()], strict=True)
            )
        }
        one = score(rubric, verdicts, aggregator=aggregator, missing=missing)
        for name in ("value", "lower", "upper"):
            number = float(getattr(many, name)[row])
            held = getattr(one, name)
            assert held is None if number != number else held == pytest.approx(number)
        assert (many.n_verdicts[row], many.n_missing[row]) == (one.n_verdicts, one.n_missing)
        assert many.n_not_applicable[row] == one.n_not_applicable
        coverage = float(many.coverage[row])
        assert one.coverage is None if coverage != coverage else one.coverage == coverage


def test_a_matrix_of_another_shape_is_refused() -> None:
    rubric = Rubric((Criterion("a", "a"), Criterion("b", "b")))

    with pytest.raises(InvalidScoreInput, match=r"shape \(3, 1\) for 2 criteria"):
        score_many(rubric, np.ones((3, 1)))
    with pytest.raises(InvalidScoreInput, match="differ in shape"):
        score_many(rubric, np.ones((3, 2)), not_applicable=np.zeros((1, 2), dtype=bool))


def test_a_value_on_what_does_not_apply_is_refused() -> None:
    rubric = Rubric((Criterion("a", "a"),))

    with pytest.raises(InvalidScoreInput, match="does not apply has a value"):
        score_many(rubric, np.ones((1, 1)), not_applicable=np.ones((1, 1), dtype=bool))


def test_no_responses_have_no_scores() -> None:
    rubric = Rubric((Criterion("a", "a"),))

    assert len(score_many(rubric, np.zeros((0, 1))).value) == 0


# -- from several raters to one value


def test_a_split_panel_never_raises_a_score() -> None:
    rubric = Rubric(
        (
            Criterion("does", "does"),
            Criterion("errs", "errs", met_means=MetMeans.BAD),
            Criterion("points", "points", scale=SCALES[1]),
        )
    )
    rows = [
        ("r1", "does", "ann", 1), ("r1", "does", "bob", 0),
        ("r1", "errs", "ann", 1), ("r1", "errs", "bob", 0),
        ("r1", "points", "ann", 4), ("r1", "points", "bob", 1),
        ("r2", "does", "ann", 1), ("r2", "does", "bob", 1),
        ("r2", "errs", "ann", None), ("r2", "errs", "bob", None),
    ]  # fmt: skip
    responses, criteria, raters, values = map(list, zip(*rows, strict=True))
    table = from_columns(
        tasks=["t"] * len(rows),
        responses=responses,
        criteria=criteria,
        raters=raters,
        values=values,
    )

    voted = panel_values(rubric, table)

    # ties: not met where met is good, met where met is bad; points: (4 + 1)/2
    np.testing.assert_array_equal(voted, [0, 1, 2.5, 1, NAN])
    matrix = by_response(table, voted, ("points", "does", "errs", "not in the table"))
    np.testing.assert_array_equal(matrix, [[2.5, 0, 1, NAN], [NAN, 1, NAN, NAN]])


def test_a_panel_that_said_nothing_has_no_values() -> None:
    rubric = Rubric((Criterion("c", "c"),))
    table = from_columns(tasks=["t"], responses=["r"], criteria=["c"], raters=["x"], values=[None])

    np.testing.assert_array_equal(panel_values(rubric, table), [NAN])
