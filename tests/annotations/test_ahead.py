"""The next item reserved while somebody is at one: one item, no more, and none too many."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotations.actions import next_item, pause, reserve_ahead, submit
from annotations.models import Assignment, Item, ItemKind, Session
from rubricstudio.models import Verdict
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast


@pytest.fixture
def item(session: Session, cast: Cast) -> Assignment:
    found = next_item(session=session, by=cast.annotator)
    assert found
    return found


def _mine(cast: Cast) -> list[int]:
    rows = Assignment.objects.filter(rater__user=cast.annotator)
    return list(rows.order_by("item__position").values_list("item__position", flat=True))


def test_it_reserves_what_comes_next_once(item: Assignment, session: Session, cast: Cast) -> None:
    ahead = [reserve_ahead(assignment=item, by=cast.annotator) for _ in range(3)]

    assert _mine(cast) == [0, 1]
    submit(assignment=item, sheet=COMPLETE, by=cast.annotator)
    assert {next_item(session=session, by=cast.annotator)} == set(ahead)


def test_until_it_is_submitted_the_item_itself_comes_first(
    item: Assignment, session: Session, cast: Cast
) -> None:
    reserve_ahead(assignment=item, by=cast.annotator)

    assert next_item(session=session, by=cast.annotator) == item


def test_a_reservation_ahead_takes_a_place_like_any_other(
    item: Assignment, session: Session, cast: Cast
) -> None:
    Item.objects.filter(session=session).update(places=1)
    other = next_item(session=session, by=cast.second_annotator)
    assert other

    ahead = reserve_ahead(assignment=item, by=cast.annotator)

    assert ahead
    assert len({item.item_id, other.item_id, ahead.item_id}) == 3
    assert ahead.reserved_until is not None


def test_there_is_none_ahead_at_the_end_or_where_the_answer_decides(
    item: Assignment, session: Session, cast: Cast
) -> None:
    item.item.kind = ItemKind.QUALIFICATION
    assert reserve_ahead(assignment=item, by=cast.annotator) is None

    item.item.kind = ItemKind.WORK
    Item.objects.filter(session=session).exclude(pk=item.item_id).update(is_closed=True)
    assert reserve_ahead(assignment=item, by=cast.annotator) is None
    assert _mine(cast) == [0]


def _url(name: str, item: Assignment) -> str:
    return reverse(f"annotations:{name}", args=["demo", item.item.session_id, item.item_id])


def test_the_page_is_told_where_to_fetch_it_in_the_same_queries(
    client: Client,
    item: Assignment,
    cast: Cast,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(cast.annotator)
    with django_assert_max_num_queries(18):
        first = client.post(_url("ahead", item)).json()
    with django_assert_max_num_queries(18):
        second = client.post(_url("ahead", item)).json()

    assert first["number"] == second["number"] == 2
    assert first["url"] == second["url"]
    assert first["until"] is not None


def test_nothing_is_reserved_in_a_paused_session(
    client: Client, item: Assignment, session: Session, cast: Cast
) -> None:
    pause(session=session, by=cast.owner)
    client.force_login(cast.annotator)

    assert client.post(_url("ahead", item)).status_code == 204
    assert _mine(cast) == [0]


FORM = {"answer:warns": "1", "answer:invents": "0", "answer:clarity": "2", "revision": "0"}
JSON = {"accept": "application/json"}


def test_a_submit_by_script_is_told_what_comes_next(
    client: Client, item: Assignment, cast: Cast
) -> None:
    client.force_login(cast.annotator)
    ahead = reserve_ahead(assignment=item, by=cast.annotator)
    assert ahead

    answer = client.post(_url("submit", item), FORM, headers=JSON)

    assert answer.json() == {"next": _url("annotate", ahead), "count": "1 / 4 · 0 skipped"}
    assert Verdict.objects.count() == 3


def test_a_submit_by_script_that_is_refused_says_why_and_keeps_the_draft(
    client: Client, item: Assignment, session: Session, cast: Cast
) -> None:
    client.force_login(cast.annotator)
    pause(session=session, by=cast.owner)

    answer = client.post(_url("submit", item), FORM, headers=JSON)

    assert answer.status_code == 422
    assert "paused" in answer.json()["message"]
    item.refresh_from_db()
    assert item.draft["warns"]["value"] == 1


@pytest.mark.parametrize("name", ["draft", "submit"])
def test_answers_of_somebody_else_who_used_this_browser_are_not_taken(
    client: Client, item: Assignment, cast: Cast, name: str
) -> None:
    client.force_login(cast.annotator)

    answer = client.post(_url(name, item), {**FORM, "by": cast.second_annotator.pk}, headers=JSON)

    assert answer.status_code == 403
    item.refresh_from_db()
    assert item.draft == {}
    assert not Verdict.objects.exists()
