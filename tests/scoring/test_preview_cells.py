"""Verdicts laid against a draft's words: what counts, what is stale, what is missing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.aggregation import UnfitRubric
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric, Scale, ScaleKind
from scoring.preview_cells import (
    Candidate,
    Said,
    State,
    leaf_hashes,
    rank_moves,
    ranks,
    scores_under,
    sheet_of,
    varied,
)

NAMES = Criterion(key="names", text="Names the dose.", weight=5)
INVENTS = Criterion(key="invents", text="Invents a dose.", weight=-4, met_means=MetMeans.BAD)
DEPTH = Criterion(key="depth", text="Depth.", weight=2, scale=Scale(ScaleKind.POINTS, maximum=10))
RUBRIC = Rubric((NAMES, INVENTS, DEPTH))


def said(
    criterion: Criterion,
    value: float | None,
    *,
    rater: int = 1,
    status: str = "",
    response: int = 7,
) -> Said:
    return Said(
        response=response,
        key=criterion.key,
        judging_hash=criterion_judging_hash(criterion),
        rater=rater,
        status=status or ("ok" if value is not None else "parse_error"),
        value=value,
    )


def test_one_verdict_on_each_criterion_makes_the_score() -> None:
    sheet = sheet_of(RUBRIC, [7], [said(NAMES, 1), said(INVENTS, 0), said(DEPTH, 5)])

    (score,) = scores_under(sheet, "pos_normalised")

    # 5 earned, nothing lost, 2 * 5/10 earned: 6 of the 7 points there are to earn.
    assert score.value == pytest.approx(6 / 7)
    assert score.coverage == 1
    assert [cell.state for cell in sheet.cells[0]] == [State.OK] * 3


def test_a_verdict_on_other_words_is_stale_and_leaves_the_score() -> None:
    reworded = Rubric((replace(NAMES, text="Names the daily dose."), INVENTS, DEPTH))
    sheet = sheet_of(reworded, [7], [said(NAMES, 1), said(INVENTS, 0), said(DEPTH, 5)])

    (score,) = scores_under(sheet, "pos_normalised")

    names = sheet.cells[0][0]
    assert (names.state, names.value, names.stale) == (State.STALE, None, 1)
    # Without the first criterion: 1 of 2 points. With it at worst 1/7, at best 6/7.
    assert score.value == pytest.approx(1 / 2)
    assert score.lower == pytest.approx(1 / 7)
    assert score.upper == pytest.approx(6 / 7)
    assert (score.n_verdicts, score.n_missing) == (2, 1)


def test_a_weight_makes_nothing_stale_and_moves_the_score() -> None:
    heavier = Rubric((replace(NAMES, weight=8), INVENTS, DEPTH))
    everything = [said(NAMES, 0), said(INVENTS, 0), said(DEPTH, 5)]

    old = scores_under(sheet_of(RUBRIC, [7], everything), "pos_normalised")
    new = scores_under(sheet_of(heavier, [7], everything), "pos_normalised")

    assert old[0].value == pytest.approx(1 / 7)
    assert new[0].value == pytest.approx(1 / 10)
    assert new[0].coverage == 1


def test_people_count_by_majority_and_a_tie_goes_against_the_response() -> None:
    said_so = [said(NAMES, 1, rater=1), said(NAMES, 1, rater=2), said(NAMES, 0, rater=3)]
    split = [said(INVENTS, 1, rater=1), said(INVENTS, 0, rater=2)]
    points = [said(DEPTH, 4, rater=1), said(DEPTH, 8, rater=2)]

    names, invents, depth = sheet_of(RUBRIC, [7], said_so + split + points).cells[0]

    assert (names.value, names.n, names.of) == (1.0, 3, 3)
    assert invents.value == 1.0  # met is bad, so met is the worse of the two
    assert depth.value == 6.0


def test_no_reply_is_missing_and_never_zero() -> None:
    sheet = sheet_of(RUBRIC, [7], [said(NAMES, None), said(INVENTS, 0)])

    names, invents, depth = sheet.cells[0]

    assert (names.state, names.value) == ("parse_error", None)
    assert (depth.state, depth.value) == (State.NONE, None)
    assert all(math.isnan(value) for value in sheet.values[0][[0, 2]])


def test_what_does_not_apply_leaves_the_score_and_its_bounds() -> None:
    sheet = sheet_of(
        RUBRIC, [7], [said(NAMES, 1), said(INVENTS, None, status="not_applicable"), said(DEPTH, 0)]
    )

    (score,) = scores_under(sheet, "pos_normalised")

    assert score.n_not_applicable == 1
    assert score.lower == score.upper == score.value == pytest.approx(5 / 7)


def test_an_answer_given_twice_with_different_values_is_undecided() -> None:
    sheet = sheet_of(RUBRIC, [7], [said(NAMES, 1), said(NAMES, 0)])

    assert sheet.cells[0][0].state == State.TIED


def test_a_preview_fills_in_only_where_there_is_no_verdict() -> None:
    previews = [replace(said(c, 0), preview=True) for c in (NAMES, INVENTS)]

    names, invents, _ = sheet_of(RUBRIC, [7], [said(NAMES, 1), *previews]).cells[0]

    assert (names.value, names.preview) == (1.0, False)
    assert (invents.value, invents.preview) == (0.0, True)


def test_an_aggregator_that_does_not_fit_says_so() -> None:
    with pytest.raises(UnfitRubric, match="invents"):
        scores_under(sheet_of(RUBRIC, [7], []), "weighted_mean")


def test_an_empty_rubric_has_no_scores() -> None:
    assert scores_under(sheet_of(Rubric(()), [7], []), "pos_normalised") == []


def test_equal_scores_share_a_place_and_no_score_has_none() -> None:
    assert ranks([0.5, None, 0.9, 0.5]) == [2, None, 1, 2]


def test_places_move_among_those_that_have_both_scores() -> None:
    assert rank_moves([0.9, 0.2, None], [0.1, 0.4, 1.0]) == [(1, 2), (2, 1), None]


VALUES = st.one_of(st.none(), st.sampled_from([0.0, 1.0]))


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6))
def test_a_score_lies_between_what_is_possible(rows: list[tuple[float | None, ...]]) -> None:
    rubric = Rubric((NAMES, INVENTS))
    given_values = [
        said(criterion, value, response=n)
        for n, row in enumerate(rows)
        for criterion, value in zip(rubric.leaves, row, strict=True)
    ]

    for score in scores_under(sheet_of(rubric, range(len(rows)), given_values), "min_max"):
        assert score.lower is not None
        assert score.upper is not None
        assert 0 <= score.lower <= score.upper <= 1
        if score.value is not None:
            assert score.lower - 1e-9 <= score.value <= score.upper + 1e-9


@given(st.permutations([said(NAMES, v, rater=n) for n, v in enumerate([1.0, 0.0, 1.0, None])]))
def test_the_order_of_verdicts_changes_nothing(order: list[Said]) -> None:
    cell = sheet_of(RUBRIC, [7], order).cells[0][0]

    assert (cell.state, cell.value, cell.n) == (State.OK, 1.0, 3)


@given(
    st.lists(
        st.builds(
            Candidate,
            st.integers(1, 50),
            st.integers(1, 4),
            st.sampled_from(["heron", "wren", "owl"]),
            st.one_of(st.none(), st.floats(0, 1)),
        ),
        unique_by=lambda one: one.response,
        max_size=20,
    ),
    st.integers(0, 8),
)
def test_a_varied_few_are_as_many_as_there_are_and_of_every_source(
    candidates: list[Candidate], n: int
) -> None:
    picked = varied(candidates, n)
    sources = {one.response: one.source for one in candidates}

    assert len(picked) == len(set(picked)) == min(n, len(candidates))
    assert varied(candidates, n) == picked
    assert len({sources[pk] for pk in picked}) == min(n, len(set(sources.values())))


def test_a_varied_few_spread_over_scores() -> None:
    same = [Candidate(n, 1, "heron", n / 10) for n in range(11)]

    assert sorted(varied(same, 3)) == [0, 5, 10]


def test_hashes_are_by_key() -> None:
    assert leaf_hashes(RUBRIC)["names"] == criterion_judging_hash(NAMES)
