"""What publishing would do to scores and ranks, against figures computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.aggregator import choose_aggregator
from rubricstudio.actions.criteria import add_criterion, delete_criterion, edit_criterion
from rubricstudio.actions.rubrics import publish, start_draft
from rubricstudio.models import Rubric, RubricVersion
from scoring.impact_page import impact_parts, slope, spread
from scoring.queries.impact import ScoreImpact, ScorerMoves, SourceMove, score_impact
from tests.conftest import Cast
from tests.scoring.compare_data import fill

NAN = float("nan")
# Rows r0 to r3, by heron, wren, heron, wren; columns k0 and k1, both of weight 1.
CELLS = np.array([[1, 0], [0, 1], [1, 0], [NAN, 1]])


@pytest.fixture
def rubric(cast: Cast) -> Rubric:
    fill(cast, people={}, judges={"owl": CELLS}, n_tasks=2)
    return Rubric.objects.get(external_id="points")


@pytest.fixture
def draft(cast: Cast, rubric: Rubric) -> RubricVersion:
    return start_draft(rubric=rubric, by=cast.author)


def edit(cast: Cast, draft: RubricVersion, key: str, **changes: object) -> None:
    row = draft.criteria.get(key=key)
    edit_criterion(criterion=row, changes=changes, row_version=row.row_version, by=cast.author)


def found(rubric: Rubric) -> ScoreImpact:
    impact = score_impact(rubric)
    assert impact is not None
    return impact


def moves(rubric: Rubric) -> dict[str, SourceMove]:
    (scorer,) = found(rubric).scorers
    return {row.source: row for row in scorer.sources}


def test_another_weight_moves_means_and_ranks_and_keeps_every_verdict(
    cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    edit(cast, draft, "k0", weight=3.0)

    by_source = moves(rubric)

    # heron: 1/2 and 1/2 before; 3/4 and 3/4 after. wren: 1/2, and 1/1 where k0 is missing,
    # so 3/4 before; 1/4 and 1/1, so 5/8 after.
    heron, wren = by_source["heron"], by_source["wren"]
    assert (heron.value_before, heron.value_after) == (0.5, 0.75)
    assert (wren.value_before, wren.value_after) == (0.75, 0.625)
    assert (heron.rank_before, heron.rank_after) == (2, 1)
    assert (wren.rank_before, wren.rank_after) == (1, 2)
    assert found(rubric).scorers[0].reordered
    # wren's four cells hold three verdicts, before and after.
    assert (wren.coverage_before, wren.coverage_after) == (0.75, 0.75)
    (row,) = found(rubric).rounds
    assert (row.verdicts.kept, row.verdicts.stale) == (8, 0)


def test_stale_verdicts_make_no_score_and_missing_is_never_zero(
    cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    edit(cast, draft, "k1", text="Another point.")

    heron, wren = moves(rubric)["heron"], moves(rubric)["wren"]

    # Only k0 counts: heron 1 and 1; wren 0, and nothing on r3, which is left out.
    assert (heron.value_after, wren.value_after) == (1.0, 0.0)
    assert heron.after and wren.after
    assert (heron.after.mean.n, wren.after.mean.n) == (2, 1)
    assert (heron.coverage_after, wren.coverage_after) == (0.5, 0.25)
    (row,) = found(rubric).rounds
    assert (row.verdicts.kept, row.verdicts.stale, row.verdicts.dropped) == (4, 4, 0)


def test_a_draft_on_which_no_verdict_stays_has_no_score_at_all(
    cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    for key in ("k0", "k1"):
        edit(cast, draft, key, text=f"Another {key}.")

    for row in moves(rubric).values():
        assert row.value_before is not None
        assert (row.value_after, row.rank_after, row.coverage_after) == (None, None, 0.0)
    (scorer,) = found(rubric).scorers
    assert not scorer.reordered
    assert slope(scorer.sources) is None


def test_verdicts_in_words_that_come_back_count_again(
    cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    edit(cast, draft, "k1", text="Another point.")
    publish(version=draft, by=cast.author)
    third = start_draft(rubric=rubric, by=cast.author)
    edit(cast, third, "k1", text="Point 1.")

    heron = moves(rubric)["heron"]

    assert (heron.value_before, heron.value_after) == (1.0, 0.5)
    assert found(rubric).rounds[0].verdicts.revived == 4


def test_the_people_of_a_session_are_scored_together(cast: Cast) -> None:
    ones = np.ones((4, 2))
    fill(cast, people={"nuria@example.com": ones, "nils@example.com": ones * 0}, judges={})
    rubric = Rubric.objects.get(external_id="points")
    start_draft(rubric=rubric, by=cast.author)

    (scorer,) = found(rubric).scorers

    assert scorer.scorer.rater is None
    # A tie goes to the value that is worse for the response.
    assert [row.value_after for row in scorer.sources] == [0.0, 0.0]
    assert [row.rank_after for row in scorer.sources] == [1, 1]


def test_nothing_is_compared_without_a_draft_and_a_version_before_it(
    cast: Cast, rubric: Rubric
) -> None:
    assert score_impact(rubric) is None


def test_a_draft_that_cannot_be_scored_says_why(
    client: Client, cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    choose_aggregator(version=draft, aggregator="truncated_tiers", params={}, by=cast.author)
    client.force_login(cast.author)

    impact = found(rubric)
    page = client.get(reverse("scoring:impact", args=["demo", rubric.pk])).content.decode()

    assert "needs a tier" in impact.problem
    assert impact.scorers == ()
    assert "These scores cannot be made." in page


def test_scores_in_other_units_are_compared_by_rank_only(
    cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    choose_aggregator(version=draft, aggregator="points_with_deductions", params={}, by=cast.author)

    impact = found(rubric)

    assert not impact.same_unit
    assert [part.slope for part in impact_parts(impact)] == [None]
    assert impact.scorers[0].sources[0].rank_after is not None


def test_the_page_stands_alone_and_as_a_fragment(
    client: Client, cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    edit(cast, draft, "k0", weight=3.0)
    client.force_login(cast.viewer)
    address = reverse("scoring:impact", args=["demo", rubric.pk])

    page = client.get(address).content.decode()
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()

    assert "<html" in page and "<html" not in fragment
    for text in (page, fragment):
        assert "ranking changes" in text
        assert "impact-slope" in text
        assert "0.75" in text
    client.force_login(cast.author)
    publishing = client.get(reverse("rubricstudio:version-publish", args=["demo", rubric.pk]))
    assert address in publishing.content.decode()


def test_it_takes_as_many_queries_for_one_judge_as_for_four_and_more_criteria(
    cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    few = _queries(rubric)
    for name in ("heron", "crow", "gull"):
        fill(cast, people={}, judges={name: CELLS}, n_tasks=2)
    for n in range(5):
        add_criterion(version=draft, fields={"text": f"More {n}."}, by=cast.author)

    assert len(found(rubric).scorers) == 4
    assert _queries(rubric) == few


def _queries(rubric: Rubric) -> int:
    fresh = Rubric.objects.select_related("project").get(pk=rubric.pk)
    with CaptureQueriesContext(connection) as captured:
        score_impact(fresh)
    return len(captured)


def test_a_draft_without_criteria_drops_everything(
    cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    for key in ("k0", "k1"):
        delete_criterion(criterion=draft.criteria.get(key=key), by=cast.author)

    assert found(rubric).rounds[0].verdicts.dropped == 8
    assert all(row.value_after is None for row in moves(rubric).values())


def test_labels_of_a_chart_are_moved_apart_and_stay_in_order() -> None:
    placed = spread([10.0, 12.0, 100.0])

    assert placed == [10.0, 25.0, 100.0]


def test_a_chart_of_too_many_lines_is_not_drawn(
    cast: Cast, rubric: Rubric, draft: RubricVersion
) -> None:
    (scorer,) = found(rubric).scorers
    assert isinstance(scorer, ScorerMoves)

    assert slope(scorer.sources) is not None
    assert slope(scorer.sources * 7) is None
