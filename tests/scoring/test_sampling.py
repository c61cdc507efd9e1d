"""What of a session counts for agreement, and how much."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from annotations.actions import create_session
from annotations.models import Item, ItemKind, Session
from rubricstudio.domain.agreement import alpha
from rubricstudio.models import (
    Criterion,
    Rater,
    Round,
    RubricVersion,
    Verdict,
)
from scoring.queries.comparison import compared
from scoring.queries.material import verdict_material
from scoring.queries.people import people_of_verdicts
from scoring.queries.sampling import sampling_of
from scoring.queries.selection import Selection
from tests.conftest import Cast
from tests.scoring.compare_data import fill

N = 30


def _session(cast: Cast) -> tuple[Session, np.ndarray]:
    """A session in which two people judged 30 responses; (30, 2) values."""
    fill(cast, people={}, judges={"gpt": np.ones((N, 1))})
    version = RubricVersion.objects.get(rubric__project=cast.project)
    session = create_session(
        project=cast.project,
        name="Weighed",
        version=version,
        by=cast.owner,
        annotators=[cast.annotator, cast.second_annotator],
    )
    rng = np.random.default_rng(4)
    first = rng.integers(0, 2, N).astype(float)
    values = np.stack([first, np.where(rng.random(N) < 0.3, 1 - first, first)], axis=1)
    items = list(Item.objects.filter(session=session).order_by("position"))
    raters = list(Rater.objects.filter(session_places__session=session).order_by("pk"))
    criterion = Criterion.objects.get(version=version)
    Verdict.objects.bulk_create(
        Verdict(
            round=session.round,
            response=item.response,
            criterion=criterion,
            rater=rater,
            status="ok",
            value=values[row, column],
        )
        for row, item in enumerate(items)
        for column, rater in enumerate(raters)
    )
    return session, values


def _weigh(session: Session, weights: Sequence[float | None]) -> None:
    items = list(Item.objects.filter(session=session).order_by("position"))
    for item, weight in zip(items, weights, strict=True):
        item.weight = weight
    Item.objects.bulk_update(items, ["weight"])


def test_equal_weights_change_nothing(cast: Cast) -> None:
    session, values = _session(cast)
    _weigh(session, [2.5] * N)

    people = people_of_verdicts(cast.project, [session.round])

    assert not people.is_weighted
    found = people.overall.row.figure("alpha")
    assert found.value == pytest.approx(alpha(values).value, abs=1e-12)


def test_unequal_weights_count_like_repeated_items(cast: Cast) -> None:
    session, values = _session(cast)
    _weigh(session, [1.0] * 20 + [3.0] * 10)

    people = people_of_verdicts(cast.project, [session.round])
    plain = people_of_verdicts(cast.project, [session.round], weighted=False)

    repeated = np.concatenate([values, values[20:], values[20:]])
    row = people.overall.row
    assert people.is_weighted
    assert row.figure("alpha").value == pytest.approx(alpha(repeated).value, abs=1e-12)
    assert row.n == N
    assert plain.overall.row.figure("alpha").value == pytest.approx(alpha(values).value)
    material = verdict_material(Selection(cast.project, (session.round,), ()))
    panel = compared(material).people.overall
    assert panel.alpha.value == pytest.approx(alpha(repeated).value, abs=1e-12)


def test_items_not_chosen_by_chance_are_left_out_and_said_so(cast: Cast) -> None:
    session, values = _session(cast)
    _weigh(session, [None] * 5 + [1.0] * 25)

    people = people_of_verdicts(cast.project, [session.round])
    client = Client()
    client.force_login(cast.viewer)
    page = client.get(
        reverse("scoring:agreement", args=["demo"]), {"session": session.pk}
    ).content.decode()

    assert (people.overall.row.n, people.by_hand) == (25, 5)
    assert people.overall.row.figure("alpha").value == pytest.approx(alpha(values[5:]).value)
    assert "Weighted by sampling." in page
    assert "5 cells whose items were not chosen by chance are left out." in page


def test_without_any_chance_figures_are_for_the_judged_items_alone(cast: Cast) -> None:
    session, _values = _session(cast)
    _weigh(session, [None] * N)

    people = people_of_verdicts(cast.project, [session.round])

    assert people.sampling.nothing_by_chance
    assert (people.is_weighted, people.overall.row.n) == (False, N)


def test_training_gold_and_repeats_say_nothing_about_agreement(cast: Cast) -> None:
    session, _values = _session(cast)
    items = list(Item.objects.filter(session=session).order_by("position"))
    for item, kind in zip(items, (ItemKind.GOLD, ItemKind.TRAINING), strict=False):
        item.kind = kind
        item.save()
    repeated = Verdict.objects.filter(response=items[5].response, round=session.round)
    Verdict.objects.bulk_create(
        Verdict(
            round=row.round,
            response=row.response,
            criterion=row.criterion,
            rater=row.rater,
            status="ok",
            value=1 - (row.value or 0.0),
            sample=1,
        )
        for row in repeated
    )

    people = people_of_verdicts(cast.project, [session.round])
    material = verdict_material(Selection(cast.project, (session.round,), ()))

    # Of two items two people each, and two repeated answers.
    assert (people.overall.row.n, people.set_aside) == (N - 2, 6)
    assert compared(material).people.overall.n == N - 2


def test_imported_rounds_have_no_items_and_all_count(cast: Cast) -> None:
    fill(cast, people={"ann": np.ones((3, 1))}, judges={})
    round_ = Round.objects.get(project=cast.project)

    sampling = sampling_of([round_.pk])

    assert (sampling.here, sampling.is_unequal, sampling.nothing_by_chance) == (
        frozenset(),
        False,
        False,
    )
