"""The pages of comparisons: set up, compared, ranked, saved and submitted without scripts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotations.actions import activate, create_comparison, next_item, submit
from annotations.actions.sheets import stored_sheet
from annotations.comparison import WHOLE, criterion_key, response_key
from annotations.grouping import Grouping
from annotations.models import Assignment, Mode, Session
from annotations.queries.comparisons import members_of
from rubricstudio.models import Preference, Response
from tests.annotations.test_comparing import PAIRS, RANKED, compared, pair_sheet, pull
from tests.conftest import Cast, Data

JSON = {"accept": "application/json"}


@pytest.fixture
def pairs(cast: Cast, data: Data) -> Session:
    return activate(session=compared(cast, data, PAIRS), by=cast.owner)


@pytest.fixture
def ranked(cast: Cast, data: Data) -> Session:
    return activate(session=compared(cast, data, RANKED), by=cast.owner)


def _url(name: str, assignment: Assignment) -> str:
    session = assignment.item.session
    return reverse(f"annotations:{name}", args=["demo", session.pk, assignment.item_id])


def _pair_fields(side: str, **more: str) -> dict[str, str]:
    keys = ("warns", "invents", "clarity")
    return {f"answer:{key}": "0" for key in keys} | {"whole": side, "revision": "0"} | more


def test_the_page_shows_both_in_the_persons_order_and_nothing_of_the_source(
    pairs: Session, cast: Cast, client: Client
) -> None:
    mine = pull(pairs, cast.annotator)
    Response.objects.filter(pk__in=members_of(mine.item)).update(source="planted-secret")
    client.force_login(cast.annotator)

    page = client.get(_url("annotate", mine)).content.decode()

    mine.refresh_from_db()
    texts = [Response.objects.get(pk=pk).text or "" for pk in mine.shown_order]
    assert 0 < page.index(texts[0]) < page.index(texts[1])
    assert "planted-secret" not in page
    # Ids would tell which response was imported first; responses have no address here.
    assert not any(f'value="{pk}"' in page for pk in mine.shown_order if pk > 8)
    assert "<mark>" in page


def test_what_is_said_of_a_side_is_stored_of_the_response(
    pairs: Session, cast: Cast, client: Client
) -> None:
    for person in (cast.annotator, cast.second_annotator):
        mine = pull(pairs, person)
        client.force_login(person)
        client.get(_url("annotate", mine))
        client.post(_url("submit", mine), _pair_fields("-2"))

    # Both said that A is much better; A was another response for each of them.
    rows = Preference.objects.order_by("pk")
    assert {row.preferred for row in rows} == {"a", "b"}
    assert all(row.preferred == (row.provenance or {})["shown_first"] for row in rows)
    assert {row.strength for row in rows} == {-2.0, 2.0}


def test_a_restored_page_shows_the_side_that_was_chosen(
    pairs: Session, cast: Cast, client: Client
) -> None:
    for person in (cast.annotator, cast.second_annotator):
        mine = pull(pairs, person)
        client.force_login(person)
        reply = client.post(_url("draft", mine), _pair_fields("1", comment="Hm."), headers=JSON)
        assert reply.json() == {"revision": "1"}

        page = client.get(_url("annotate", mine)).content.decode()
        assert 'name="whole" value="1" data-option checked' in page
        assert "Hm." in page


def test_flagging_a_comparison_keeps_what_was_entered(
    pairs: Session, cast: Cast, client: Client
) -> None:
    mine = pull(pairs, cast.annotator)
    client.force_login(cast.annotator)

    client.post(_url("flag", mine), _pair_fields("1", comment="Hm.", tab="one"))

    mine.refresh_from_db()
    kept = stored_sheet(mine)
    assert (kept.comment, kept.entry(WHOLE).is_decided) == ("Hm.", True)
    assert kept.entry(criterion_key("warns")).value == 0


def test_what_another_tab_answered_comes_back_as_sides(
    pairs: Session, cast: Cast, client: Client
) -> None:
    mine = pull(pairs, cast.annotator)
    client.force_login(cast.annotator)
    client.post(_url("draft", mine), {"whole": "1", "revision": "0", "tab": "one"}, headers=JSON)

    sent = {"answer:warns": "-1", "revision": "0", "tab": "two"}
    reply = client.post(_url("draft", mine), sent, headers=JSON).json()

    assert sorted(reply["entries"]) == [["answer:warns", "-1"], ["whole", "1"]]
    contrary = client.post(_url("draft", mine), {"whole": "-1", "revision": "0", "tab": "three"})
    assert contrary.status_code == 409
    assert "In the other tab: B better" in contrary.content.decode()


def test_an_open_question_brings_the_page_back(pairs: Session, cast: Cast, client: Client) -> None:
    mine = pull(pairs, cast.annotator)
    client.force_login(cast.annotator)
    reply = client.post(_url("submit", mine), {"whole": "2", "revision": "0"})

    assert reply.status_code == 422
    assert "Choose an answer, or cannot assess." in reply.content.decode()
    mine.refresh_from_db()
    assert stored_sheet(mine).entry(WHOLE).is_decided
    assert not Preference.objects.exists()


@pytest.mark.parametrize("sent", ["7", "nan", "much", "1e999"])
def test_nonsense_is_told_and_nothing_lost(
    pairs: Session, cast: Cast, client: Client, sent: str
) -> None:
    mine = pull(pairs, cast.annotator)
    client.force_login(cast.annotator)
    fields = {"whole": sent, "answer:warns": "1", "revision": "0"}
    reply = client.post(_url("draft", mine), fields, headers=JSON)
    assert reply.status_code == 422
    assert "five answers" in reply.json()["message"]
    mine.refresh_from_db()
    assert stored_sheet(mine).entry(criterion_key("warns")).is_decided


def test_a_ranking_without_scripts(ranked: Session, cast: Cast, client: Client) -> None:
    mine = pull(ranked, cast.annotator)
    client.force_login(cast.annotator)
    client.get(_url("annotate", mine))
    wrong = client.post(_url("submit", mine), {"place:A": "2", "place:B": "3", "revision": "0"})
    assert wrong.status_code == 422
    assert "Enter a place from 1 to 2." in wrong.content.decode()

    client.post(_url("submit", mine), {"place:A": "2", "place:B": "1", "revision": "0"})

    row = Preference.objects.get()
    assert row.preferred != (row.provenance or {})["shown_first"]
    mine.refresh_from_db()
    shown = [stored_sheet(mine).entry(response_key(r)).value for r in mine.shown_order]
    assert shown == [2.0, 1.0]
    page = client.get(_url("annotate", mine)).content.decode()
    assert 'name="place:A" min="1" max="2" step="1" inputmode="numeric" value="2"' in page


def test_responses_that_cannot_be_ranked(ranked: Session, cast: Cast, client: Client) -> None:
    mine = pull(ranked, cast.annotator)
    client.force_login(cast.annotator)
    client.post(_url("submit", mine), {"whole": "cannot_assess", "revision": "0"})
    assert Preference.objects.get().status == "cannot_assess"


def test_the_page_asks_a_constant_number_of_queries(
    pairs: Session,
    cast: Cast,
    client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    mine = pull(pairs, cast.annotator)
    client.force_login(cast.annotator)
    client.get(_url("annotate", mine))
    with django_assert_max_num_queries(15):
        client.get(_url("annotate", mine))


def test_a_comparison_is_set_up_by_form(cast: Cast, data: Data, client: Client) -> None:
    client.force_login(cast.owner)
    url = reverse("annotations:compare-new", args=["demo"])
    assert client.get(url).status_code == 200
    fields = {
        "name": "By form",
        "mode": "pairwise",
        "version": data.version.pk,
        "how": "list",
        "listed": "task-1/heron, nobody",
        "coverage": 2,
        "reservation_minutes": 60,
        "annotators": [cast.annotator.pk],
    }
    refused = client.post(url, fields)
    assert refused.status_code == 422
    assert "Line 1: there is no response “nobody”." in refused.content.decode()

    made = client.post(url, fields | {"listed": "task-1/heron, task-1/wren"})

    session = Session.objects.get()
    assert made["location"] == session.get_absolute_url()
    assert (session.mode, session.items.count()) == ("pairwise", 1)
    assert session.selection["by_criterion"] is False
    edit = reverse("annotations:session-edit", args=["demo", session.pk])
    assert client.get(edit).status_code == 200
    assert client.get(session.get_absolute_url()).status_code == 200


def test_a_copy_of_a_comparison_compares_the_same(
    pairs: Session, cast: Cast, data: Data, client: Client
) -> None:
    client.force_login(cast.owner)
    client.post(reverse("annotations:session-clone", args=["demo", pairs.pk]))
    copy = Session.objects.exclude(pk=pairs.pk).get()
    assert copy.mode == "pairwise"
    members = pairs.items.order_by("position").values_list("members", flat=True)
    assert list(copy.items.order_by("position").values_list("members", flat=True)) == list(members)
    again = next_item(session=activate(session=copy, by=cast.owner), by=cast.annotator)
    assert again
    assert submit(assignment=again, sheet=pair_sheet(1.0), by=cast.annotator).added == 1


def test_comment_rules_hold_for_comparisons(cast: Cast, data: Data, client: Client) -> None:
    made = create_comparison(
        project=cast.project,
        name="Ruled",
        version=data.version,
        by=cast.owner,
        grouping=Grouping(Mode.PAIRWISE, by_criterion=False),
        annotators=[cast.annotator],
        comment_rules=["whole"],
    )
    mine = pull(activate(session=made, by=cast.owner), cast.annotator)
    client.force_login(cast.annotator)
    refused = client.post(_url("submit", mine), {"whole": "1", "revision": "0"})
    assert refused.status_code == 422
    assert "Comment on the comparison." in refused.content.decode()
    client.post(_url("submit", mine), {"whole": "1", "comment": "Clear.", "revision": "1"})
    assert Preference.objects.get().rationale == "Clear."
