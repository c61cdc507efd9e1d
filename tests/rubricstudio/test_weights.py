"""What tiers weigh, and the rows of drafts that follow."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.rubrics import create_rubric, start_draft
from rubricstudio.actions.undo import redo, undo
from rubricstudio.actions.weights import WeightsChanged, set_weight_classes
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.rubric import WEIGHT_CLASSES
from rubricstudio.models import DraftEdit, RubricVersion
from rubricstudio.queries.weights import DRAFTS, ROWS, weight_classes, weights_page
from tests.conftest import Cast, Data

ADDRESS = reverse("rubricstudio:weights", args=["demo"])


def row(key: str, weight: float, tier: str = "") -> domain.Criterion:
    return domain.Criterion(
        key=key, text=f"Row {key}.", weight=weight, tier=domain.Tier(tier) if tier else None
    )


TIERED = domain.Rubric(
    (
        row("a", 5, "essential"),
        row("b", 7, "essential"),
        row("c", 5),
        row("d", 3, "important"),
        row("e", -2, "pitfall"),
    )
)


@pytest.fixture
def draft(cast: Cast) -> RubricVersion:
    return create_rubric(project=cast.project, name="Tiers", by=cast.author, value=TIERED)


def weights(draft: RubricVersion) -> dict[str, float]:
    return dict(draft.criteria.order_by("key").values_list("key", "weight"))


def change(cast: Cast, *, follow: bool = True, **given: float) -> int:
    return set_weight_classes(
        project=cast.project, weights=given, seen=WEIGHT_CLASSES, follow=follow, by=cast.author
    )


def test_rows_of_drafts_that_follow_their_tier_get_its_new_weight_and_undo_takes_it_back(
    cast: Cast, draft: RubricVersion
) -> None:
    was = weights(draft)

    assert change(cast, essential=8, pitfall=-4.5) == 2

    assert weights(draft) == {"a": 8, "b": 7, "c": 5, "d": 3, "e": -4.5}
    assert undo(version=draft, by=cast.author).kind == "weights"
    assert weights(draft) == was
    redo(version=draft, by=cast.author)
    assert weights(draft)["a"] == 8
    # Sent twice: the rows follow already.
    assert change(cast, essential=8, pitfall=-4.5) == 0
    assert DraftEdit.objects.count() == 1


def test_rows_stay_where_the_author_says_so_and_published_versions_always(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    change(cast, essential=8, follow=False)
    assert weights(draft)["a"] == 5
    assert not DraftEdit.objects.exists()

    pitfalls = start_draft(rubric=data.version.rubric, by=cast.author)
    pitfalls.criteria.filter(key="invents").update(weight=-2)
    frozen = weights(data.version)
    cast.project.refresh_from_db()
    set_weight_classes(
        project=cast.project,
        weights={"pitfall": -3},
        seen=weight_classes(cast.project),
        follow=True,
        by=cast.author,
    )

    assert weights(pitfalls)["invents"] == -3
    assert weights(data.version) == frozen


def test_weights_that_somebody_changed_meanwhile_are_not_overwritten(
    cast: Cast, draft: RubricVersion
) -> None:
    change(cast, essential=8)

    with pytest.raises(WeightsChanged):
        change(cast, essential=9)

    cast.project.refresh_from_db()
    assert weight_classes(cast.project)["essential"] == 8
    assert weights(draft)["a"] == 8


def test_an_author_sets_weights_and_sees_what_follows(
    client: Client, cast: Cast, draft: RubricVersion
) -> None:
    client.force_login(cast.author)
    page = client.get(ADDRESS).content.decode()
    assert "2 of 4" not in page
    assert "3 of 4 follow their tier" in page
    sent = {name: str(weight) for name, weight in WEIGHT_CLASSES.items()}
    sent |= {f"seen_{name}": str(weight) for name, weight in WEIGHT_CLASSES.items()}

    answer = client.post(ADDRESS, {**sent, "essential": "6", "follow": "on"}, follow=True)

    assert "Saved; 1 row changed." in answer.content.decode()
    assert weights(draft)["a"] == 6
    stale = client.post(ADDRESS, {**sent, "essential": "9", "follow": "on"})
    assert stale.status_code == 409
    text = stale.content.decode()
    assert re.search(r'name="essential" value="9(\.0)?"', text)
    assert re.search(r'name="seen_essential" value="6(\.0)?"', text)
    assert weights(draft)["a"] == 6


@pytest.mark.parametrize("typed", ["", "heavy", "nan", "inf", "1e308", "-1e308"])
def test_what_is_no_weight_is_refused(client: Client, cast: Cast, typed: str) -> None:
    client.force_login(cast.author)
    sent = {name: str(weight) for name, weight in WEIGHT_CLASSES.items()}
    sent |= {f"seen_{name}": str(weight) for name, weight in WEIGHT_CLASSES.items()}

    assert client.post(ADDRESS, {**sent, "optional": typed}).status_code == 422
    assert client.post(ADDRESS, {**sent, "seen_optional": typed}).status_code in (302, 422)

    cast.project.refresh_from_db()
    assert weight_classes(cast.project) == WEIGHT_CLASSES


def test_the_page_asks_as_much_of_many_drafts_as_of_one(cast: Cast, draft: RubricVersion) -> None:
    long = domain.Rubric(tuple(row(f"r{n}", 5, "essential") for n in range(ROWS + 2)))
    with CaptureQueriesContext(
        connection,
    ) as one:
        weights_page(cast.project)
    for n in range(DRAFTS):
        create_rubric(project=cast.project, name=f"Draft {n}", by=cast.author, value=long)

    with CaptureQueriesContext(connection) as many:
        page = weights_page(cast.project)

    assert len(many) == len(one) == 3
    assert [use.hidden for use in page.drafts] == [2] * DRAFTS
    assert page.tiers[0].follow == DRAFTS * (ROWS + 2) + 1
    assert page.older
    rest = weights_page(cast.project, before=page.older)
    assert [(use.version, use.follow, use.n_rows) for use in rest.drafts] == [(draft, 3, 4)]
    assert rest.older is None
