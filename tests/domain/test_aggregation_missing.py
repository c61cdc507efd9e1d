"""Missing verdicts and gates: what a score says when something is absent or fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from rubricstudio.domain.aggregation import AGGREGATORS, Missing, score
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric, Scale, ScaleKind, Tier
from rubricstudio.domain.verdict import Verdict, VerdictStatus

GOOD, BAD = MetMeans.GOOD, MetMeans.BAD
POINTS_5 = Scale(ScaleKind.POINTS, maximum=5)


def criterion(key: str, weight: float = 1.0, met_means: MetMeans = GOOD, **more: Any) -> Criterion:
    return Criterion(key, f"the response does {key}", weight=weight, met_means=met_means, **more)


def flat(*weights: float) -> Rubric:
    """Criteria a, b, c...; meeting one with a negative weight is bad."""
    rows = zip("abcdefgh", weights, strict=False)
    return Rubric(
        tuple(criterion(key, weight, GOOD if weight >= 0 else BAD) for key, weight in rows)
    )


def met(*values: float | None) -> dict[str, float | None]:
    return dict(zip("abcdefgh", values, strict=False))


def test_a_missing_verdict_leaves_numerator_and_denominator() -> None:
    # Without b: A = 5 - 0, P = 5. b as "not met" would give 5/8.
    result = score(flat(5, 3, -4), met(1, None, 0), aggregator="pos_normalised")

    assert result.value == 1.0
    assert (result.lower, result.upper) == (5 / 8, 1.0)
    assert (result.n_verdicts, result.n_missing) == (2, 1)
    assert result.coverage == pytest.approx(2 / 3)


def test_a_missing_verdict_on_something_bad_is_never_good_news() -> None:
    # "false" would spare the penalty: 5/8. Failing means the worst: (5 - 4)/8.
    result = score(
        flat(5, 3, -4), met(1, 0, None), aggregator="pos_normalised", missing=Missing.FAIL
    )

    assert result.value == result.lower == 1 / 8
    assert result.upper == 5 / 8


def test_bounds_give_no_single_value_while_something_is_missing() -> None:
    open_ = score(flat(5, 3), met(1, None), aggregator="min_max", missing=Missing.BOUNDS)
    closed = score(flat(5, 3), met(1, 0), aggregator="min_max", missing=Missing.BOUNDS)

    assert (open_.value, open_.lower, open_.upper) == (None, 5 / 8, 1.0)
    assert closed.value == closed.lower == closed.upper == 5 / 8


@pytest.mark.parametrize("status", [s for s in VerdictStatus if s is not VerdictStatus.OK])
def test_every_status_without_a_value_is_missing_except_not_applicable(
    status: VerdictStatus,
) -> None:
    verdict = Verdict("judge", "t", "r", "b", status)

    by_status = score(flat(5, 3), {"a": 1.0, "b": status})
    by_verdict = score(flat(5, 3), {"a": Verdict("judge", "t", "r", "a", value=1.0), "b": verdict})

    applies = status is not VerdictStatus.NOT_APPLICABLE
    assert by_status == by_verdict
    assert by_status.n_missing == (1 if applies else 0)
    assert by_status.n_not_applicable == (0 if applies else 1)
    assert by_status.lower == (5 / 8 if applies else 1.0)


@pytest.mark.parametrize("missing", list(Missing))
def test_what_does_not_apply_is_out_under_every_policy(missing: Missing) -> None:
    result = score(flat(5, 3), {"a": 1.0, "b": VerdictStatus.NOT_APPLICABLE}, missing=missing)

    assert result.value == result.lower == result.upper == 1.0
    assert result.coverage == 1.0


@pytest.mark.parametrize("aggregator", sorted(AGGREGATORS))
def test_nothing_judged_is_no_score_and_never_zero(aggregator: str) -> None:
    rubric = Rubric(tuple(criterion(key, tier=Tier.MANDATORY) for key in "abcdefgh"))

    unjudged = score(rubric, {}, aggregator=aggregator)
    inapplicable = score(
        rubric, dict.fromkeys("abcdefgh", VerdictStatus.NOT_APPLICABLE), aggregator=aggregator
    )

    assert (unjudged.value, unjudged.n_missing, unjudged.coverage) == (None, 8, 0.0)
    assert (inapplicable.value, inapplicable.lower, inapplicable.upper) == (None, None, None)
    assert inapplicable.coverage is None


def test_without_positive_points_there_is_nothing_to_divide_by() -> None:
    assert score(flat(-4), met(1), aggregator="pos_normalised").value is None
    assert score(flat(-4), met(1), aggregator="pos_normalised_clipped").value is None
    assert score(flat(0), met(1), aggregator="min_max").value is None


# -- gates


def gated(**more: Any) -> Rubric:
    return Rubric(
        (criterion("a", 3), criterion("safe", 1, gate=True), criterion("harms", 1, BAD, gate=True)),
        aggregator="min_max",
        **more,
    )


@pytest.mark.parametrize(
    ("safe", "harms", "expected", "failed"),
    [
        (1, 0, 1.0, ()),
        (0, 0, 0.0, ("safe",)),
        (1, 1, 0.0, ("harms",)),
        (0, 1, 0.0, ("safe", "harms")),
        (None, 0, 1.0, ()),
    ],
)
def test_a_failed_gate_caps_the_score(
    safe: float | None, harms: float, expected: float, failed: Sequence[str]
) -> None:
    result = score(gated(), {"a": 1, "safe": safe, "harms": harms})

    assert result.value == expected
    assert result.gate_failed == failed


def test_an_unjudged_gate_may_have_failed() -> None:
    result = score(gated(), {"a": 1, "harms": 0})

    assert (result.value, result.lower, result.upper) == (1.0, 0.0, 1.0)


def test_the_cap_is_a_parameter_and_never_raises_a_score() -> None:
    verdicts = {"a": 1, "safe": 0, "harms": 0}

    assert score(gated(params={"gate_cap": 0.5}), verdicts).value == 0.5
    assert score(gated(params={"gate_cap": 1.0}), verdicts).value == pytest.approx(0.8)
    below = Rubric((criterion("a", 1, gate=True), criterion("b", -2, BAD)))
    assert score(below, {"a": 0, "b": 1}).value == -2.0


def test_a_graded_gate_is_passed_from_a_share_of_its_scale() -> None:
    rubric = Rubric((criterion("a", scale=POINTS_5, gate=True),))

    assert score(rubric, {"a": 4.0}).gate_failed == ("a",)
    assert score(rubric, {"a": 4.0}, params={"gate_pass": 0.8}).gate_failed == ()
