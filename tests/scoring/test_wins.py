"""Wins of sources, position bias, and comparisons among people's agreement."""

from __future__ import annotations

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from annotations.actions import activate, submit
from annotations.models import Session
from annotations.queries.comparisons import comparison_of, members_of
from annotations.sheet import Sheet
from rubricstudio.domain.agreement.statistic import Reason
from rubricstudio.domain.agreement.wins import mean_by_task
from rubricstudio.models import Response
from scoring.queries.material import preference_material
from scoring.queries.sampling import units_of
from scoring.queries.selection import by_default, comparable_rounds
from scoring.queries.wins import outcome_of
from tests.annotations.test_comparing import PAIRS, RANKED, compared, entry, pair_sheet, pull
from tests.conftest import Cast, Data


def test_a_win_rate_is_the_weighted_mean_with_ties_half() -> None:
    # (2 * 1 + 1 * 0.5 + 1 * 0) / 4 = 0.625; the one without a weight does not count.
    points = np.array([1.0, 0.5, 0.0, 1.0, np.nan])
    weights = np.array([2.0, 1.0, 1.0, np.nan, 1.0])
    found = mean_by_task(points, np.array([3, 3, 9, 9, 9]), weights)
    assert found.value == pytest.approx(0.625)
    assert found.n == 3
    assert found.low is not None and found.low <= 0.625 <= (found.high or 0)


def test_nothing_to_count_is_no_zero() -> None:
    found = mean_by_task(np.array([np.nan]), np.array([1]), np.array([1.0]))
    assert (found.value, found.n, found.reason) == (None, 0, Reason.NOTHING_COMPARABLE)


def test_a_ranking_is_compared_pair_by_pair() -> None:
    assert units_of("5") == ["5"]
    assert units_of("5,7") == ["5,7"]
    assert units_of("5,7,11") == ["5,7", "5,11", "7,11"]


@pytest.fixture
def done(cast: Cast, data: Data) -> Session:
    """Both people prefer heron's response on task 1 and tie on task 2; one changes their mind."""
    session = activate(session=compared(cast, data, PAIRS), by=cast.owner)
    herons = set(Response.objects.filter(source="heron").values_list("pk", flat=True))
    for person in (cast.annotator, cast.second_annotator):
        for n in range(2):
            mine = pull(session, person)
            a, _b = members_of(mine.item)
            whole = (-1.0 if a in herons else 1.0) if n == 0 else 0.0
            if person == cast.annotator:
                submit(assignment=mine, sheet=pair_sheet(-whole or 2.0), by=person)
            submit(assignment=mine, sheet=pair_sheet(whole), by=person)
    return session


def test_wins_count_the_current_preferences(done: Session) -> None:
    found = outcome_of(done.pk)

    assert (found.said, found.ties, found.unassessed) == (4, 2, 0)
    heron, wren = found.sources
    assert (heron.source, heron.wins, heron.ties, heron.losses) == ("heron", 2, 2, 0)
    assert (wren.wins, wren.ties, wren.losses) == (0, 2, 2)
    # (2 * 1 + 2 * 0.5) / 4
    assert heron.rate.value == pytest.approx(0.75)
    # Each of the two saw another response first, and both preferred the same one.
    assert (found.first.value, found.first.n) == (0.5, 2)


def test_revisions_and_rankings_are_counted_once_in_agreement(
    done: Session, cast: Cast, data: Data
) -> None:
    rounds = comparable_rounds(cast.project, preferences=True)
    table = preference_material(by_default(cast.project, rounds)).table
    assert table.values.shape == (2, 2)
    assert sorted(table.values.ravel().tolist()) == [0.0, 0.0, 1.0, 1.0]


def test_a_drawn_ranking_weighs_its_pairs(cast: Cast, data: Data) -> None:
    session = activate(session=compared(cast, data, RANKED), by=cast.owner)
    session.items.update(weight=3.0)
    first = session.items.order_by("position").first()
    assert first
    session.items.filter(pk=first.pk).update(weight=1.0)
    for _ in range(2):
        mine = pull(session, cast.annotator)
        shown = comparison_of(mine).shown
        places = {f"response:{pk}": entry(float(n)) for n, pk in enumerate(shown, start=1)}
        submit(assignment=mine, sheet=Sheet(places), by=cast.annotator)

    found = outcome_of(session.pk)

    # The one shown first was ranked first both times.
    assert (found.said, found.first.value, found.first.n) == (2, 1.0, 2)
    material = preference_material(
        by_default(cast.project, comparable_rounds(cast.project, preferences=True))
    )
    assert material.weights is not None
    assert sorted(material.weights.tolist()) == [1.0, 3.0]


def test_the_page_withholds_small_figures_and_blind_sources(
    done: Session, cast: Cast, client: Client
) -> None:
    url = reverse("scoring:wins", args=["demo", done.pk])
    client.force_login(cast.owner)
    page = client.get(url).content.decode()
    assert "heron" in page and "too few" in page
    assert url in client.get(done.get_absolute_url()).content.decode()


def test_only_sessions_of_comparisons_have_wins(cast: Cast, data: Data, client: Client) -> None:
    client.force_login(cast.owner)
    assert client.get(reverse("scoring:wins", args=["demo", 1])).status_code == 404
