"""A run that asks more than once: its samples read as one, with how far they spread."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from rubricstudio.domain.panel import Decision
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Verdict
from scoring.actions import batches
from scoring.actions.here import work_here
from scoring.judges import JudgeRequest, Outcome, Provenance, Scored, Unscored
from scoring.models import Run
from scoring.queries.samples import Steadiness, cells_page, steadiness_of
from scoring.run_reports import run_json
from tests.conftest import Cast, Data
from tests.scoring.judged import queued, rules


class Wavering:
    """Of each four samples says high, high, low and nothing; of "warns" always high."""

    queue = "llm"

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return [self._outcome(request) for request in requests]

    def _outcome(self, request: JudgeRequest) -> Outcome:
        scale, source = request.criterion.scale, Provenance(model="wavering")
        if request.criterion.key != "warns" and request.sample == 3:
            return Unscored(status=VerdictStatus.TIMEOUT, reason="Late.", provenance=source)
        low = request.criterion.key != "warns" and request.sample == 2
        return Scored(value=scale.low if low else scale.high, provenance=source)


@pytest.fixture
def run(cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(batches, "build", lambda *_: Wavering())
    return work_here(run=queued(cast, data, rules(cast), samples=4))


def test_samples_of_a_cell_become_one_answer_with_its_spread(run: Run) -> None:
    cells = {(c.response.pk, c.criterion.key): c for c in cells_page(run.round).rows}

    # 4 responses x 3 criteria, not 48 rows
    assert len(cells) == 12
    for (_, key), cell in cells.items():
        voted, agreeing = (4, 4) if key == "warns" else (3, 2)
        assert (cell.combined.voted, cell.combined.agreeing) == (voted, agreeing)
        assert cell.value == cell.criterion.as_scale().high
        assert [each.sample for each in cell.samples] == [0, 1, 2, 3]
        assert cell.missing == 4 - voted


def test_a_cell_whose_first_sample_is_missing_is_shown_all_the_same(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(cast, data, rules(cast), samples=4)
    for sample, value in ((1, 1.0), (3, 0.0)):
        Verdict.objects.create(
            round=run.round,
            rater=run.judge.rater,
            response=data.responses[0],
            criterion=data.version.criteria.get(key="warns"),
            sample=sample,
            status="ok",
            value=value,
        )

    (cell,) = cells_page(run.round).rows

    assert (cell.combined.decision, cell.status) == (Decision.TIE, "cannot_assess")


def test_steadiness_counts_cells_with_two_values_or_more(run: Run, cast: Cast, data: Data) -> None:
    # "warns" of 4 responses is steady; the other 8 cells have 2 of 3 alike
    found = steadiness_of(run.round)

    assert (found.cells, found.steady) == (12, 4)
    assert found.share == pytest.approx((4 * 1 + 8 * 2 / 3) / 12)
    assert found.steady_share == pytest.approx(1 / 3)
    once = work_here(run=queued(cast, data, rules(cast, "Other"), "second"))
    assert steadiness_of(once.round) == Steadiness(0, 0, None)
    assert Steadiness(0, 0, None).steady_share is None


def test_the_command_tells_it_too(run: Run, cast: Cast, data: Data) -> None:
    assert run_json(run)["steadiness"] == {
        "cells": 12,
        "steady": 4,
        "share": pytest.approx(7 / 9),
    }


def test_the_page_shows_one_row_a_cell_and_each_sample_below_it(
    run: Run, cast: Cast, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(cast.author)

    with django_assert_max_num_queries(30):
        page = client.get(run.get_absolute_url())
    one_by_one = client.get(run.get_absolute_url(), {"status": "timeout"})

    text = page.content.decode()
    assert (text.count("4 of 4 agree"), text.count("2 of 3 agree")) == (4, 8)
    assert text.count("1 without a verdict") == 8
    assert "4 of 12 (33.3 %)" in text
    assert "77.7 % of the samples agree" in text
    assert [row.status for row in one_by_one.context["page"].rows] == ["timeout"] * 8
