"""Items given to people: dealt out, by hand, again when people come and go."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.test import Client

from annotations.actions import (
    activate,
    create_session,
    next_item,
    renew,
    save_draft,
    set_annotators,
    skip,
    submit,
)
from annotations.actions.distribute import deal_again, give, set_items, take_back
from annotations.actions.expertise import set_expertise
from annotations.errors import InvalidExpertise, InvalidSession, NotPossible
from annotations.models import Assignment, Session, SkipReason
from annotations.queries import queue_progress
from annotations.queries.people import unsuited_tags
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.verdict import VerdictStatus
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data

WARNS = Sheet({"warns": Entry(VerdictStatus.OK, 1.0)})


def _session(cast: Cast, data: Data, **changes: Any) -> Session:
    """Four items for one person each, three annotators, not started."""
    session = create_session(
        project=cast.project,
        name="Given",
        version=data.version,
        by=cast.owner,
        coverage=1,
        annotators=[cast.annotator, cast.second_annotator, cast.reviewer],
    )
    Session.objects.filter(pk=session.pk).update(**changes)
    return Session.objects.select_related("round__project", "round__version").get(pk=session.pk)


def _loads(session: Session) -> dict[str, int]:
    rows = Assignment.objects.filter(item__session=session, slot__isnull=False)
    return dict(Counter(rows.values_list("rater__name", flat=True)))


@pytest.fixture(params=["round_robin", "balanced"])
def dealt(request: pytest.FixtureRequest, cast: Cast, data: Data) -> Session:
    session = _session(cast, data, strategy=request.param)
    return activate(session=session, by=cast.owner)


def test_a_start_gives_everybody_a_fair_share(dealt: Session) -> None:
    given = Assignment.objects.filter(item__session=dealt)

    assert sorted(_loads(dealt).values()) == [1, 1, 2]
    assert set(given.values_list("is_given", "status", "reserved_until")) == {
        (True, "pending", None)
    }
    assert set(dealt.items.values_list("held", flat=True)) == {1}


def test_people_get_what_they_were_given_and_nothing_else(dealt: Session, cast: Cast) -> None:
    rater = dealt.annotators.get(rater__user=cast.annotator).rater_id
    mine = Assignment.objects.filter(rater=rater)
    expected = list(mine.order_by("item__position").values_list("item", flat=True))

    seen = []
    while (taken := next_item(session=dealt, by=cast.annotator)) is not None:
        seen.append(taken.item_id)
        submit(assignment=taken, sheet=COMPLETE, by=cast.annotator)

    assert seen == expected
    assert queue_progress(dealt, rater).available == 0


def test_who_joins_gets_a_share_of_what_nobody_has_begun(cast: Cast, data: Data) -> None:
    session = _session(cast, data, strategy="balanced")
    set_annotators(session=session, users=[cast.annotator], by=cast.owner)
    activate(session=session, by=cast.owner)
    begun = next_item(session=session, by=cast.annotator)
    assert begun
    save_draft(assignment=begun, sheet=WARNS, by=cast.annotator)

    set_annotators(session=session, users=[cast.annotator, cast.reviewer], by=cast.owner)

    begun.refresh_from_db()
    assert begun.status == "draft"
    assert sorted(_loads(session).values()) == [2, 2]


def test_who_opened_an_item_keeps_it_when_people_join(cast: Cast, data: Data) -> None:
    session = _session(cast, data, strategy="balanced")
    set_annotators(session=session, users=[cast.annotator], by=cast.owner)
    activate(session=session, by=cast.owner)
    before = next_item(session=session, by=cast.annotator)
    assert before

    set_annotators(session=session, users=[cast.annotator, cast.reviewer], by=cast.owner)

    assert Assignment.objects.filter(pk=before.pk).exists()


def test_what_those_who_leave_had_goes_to_the_others(dealt: Session, cast: Cast) -> None:
    set_annotators(session=dealt, users=[cast.annotator], by=cast.owner)

    assert list(_loads(dealt).values()) == [4]
    assert Assignment.objects.filter(item__session=dealt).count() == 4


def test_a_skip_passes_the_item_on(dealt: Session, cast: Cast) -> None:
    taken = next_item(session=dealt, by=cast.annotator)
    assert taken

    skip(assignment=taken, reason=SkipReason.EXPERTISE, by=cast.annotator)

    other = Assignment.objects.exclude(pk=taken.pk).get(item=taken.item_id)
    assert (other.status, other.is_given, other.slot) == ("pending", True, 0)


def test_a_given_place_does_not_expire(dealt: Session, cast: Cast) -> None:
    taken = next_item(session=dealt, by=cast.annotator)
    assert taken
    Assignment.objects.filter(pk=taken.pk).update(reserved_until="2020-01-01T00:00:00Z")

    deal_again(session=dealt, by=cast.owner)

    taken.refresh_from_db()
    assert taken.slot == 0
    assert Assignment.objects.filter(item=taken.item_id).count() == 1


def test_limits_hold_and_ones_own_goes_first(cast: Cast, data: Data) -> None:
    session = _session(cast, data, strategy="balanced", limit=1)
    session.annotators.filter(rater__user=cast.annotator).update(limit=2)

    activate(session=session, by=cast.owner)

    name = session.annotators.get(rater__user=cast.annotator).rater.name
    assert _loads(session)[name] == 2
    assert sum(_loads(session).values()) == 4


# -- expertise


def _tag(data: Data) -> None:
    for task, tags in zip(data.tasks, (["law"], ["poetry"]), strict=True):
        task.tags = tags
        task.save(update_fields=["tags"])


def test_only_those_who_know_about_it_get_an_item(cast: Cast, data: Data) -> None:
    _tag(data)
    session = _session(cast, data, strategy="expertise")
    set_expertise(project=cast.project, user=cast.annotator, tags=["law"], by=cast.annotator)

    activate(session=session, by=cast.owner)

    rows = Assignment.objects.values_list("rater__user", "item__response__task")
    assert set(rows) == {(cast.annotator.pk, data.tasks[0].pk)}
    assert unsuited_tags(session) == ["poetry"]

    set_expertise(project=cast.project, user=cast.reviewer, tags=["poetry"], by=cast.owner)
    shares = deal_again(session=session, by=cast.owner)
    assert len(shares.pairs) == 2
    assert unsuited_tags(session) == []


def test_items_without_a_tag_go_to_everybody(cast: Cast, data: Data) -> None:
    session = activate(session=_session(cast, data, strategy="expertise"), by=cast.owner)

    assert sum(_loads(session).values()) == 4


@pytest.mark.parametrize(("who", "by"), [("annotator", "second_annotator"), ("viewer", "owner")])
def test_who_may_say_what_people_know(cast: Cast, who: str, by: str) -> None:
    with pytest.raises(InvalidExpertise):
        set_expertise(
            project=cast.project, user=getattr(cast, who), tags=["law"], by=getattr(cast, by)
        )


def test_the_expertise_page_keeps_what_was_typed(cast: Cast, client: Client) -> None:
    client.force_login(cast.annotator)
    url = f"/projects/{cast.project.slug}/expertise/"

    client.post(url, {"person": cast.annotator.pk, "tags": " law, tax ,law"})
    wrong = client.post(url, {"person": cast.annotator.pk, "tags": "x" * 101})
    other = client.post(url, {"person": cast.owner.pk, "tags": "law"})

    assert 'value="law, tax"' in client.get(url).content.decode()
    assert (wrong.status_code, other.status_code) == (422, 422)
    assert "x" * 101 in wrong.content.decode()
    assert cast.second_annotator.email not in client.get(url).content.decode()


# -- by hand


@pytest.fixture
def manual(cast: Cast, data: Data) -> Session:
    return activate(session=_session(cast, data, strategy="manual"), by=cast.owner)


def _raters(session: Session) -> list[int]:
    return list(session.annotators.order_by("rater").values_list("rater", flat=True))


def test_by_hand_nobody_gets_anything_by_themselves(manual: Session, cast: Cast) -> None:
    assert next_item(session=manual, by=cast.annotator) is None


def test_a_manager_gives_and_takes_back(manual: Session, cast: Cast) -> None:
    items = list(manual.items.order_by("position").values_list("pk", flat=True))
    first, second, _third = _raters(manual)

    given = give(session=manual, items=items[:2], raters=[first], by=cast.owner)
    again = give(session=manual, items=items[:2], raters=[first, second], by=cast.owner)

    assert (given.given, again.given, again.had_already, again.without_room) == (2, 0, 2, 2)
    taken = next_item(session=manual, by=cast.annotator)
    assert taken
    assert taken.item_id == items[0]
    assert take_back(session=manual, items=items, by=cast.owner) == 1
    assert take_back(session=manual, items=items, by=cast.owner) == 0
    assert Assignment.objects.get().pk == taken.pk


def test_giving_respects_limits_and_names_strangers(manual: Session, cast: Cast) -> None:
    items = list(manual.items.values_list("pk", flat=True))
    rater = _raters(manual)[0]
    manual.annotators.filter(rater=rater).update(limit=1)

    given = give(session=manual, items=items, raters=[rater], by=cast.owner)

    assert (given.given, given.over_limit) == (1, 3)
    with pytest.raises(InvalidSession):
        give(session=manual, items=items, raters=[rater + 99], by=cast.owner)
    with pytest.raises(InvalidSession):
        give(session=manual, items=[], raters=[rater], by=cast.owner)


def test_an_item_that_must_be_answered_cannot_be_skipped(manual: Session, cast: Cast) -> None:
    items = list(manual.items.values_list("pk", flat=True))
    rater = manual.annotators.get(rater__user=cast.annotator).rater_id
    give(session=manual, items=items, raters=[rater], by=cast.owner)
    assert set_items(session=manual, items=items, by=cast.owner, must_answer=True) == 4
    assert set_items(session=manual, items=items, by=cast.owner, must_answer=True) == 0
    taken = next_item(session=manual, by=cast.annotator)
    assert taken

    with pytest.raises(NotPossible, match="must be answered"):
        skip(assignment=taken, reason=SkipReason.OTHER, by=cast.annotator)


def test_the_items_page(manual: Session, cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    url = f"/projects/{cast.project.slug}/sessions/{manual.pk}/items/"
    items = list(manual.items.order_by("position").values_list("pk", flat=True))
    sent = {"do": "give", "item": items[:3], "person": _raters(manual)[:1]}

    page = client.post(f"{url}change/?room", sent, follow=True).content.decode()
    odd = client.post(f"{url}change/", {"do": "dance", "item": "x"}, follow=True)
    none = client.post(f"{url}change/", {"do": "give", "item": "²", "person": ""}, follow=True)

    assert "3 places given." in page
    assert page.count('name="item"') == 1
    assert "Choose what to do" in odd.content.decode()
    assert "Choose at least one item" in none.content.decode()
    for do, said in (("must-answer", "3 items changed"), ("take-back", "3 places taken back")):
        page = client.post(f"{url}change/", sent | {"do": do}, follow=True).content.decode()
        assert said in page
    assert client.get(f"{url}?after=9999999999999999").status_code == 200


def test_the_items_page_asks_no_more_for_more_items(
    manual: Session, cast: Cast, client: Client, django_assert_num_queries: Any
) -> None:
    client.force_login(cast.owner)
    url = f"/projects/{cast.project.slug}/sessions/{manual.pk}/items/"
    give(
        session=manual,
        items=list(manual.items.values_list("pk", flat=True)),
        raters=_raters(manual)[:1],
        by=cast.owner,
    )
    client.get(url)
    with django_assert_num_queries(11):
        client.get(url)


# -- reservations


def test_renewing_writes_at_most_once_a_minute(session: Session, cast: Cast) -> None:
    taken = next_item(session=session, by=cast.annotator)
    assert taken
    before = Assignment.objects.get(pk=taken.pk).reserved_until

    assert renew(assignment=taken, by=cast.annotator)
    assert Assignment.objects.get(pk=taken.pk).reserved_until == before

    Assignment.objects.filter(pk=taken.pk).update(reserved_until="2020-01-01T00:00:00Z")
    assert renew(assignment=taken, by=cast.annotator)
    after = Assignment.objects.get(pk=taken.pk).reserved_until
    assert after and before and after >= before

    Assignment.objects.filter(pk=taken.pk).update(slot=None)
    assert not renew(assignment=taken, by=cast.annotator)
