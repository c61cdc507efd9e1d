from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from rubricstudio.domain.aggregation import (
    AGGREGATORS,
    Clip,
    InvalidScoreInput,
    Missing,
    Score,
    UnfitRubric,
    Unit,
    aggregator_named,
    mean_of_scores,
    score,
    score_many,
)
from rubricstudio.domain.rubric import Criterion, Level, MetMeans, Rubric, Scale, ScaleKind, Tier
from rubricstudio.domain.verdict import VerdictStatus

GOOD, BAD = MetMeans.GOOD, MetMeans.BAD
Given = Mapping[str, Any]
NAN = float("nan")
POINTS_5 = Scale(ScaleKind.POINTS, maximum=5)
GRADES = Scale(ScaleKind.ORDINAL, tuple(Level(grade, str(grade)) for grade in range(1, 11)))


def criterion(key: str, weight: float = 1.0, met_means: MetMeans = GOOD, **more: Any) -> Criterion:
    return Criterion(key, f"the response does {key}", weight=weight, met_means=met_means, **more)


def flat(*weights: float, **more: Any) -> Rubric:
    """Criteria a, b, c...; meeting one with a negative weight is bad."""
    rows = zip("abcdefgh", weights, strict=False)
    return Rubric(
        tuple(criterion(key, weight, GOOD if weight >= 0 else BAD) for key, weight in rows), **more
    )


def met(*values: float | None) -> dict[str, float | None]:
    return dict(zip("abcdefgh", values, strict=False))


def value(
    rubric: Rubric, verdicts: Mapping[str, Any], aggregator: str, **more: Any
) -> float | None:
    return score(rubric, verdicts, aggregator=aggregator, **more).value


# -- golden values, weights [5, 3, -4]: P = 8, N = 4


@pytest.mark.parametrize(
    ("aggregator", "expected"),
    [
        ("pos_normalised", 1 / 8),  # A = 5 - 4 = 1
        ("pos_normalised_unclipped", 1 / 8),
        ("pos_normalised_clipped", 1 / 8),
        ("min_max", 5 / 12),  # (1 + 4)/(8 + 4)
        ("abs_normalised", 1 / 12),
        ("count_share", 1 / 3),  # a met; b not met; c met, which is bad
    ],
)
def test_one_good_met_and_the_bad_one_met(aggregator: str, expected: float) -> None:
    result = value(flat(5, 3, -4), met(1, 0, 1), aggregator)

    assert result == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("aggregator", "expected"),
    [
        ("pos_normalised", -0.5),  # A = -4
        ("pos_normalised_unclipped", -0.5),
        ("pos_normalised_clipped", 0.0),
        ("min_max", 0.0),
        ("abs_normalised", -4 / 12),
        ("count_share", 0.0),
    ],
)
def test_only_the_bad_one_met(aggregator: str, expected: float) -> None:
    result = value(flat(5, 3, -4), met(0, 0, 1), aggregator)

    assert result == pytest.approx(expected, abs=1e-15)


def test_the_headline_of_two_examples_is_clipped_after_the_mean() -> None:
    scores = np.array([-0.5, 0.9])

    # mean 0.20; clipping each first would give 0.45
    assert mean_of_scores(scores, clip=Clip.MEAN).value == pytest.approx(0.20)
    assert mean_of_scores(np.maximum(scores, 0)).value == pytest.approx(0.45)


def tiered(*tiers: Tier) -> Rubric:
    rows = zip("abcdefgh", tiers, strict=False)
    return Rubric(tuple(criterion(key, tier=tier) for key, tier in rows))


KWBENCH = tiered(Tier.MANDATORY, Tier.IMPORTANT, Tier.OPTIONAL, Tier.IDEAL)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (met(1, 1, 0, 0), 0.575),  # 0.40 + 0.35*1/2 + 0.25*0/1
        (met(0, 1, 1, 1), 0.0),  # a mandatory one fails
        (met(1, 1, 1, 1), 1.0),
        (met(1, 0, 0, 0), 0.40),
    ],
)
def test_gated_tiers(verdicts: dict[str, float], expected: float) -> None:
    assert value(KWBENCH, verdicts, "gated_tiers") == pytest.approx(expected, abs=1e-15)


def test_an_empty_tier_adds_nothing() -> None:
    assert value(tiered(Tier.MANDATORY), met(1), "gated_tiers") == 0.40
    assert value(tiered(Tier.IDEAL), met(1), "gated_tiers") == pytest.approx(0.65)


def grouped(*sizes: int) -> Rubric:
    """Groups g0, g1... of that many yes/no checks."""
    criteria = []
    for place, size in enumerate(sizes):
        group = f"g{place}"
        criteria.append(Criterion(group, group, is_group=True))
        criteria += [criterion(f"{group}.{check}", parent=group) for check in range(size)]
    return Rubric(tuple(criteria))


def test_each_failed_check_halves_its_group() -> None:
    rubric = grouped(2, 2, 3)
    fails = {"g1.0", "g2.0", "g2.1", "g2.2"}
    verdicts = {leaf.key: float(leaf.key not in fails) for leaf in rubric.leaves}

    # groups with 0, 1 and 3 "No": (1 + 0.5 + 0.125)/3
    assert value(rubric, verdicts, "geometric_penalty") == pytest.approx(1.625 / 3, abs=1e-15)


def test_a_check_outside_any_group_is_its_own() -> None:
    assert value(flat(1, 1), met(1, 0), "geometric_penalty") == pytest.approx((1 + 0.5) / 2)
    assert value(flat(1, 1), met(1, 0), "geometric_penalty", params={"base": 0.2}) == 0.6


def test_the_excess_over_a_threshold_is_cacs_at_k() -> None:
    rubric = Rubric(tuple(criterion(f"c{place}") for place in range(30)))
    matrix = np.array([[1.0] * s + [0.0] * (30 - s) for s in (9, 10, 30)])

    scores = score_many(rubric, matrix, aggregator="threshold_excess").value

    # s = 9, 10, 30 over k = 10, M = 30: 0, 1 and 21 of 21; mean 0.3492
    np.testing.assert_allclose(scores, [0, 1 / 21, 1])
    assert mean_of_scores(scores).value == pytest.approx(22 / 63)


def test_the_threshold_is_a_parameter() -> None:
    rubric = flat(1, 1, 1, 1)

    assert value(rubric, met(1, 1, 1, 0), "threshold_excess", params={"k": 3}) == 0.5  # 1 of 2
    assert value(rubric, met(1, 1, 1, 1), "threshold_excess") is None  # k = 10 of 4 criteria


def test_weighted_mean_refuses_negative_weights_and_says_what_to_do() -> None:
    assert value(flat(4, 1), met(1, 0), "weighted_mean") == 0.8
    with pytest.raises(UnfitRubric, match="criterion 'b' weighs -4.*met_means.*min_max"):
        value(flat(5, -4), met(1, 0), "weighted_mean")


def test_deductions_stop_at_nothing_within_an_item() -> None:
    rubric = Rubric(
        (
            Criterion("intro", "intro", is_group=True),
            criterion("greets", 1, parent="intro"),
            criterion("rude", -3, BAD, parent="intro"),
            Criterion("body", "body", is_group=True),
            criterion("argues", 4, parent="body", scale=POINTS_5),
            criterion("repeats", -1, BAD, parent="body"),
        )
    )
    verdicts = {"greets": 1.0, "rude": 1.0, "argues": 3.0, "repeats": 1.0}

    # intro: max(0, 1 - 3) = 0; body: max(0, 4*3/5 - 1) = 1.4
    assert value(rubric, verdicts, "points_with_deductions") == pytest.approx(1.4)
    assert AGGREGATORS["points_with_deductions"].unit is Unit.MARKS


QUARK = Rubric(
    (
        criterion("e", 10, tier=Tier.ESSENTIAL, scale=POINTS_5),
        criterion("i", 4, tier=Tier.IMPORTANT),
        criterion("h", 2, tier=Tier.OPTIONAL),
        criterion("p", -3, BAD, tier=Tier.PITFALL),
    )
)


@pytest.mark.parametrize(
    ("verdicts", "params", "expected"),
    [
        # weights 2:1:1:2; below: 2*10 + 4 + 2 + 2*3 = 32
        ({"e": 5, "i": 1, "h": 1, "p": 0}, {}, 1.0),
        ({"e": 0, "i": 0, "h": 0, "p": 1}, {}, 0.0),
        ({"e": 2.5, "i": 1, "h": 0, "p": 1}, {}, (2 * 5 + 4) / 32),
        # truncation: essential 5 < 0.6*10, so important and highlight earn nothing
        ({"e": 2.5, "i": 1, "h": 1, "p": 0}, {"essential_share": 0.6}, (10 + 6) / 32),
        # truncation: pitfall points 3 > 0.5*3
        ({"e": 5, "i": 1, "h": 1, "p": 1}, {"pitfall_share": 0.5}, 20 / 32),
        # saturation: important 4 cut to 3, highlight 2; then their total 5 to 4
        ({"e": 5, "i": 1, "h": 1, "p": 0}, {"tier_cap": 3.0}, (20 + 3 + 2 + 6) / 32),
        (
            {"e": 5, "i": 1, "h": 1, "p": 0},
            {"tier_cap": 3.0, "total_cap": 4.0},
            (20 + 4 + 6) / 32,
        ),
    ],
)
def test_truncated_tiers(
    verdicts: dict[str, float], params: dict[str, float], expected: float
) -> None:
    result = value(QUARK, verdicts, "truncated_tiers", params=params)

    assert result == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("aggregator", ["gated_tiers", "truncated_tiers"])
def test_tiers_are_needed_where_an_aggregator_reads_them(aggregator: str) -> None:
    with pytest.raises(UnfitRubric, match="criterion 'a' needs a tier"):
        value(flat(1), met(1), aggregator)


def test_pitfalls_have_no_place_in_gated_tiers() -> None:
    with pytest.raises(UnfitRubric, match="needs a tier: one of mandatory"):
        value(tiered(Tier.PITFALL), met(1), "gated_tiers")


TREE = Rubric(
    (
        Criterion("code", "code", weight=3, is_group=True),
        criterion("runs", 2, parent="code"),
        criterion("tests", 1, parent="code"),
        criterion("text", 1),
    )
)


def test_a_group_is_the_weighted_mean_of_its_children() -> None:
    # code = (2*1 + 1*0)/3 = 2/3; root = (3*2/3 + 1*1)/4
    result = value(TREE, {"runs": 1, "tests": 0, "text": 1}, "hierarchical_mean")

    assert result == pytest.approx(3 / 4)


def test_a_group_without_verdicts_leaves_its_siblings_the_whole_weight() -> None:
    assert value(TREE, {"text": 1}, "hierarchical_mean") == 1.0


def test_a_tree_refuses_negative_weights_among_siblings() -> None:
    with pytest.raises(UnfitRubric, match="among siblings"):
        value(flat(1, -1), met(1, 0), "hierarchical_mean")


def test_grades_are_averaged_level_by_level_without_weights() -> None:
    rubric = Rubric(
        (
            Criterion("coverage", "coverage", weight=9, is_group=True),
            criterion("c1", 5, parent="coverage", scale=GRADES),
            criterion("c2", 1, parent="coverage", scale=GRADES),
            Criterion("quality", "quality", is_group=True),
            criterion("q1", parent="quality", scale=GRADES),
        )
    )
    verdicts = {"c1": 10.0, "c2": 4.0, "q1": 5.0}

    # (mean(10, 4) + 5)/2 = 6; with c2 not applicable (10 + 5)/2
    assert value(rubric, verdicts, "hierarchical_grades") == pytest.approx(6.0)
    dropped = {**verdicts, "c2": VerdictStatus.NOT_APPLICABLE}
    assert value(rubric, dropped, "hierarchical_grades") == pytest.approx(7.5)


# -- polarity, scales


@pytest.mark.parametrize("weight", [-2.0, 2.0])
def test_polarity_says_what_helps_and_the_weight_only_how_much(weight: float) -> None:
    avoids = Rubric((criterion("a", 4), criterion("avoids error", weight, GOOD)))
    errs = Rubric((criterion("a", 4), criterion("errs", weight, BAD)))
    well = {"a": 1, "avoids error": 1}, {"a": 1, "errs": 0}
    badly = {"a": 1, "avoids error": 0}, {"a": 1, "errs": 1}

    for aggregator in ("pos_normalised", "min_max", "abs_normalised", "count_share"):
        good = [value(avoids, well[0], aggregator), value(errs, well[1], aggregator)]
        bad = [value(avoids, badly[0], aggregator), value(errs, badly[1], aggregator)]
        assert good[0] == good[1]
        assert bad[0] == bad[1]
        assert good[0] > bad[0]  # type: ignore[operator]  # both have a value here


def test_partial_credit_counts_as_the_share_of_the_scale() -> None:
    rubric = Rubric((criterion("a", 3, scale=GRADES), criterion("b", 1, BAD, scale=POINTS_5)))

    # a: grade 4 is (4-1)/9 = 1/3; b: 2 of 5 bad points leave 3/5
    result = value(rubric, {"a": 4, "b": 2}, "min_max")

    assert result == pytest.approx((3 * 1 / 3 + 1 * 3 / 5) / 4)


def test_a_value_off_its_scale_is_refused_by_name() -> None:
    with pytest.raises(InvalidScoreInput, match="criterion 'b': 2 is not between 0 and 1"):
        value(flat(1, 1), met(1, 2), "min_max")


def test_a_verdict_on_an_unknown_criterion_is_refused_by_name() -> None:
    with pytest.raises(InvalidScoreInput, match="no criterion 'z'"):
        score(flat(1), {"z": 1.0})
    with pytest.raises(InvalidScoreInput, match="no criterion 'g0'"):
        score(grouped(1), {"g0": 1.0})


# -- names, versions, parameters


def test_a_score_names_its_aggregator_version_clip_and_policy() -> None:
    result = score(flat(1), met(1))

    assert result == Score(
        "pos_normalised", 1, Clip.MEAN, Missing.EXCLUDE, 1.0, 1.0, 1.0, n_verdicts=1, n_missing=0
    )


def test_every_aggregator_describes_itself() -> None:
    for name, aggregator in AGGREGATORS.items():
        assert aggregator.name == name
        assert aggregator.version >= 1
        assert aggregator.description.endswith(".")
        assert aggregator.used_by
        assert aggregator_named(name) is aggregator


def test_an_unknown_aggregator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnfitRubric, match="no aggregator 'mean'; there are pos_normalised"):
        score(flat(1), met(1), aggregator="mean")


def test_an_unknown_parameter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnfitRubric, match="no parameter 'q'; it has gate_cap, gate_pass, k"):
        score(flat(1), met(1), aggregator="threshold_excess", params={"q": 1})


def test_the_rubrics_parameters_go_with_its_own_aggregator_alone() -> None:
    rubric = flat(1, 1, 1, aggregator="threshold_excess", params={"k": 3})

    assert score(rubric, met(1, 1, 1)).value == 1.0
    assert score(rubric, met(1, 1, 0), params={"k": 2}).value == 0.5
    assert score(rubric, met(1, 1, 1), aggregator="min_max").value == 1.0


# -- means


def test_a_mean_leaves_out_responses_without_a_score() -> None:
    result = mean_of_scores(np.array([0.2, NAN, 0.6]))

    assert result.value == pytest.approx(0.4)
    assert result.n == 2


def test_a_mean_of_nothing_has_no_value() -> None:
    assert mean_of_scores(np.array([NAN])).value is None
    assert mean_of_scores(np.array([])).value is None


def test_the_clip_holds_in_every_resample_too() -> None:
    scores, tasks = np.array([-0.9, -0.8, 0.4, 0.5]), np.array([0, 0, 1, 1])

    clipped = mean_of_scores(scores, clip=Clip.MEAN, tasks=tasks)
    plain = mean_of_scores(scores, tasks=tasks)

    assert (clipped.value, clipped.low) == (0.0, 0.0)
    assert plain.value == pytest.approx(-0.2)
    assert plain.low == pytest.approx(-0.85)
    assert clipped.high == plain.high == pytest.approx(0.45)
