"""Pairs and rankings that come twice to the same person, and how far answers to both agree."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.actions import activate, edit_session, next_item, submit
from annotations.actions.checks import set_rules
from annotations.comparison import response_key
from annotations.errors import InvalidSession
from annotations.models import Item, Session
from annotations.queries.comparisons import members_of
from annotations.queries.quality import people_quality
from annotations.sheet import Sheet
from rubricstudio.actions.tasks import add_response, add_task
from rubricstudio.domain.quality import REPEAT_GAP, GoldScore
from rubricstudio.models import Preference
from scoring.queries.wins import outcome_of
from tests.annotations.test_comparing import RANKED, compared, entry, pair_sheet
from tests.conftest import Cast, Data


@pytest.fixture
def more(data: Data) -> Data:
    """Two tasks of four responses each: twelve pairs."""
    for task in data.tasks:
        for source in ("crane", "finch"):
            add_response(
                task=task,
                external_id=f"{task.external_id}/{source}",
                source=source,
                text=f"{source} says: no.",
            )
    return data


def test_a_pair_comes_twice_turned_round_and_the_second_answer_counts_for_nothing(
    cast: Cast, more: Data
) -> None:
    draft = compared(cast, more, coverage=1, annotators=[cast.annotator], repeat_share=0.75)
    session = activate(session=draft, by=cast.owner)
    repeats = Item.objects.filter(session=session, sample=1)
    assert repeats.count() == 9
    # New ids are the highest: none of them is a repeat's, and every item has all its responses.
    assert Item.objects.filter(session=session).latest("pk").sample == 0
    for item in session.items.all():
        assert [item.response_id, *item.further.values_list("response", flat=True)] == [
            *members_of(item)
        ]

    order: list[tuple[str, int]] = []
    shown: dict[tuple[str, int], list[int]] = {}
    while (found := next_item(session=session, by=cast.annotator)) is not None:
        # Much better, then merely better: the same response is preferred. Not so on "warns".
        said = pair_sheet(1.0) if found.item.sample else pair_sheet(2.0, warns=-1.0)
        submit(assignment=found, sheet=said, by=cast.annotator)
        found.refresh_from_db()
        order.append((found.item.members, found.item.sample))
        shown[order[-1]] = found.shown_order
    again = [at for at, (_members, sample) in enumerate(order) if sample == 1]
    assert again
    for at in again:
        first = (order[at][0], 0)
        assert at - order.index(first) - 1 >= REPEAT_GAP
        assert shown[order[at]] == shown[first][::-1]
    assert Preference.objects.filter(round=session.pk, sample=1).count() == len(again)

    (person,) = people_quality(session)
    assert person.repeats == GoldScore(3 * len(again), 4 * len(again))
    assert outcome_of(session.pk).said == 12


def test_rankings_agree_by_the_pairs_they_are_made_of(
    cast: Cast, data: Data, client: Client
) -> None:
    tasks = [
        add_task(
            project=cast.project, external_id=f"t{n}", messages=[{"role": "user", "content": "?"}]
        )
        for n in range(8)
    ]
    for task in tasks:
        for source in ("heron", "wren", "crane"):
            name = f"{task.external_id}/{source}"
            add_response(task=task, external_id=name, source=source, text="Yes.")
    draft = compared(cast, data, RANKED, coverage=1, annotators=[cast.annotator], repeat_share=1.0)
    session = activate(session=draft, by=cast.owner)

    repeats = 0
    while (found := next_item(session=session, by=cast.annotator)) is not None:
        members = members_of(found.item)
        # The last two change places the second time: one pair of three is turned round.
        turned = found.item.sample and len(members) == 3
        places = (1.0, 3.0, 2.0) if turned else (1.0, 2.0, 3.0)
        said = {response_key(m): entry(p) for m, p in zip(members, places, strict=False)}
        submit(assignment=found, sheet=Sheet(said), by=cast.annotator)
        repeats += bool(turned)

    (person,) = people_quality(session)
    assert repeats and person.repeats.of >= 3 * repeats
    assert person.repeats.of - person.repeats.matched == repeats
    client.force_login(cast.owner)
    page = client.get(reverse("annotations:quality", args=["demo", session.pk])).content.decode()
    assert f"n={person.repeats.of}" in page and "Gold answers" not in page


def test_the_form_sets_repeats_and_the_word_on_pace(cast: Cast, data: Data, client: Client) -> None:
    client.force_login(cast.owner)
    url = reverse("annotations:compare-new", args=["demo"])
    asked = {
        **{"name": "Twice", "mode": "pairwise", "version": data.version.pk, "how": "all"},
        **{"coverage": 2, "reservation_minutes": 60, "annotators": [cast.annotator.pk]},
    }

    wrong = client.post(url, asked | {"repeat_share": "1.5"})
    assert wrong.status_code == 422 and not Session.objects.exists()
    client.post(url, asked | {"repeat_share": "0.5"})
    made = Session.objects.get()
    assert (made.repeat_share, made.warns_of_pace) == (0.5, False)
    client.post(url, asked | {"name": "Told", "warns_of_pace": "on"})
    told = Session.objects.latest("pk")
    assert (told.repeat_share, told.warns_of_pace) == (0.0, True)
    page = client.get(reverse("annotations:session-edit", args=["demo", told.pk])).content.decode()
    assert "warns_of_pace" in page and "gold_share" not in page
    edited = asked | {"name": "Told", "repeat_share": "0.25"}
    client.post(reverse("annotations:session-edit", args=["demo", told.pk]), edited)
    told.refresh_from_db()
    assert (told.repeat_share, told.warns_of_pace) == (0.25, False)


def test_gold_answers_and_added_people_are_not_for_comparisons(cast: Cast, data: Data) -> None:
    session = compared(cast, data)
    for field, value in (("qualify_at", 0.8), ("gold_share", 0.1), ("extra_below", 0.5)):
        more = {"max_coverage": 3} if field == "extra_below" else {}
        with pytest.raises(InvalidSession, match="not for comparisons"):
            edit_session(session=session, by=cast.owner, **{field: value}, **more)  # type: ignore[arg-type]  # settings by name
    with pytest.raises(InvalidSession, match="criteria are judged"):
        set_rules(
            session=session,
            by=cast.owner,
            qualify_at=None,
            gold_share=0.1,
            pause_after=None,
            shows_feedback=False,
        )
