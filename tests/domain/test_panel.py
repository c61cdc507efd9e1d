"""Several answers on one cell: worked examples, and laws that hold for every panel."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.panel import Combined, Decision, Rule, Ties, Vote, combine, needed_of
from rubricstudio.domain.rubric import Criterion, Level, MetMeans, Scale, ScaleKind
from rubricstudio.domain.table import Repeats, from_columns
from rubricstudio.domain.verdict import VerdictStatus

LEVELS = Scale(ScaleKind.ORDINAL, (Level(1, "poor"), Level(2, "fair"), Level(4, "good")))
POINTS = Scale(ScaleKind.POINTS, maximum=10)
WARNS = Criterion(key="warns", text="It warns.")
INVENTS = Criterion(key="invents", text="It invents a dose.", met_means=MetMeans.BAD)
CLARITY = Criterion(key="clarity", text="How clear?", scale=LEVELS)
DEPTH = Criterion(key="depth", text="How deep?", scale=POINTS)
TIMEOUT, REFUSED, NOT_APPLICABLE = (
    VerdictStatus.TIMEOUT,
    VerdictStatus.REFUSED,
    VerdictStatus.NOT_APPLICABLE,
)


def said(*values: float | VerdictStatus, weights: tuple[float, ...] = ()) -> list[Vote]:
    """A vote for each value, or for each reason why there is none."""
    shares = weights or (1.0,) * len(values)
    return [
        Vote(None, value, weight)
        if isinstance(value, VerdictStatus)
        else Vote(value, weight=weight)
        for value, weight in zip(values, shares, strict=True)
    ]


def result(found: Combined) -> tuple[float | None, Decision]:
    return found.value, found.decision


def test_the_majority_wins_and_says_how_many_agree() -> None:
    found = combine(said(1, 1, 0), WARNS)

    assert result(found) == (1, Decision.DECIDED)
    assert (found.voted, found.members, found.agreeing) == (3, 3, 2)
    assert found.share == pytest.approx(2 / 3)
    assert found.deviation is None  # of met and not met the share says it all


@pytest.mark.parametrize(("criterion", "worse"), [(WARNS, 0.0), (INVENTS, 1.0)])
def test_a_tie_is_no_verdict_or_the_value_that_is_worse_for_the_response(
    criterion: Criterion, worse: float
) -> None:
    tied = said(1, 0)

    assert result(combine(tied, criterion)) == (None, Decision.TIE)
    assert combine(tied, criterion).status is VerdictStatus.CANNOT_ASSESS
    broken = combine(tied, criterion, ties=Ties.WORSE)
    assert result(broken) == (worse, Decision.TIE_BROKEN)
    assert broken.share == 0.5


def test_weights_decide_and_the_share_counts_heads() -> None:
    found = combine(said(1, 0, 0, weights=(3, 1, 1)), WARNS)

    assert found.value == 1  # 3 against 1 + 1
    assert found.share == pytest.approx(1 / 3)
    assert combine(said(1, 0, 0, weights=(0.3, 0.1, 0.2)), WARNS).decision is Decision.TIE


def test_points_are_averaged_and_levels_take_the_one_next_to_the_mean() -> None:
    # (2 * 9 + 3 * 4) / 5 = 6; deviation of 9 and 4 from 6.5 is 2.5; 9 is over a quarter of 10 off
    points = combine(said(9, 4, weights=(2, 3)), DEPTH)
    assert (points.value, points.deviation, points.agreeing) == (6.0, 2.5, 1)

    # (1 + 2 + 4) / 3 = 2.33, next to level 2, though each was said once
    assert combine(said(1, 2, 4), CLARITY, rule=Rule.MEAN).value == 2
    assert result(combine(said(1, 2, 4), CLARITY)) == (None, Decision.TIE)
    # (2 + 4) / 2 = 3 lies as far from 2 as from 4
    middle = said(2, 4)
    assert result(combine(middle, CLARITY, rule=Rule.MEAN)) == (None, Decision.TIE)
    assert combine(middle, CLARITY, rule=Rule.MEAN, ties=Ties.WORSE).value == 2


def test_a_split_panel_that_must_be_unanimous_cannot_assess() -> None:
    assert combine(said(1, 1, TIMEOUT), WARNS, rule=Rule.UNANIMOUS).value == 1
    found = combine(said(1, 1, 0), WARNS, rule=Rule.UNANIMOUS)
    assert (found.status, *result(found)) == (
        VerdictStatus.CANNOT_ASSESS,
        None,
        Decision.SPLIT,
    )


def test_the_worst_case_depends_on_what_met_means() -> None:
    assert combine(said(1, 1, 0), WARNS, rule=Rule.WORST).value == 0
    assert combine(said(0, 0, 1), INVENTS, rule=Rule.WORST).value == 1
    assert combine(said(4, 2), CLARITY, rule=Rule.WORST).value == 2


def test_who_gave_no_value_leaves_the_count() -> None:
    found = combine(said(1, TIMEOUT, REFUSED), WARNS)

    assert (found.value, found.voted, found.members, found.share) == (1, 1, 3, 1.0)


def test_under_the_quorum_there_is_no_verdict_and_the_status_says_why() -> None:
    found = combine(said(1, TIMEOUT, TIMEOUT), WARNS, quorum=0.5)
    assert (found.status, found.value, found.decision) == (TIMEOUT, None, Decision.QUORUM)
    mixed = combine(said(1, TIMEOUT, REFUSED), WARNS, quorum=0.5)
    assert mixed.status is VerdictStatus.CANNOT_ASSESS
    assert combine(said(NOT_APPLICABLE, NOT_APPLICABLE), WARNS).status is NOT_APPLICABLE
    assert combine([], WARNS).status is VerdictStatus.CANNOT_ASSESS


@pytest.mark.parametrize(
    ("members", "quorum", "needed"), [(3, 0, 1), (3, 0.5, 2), (10, 0.3, 3), (3, 1, 3), (0, 0, 1)]
)
def test_a_quorum_is_a_number_of_members(members: int, quorum: float, needed: int) -> None:
    assert needed_of(members, quorum) == needed


@pytest.mark.parametrize("wrong", [{"weight": 0}, {"weight": math.nan}, {"status": TIMEOUT}])
def test_a_vote_keeps_its_own_rules(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"weight|status"):
        Vote(1.0, **wrong)


VALUES = {
    "warns": st.sampled_from([0.0, 1.0]),
    "clarity": st.sampled_from([level.value for level in LEVELS.levels]),
    "depth": st.floats(0, 10),
}


@st.composite
def panels(draw: Any) -> tuple[Criterion, list[Vote]]:
    criterion = draw(st.sampled_from([WARNS, CLARITY, DEPTH]))
    value = VALUES[criterion.key] | st.sampled_from([TIMEOUT, REFUSED])
    values = draw(st.lists(value, min_size=1, max_size=6))
    weights = tuple(draw(st.sampled_from([0.5, 1.0, 3.0])) for _ in values)
    return criterion, said(*values, weights=weights)


@given(panels(), st.sampled_from(Rule), st.sampled_from(Ties))
def test_laws_of_every_rule(panel: tuple[Criterion, list[Vote]], rule: Rule, ties: Ties) -> None:
    criterion, votes = panel
    given_values = [vote.value for vote in votes if vote.value is not None]

    found = combine(votes, criterion, rule=rule, ties=ties)

    assert combine(votes[::-1], criterion, rule=rule, ties=ties) == found
    absent = combine([*votes, Vote(None, TIMEOUT)], criterion, rule=rule, ties=ties)
    assert absent.value == found.value  # who is missing moves nothing
    assert (found.value is not None) == (found.status is VerdictStatus.OK)
    if found.value is not None:
        assert criterion.scale.allows(found.value)
        assert min(given_values) <= found.value <= max(given_values)
    if len(set(given_values)) == 1:
        assert (found.value, found.share) == (given_values[0], 1.0)


@given(panels())
def test_a_majority_of_equals_is_what_samples_are_read_as_everywhere(
    panel: tuple[Criterion, list[Vote]],
) -> None:
    criterion, votes = panel
    values = [vote.value for vote in votes]
    points = criterion.scale.kind is ScaleKind.POINTS
    same = ["x"] * len(values)
    table = from_columns(
        tasks=same,
        responses=same,
        criteria=same,
        raters=same,
        values=values,
        repeats=Repeats.MEAN if points else Repeats.MAJORITY,
    )

    found = combine([Vote(vote.value, vote.status) for vote in votes], criterion)

    expected = table.values[0, 0]
    if found.value is None:
        assert math.isnan(expected)
    else:
        assert found.value == pytest.approx(expected)
