"""What annotators see of their own results on items with gold answers, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.actions import activate, complete, create_session
from annotations.feedback import MOST_DAYS, known_days
from annotations.models import Assignment, Item, Session
from annotations.queries.queue import queue_progress
from rubricstudio.models import Rater
from tests.annotations.quality_cases import add_responses, answer, checked_session, sheet
from tests.conftest import Cast, Data
from tests.html_tables import table_rows


@pytest.fixture
def mixed(cast: Cast, data: Data) -> Session:
    """One training, two qualification and one hidden gold item among eight of work."""
    add_responses(data, 8)
    one, two, three, four = data.responses
    return checked_session(
        cast,
        data,
        people=[cast.annotator],
        training=[one],
        qualification=[two, three],
        gold=[four],
        gold_share=0.2,
        qualify_at=0.1,
    )


def _url(name: str, session: Session, *more: int) -> str:
    return reverse(f"annotations:{name}", args=["demo", session.pk, *more])


def _item(session: Session, kind: str) -> int:
    return Item.objects.filter(session=session, kind=kind).earliest("pk").pk


def _counts(session: Session, cast: Cast) -> tuple[int, int, int] | None:
    """Items, gold answers, and those matched."""
    session = Session.objects.select_related("round__version").get(pk=session.pk)
    known = known_days(session, Rater.objects.get(user=cast.annotator).pk)
    if known is None:
        return None
    return known.every.items, known.every.score.of, known.every.score.matched


def test_nothing_that_moves_while_one_works_tells_a_hidden_gold_item(
    mixed: Session, cast: Cast, client: Client
) -> None:
    client.force_login(cast.annotator)
    assert _counts(mixed, cast) is None
    answer(mixed, cast.annotator, sheet(warns=0))
    assert _counts(mixed, cast) == (1, 2, 1)
    answer(mixed, cast.annotator)
    # The first of two qualification items: not yet.
    assert _counts(mixed, cast) == (1, 2, 1)
    answer(mixed, cast.annotator)
    assert _counts(mixed, cast) == (3, 6, 5)

    rater = Rater.objects.get(user=cast.annotator).pk
    while not queue_progress(mixed, rater).is_done:
        answer(mixed, cast.annotator)
        assert _counts(mixed, cast) == (3, 6, 5)
    gold = Assignment.objects.get(item=_item(mixed, "gold"))
    assert gold.status == "submitted"
    assert client.get(_url("feedback", mixed, gold.item_id)).status_code == 404
    page = client.get(_url("queue", mixed)).content.decode()
    assert page.count("Right answers") == 1

    complete(session=mixed, by=cast.owner)
    assert _counts(mixed, cast) == (4, 8, 7)
    page = client.get(_url("queue", mixed)).content.decode()
    assert page.count("Right answers") == 4
    shown = client.get(_url("feedback", mixed, gold.item_id)).content.decode()
    assert "You matched 2 of 2" in shown and "It names the interaction." in shown
    work = Assignment.objects.filter(item__session=mixed, item__kind="work").first()
    assert work and client.get(_url("feedback", mixed, work.item_id)).status_code == 404


def test_a_response_that_waits_in_another_session_keeps_its_gold_answers(
    mixed: Session, cast: Cast, data: Data, client: Client
) -> None:
    while not queue_progress(mixed, Rater.objects.get(user=cast.annotator).pk).is_done:
        answer(mixed, cast.annotator)
    complete(session=mixed, by=cast.owner)
    other = create_session(
        project=cast.project,
        name="Next",
        version=data.version,
        by=cast.owner,
        annotators=[cast.annotator],
    )
    activate(session=other, by=cast.owner)
    client.force_login(cast.annotator)

    assert client.get(_url("feedback", mixed, _item(mixed, "gold"))).status_code == 404
    assert client.get(_url("feedback", mixed, _item(mixed, "training"))).status_code == 200
    assert client.get(_url("queue", mixed)).content.decode().count("Right answers") == 1


def test_results_are_shown_only_where_the_session_shows_them(
    mixed: Session, cast: Cast, client: Client
) -> None:
    while not queue_progress(mixed, Rater.objects.get(user=cast.annotator).pk).is_done:
        answer(mixed, cast.annotator)
    complete(session=mixed, by=cast.owner)
    Session.objects.filter(pk=mixed.pk).update(shows_feedback=False)
    client.force_login(cast.annotator)

    assert _counts(mixed, cast) is None
    assert client.get(_url("feedback", mixed, _item(mixed, "gold"))).status_code == 404
    assert "known items" not in client.get(_url("queue", mixed)).content.decode()


def test_results_by_day_have_a_figure_and_a_table(
    mixed: Session, cast: Cast, client: Client
) -> None:
    for warns in (0.0, 1.0, 1.0):
        answer(mixed, cast.annotator, sheet(warns=warns))
    # Training on the first of two days, qualification on the second.
    Assignment.objects.filter(item__kind="training").update(
        submitted_at=timezone.now() - timedelta(days=1)
    )
    client.force_login(cast.annotator)

    page = client.get(_url("queue", mixed)).content.decode()

    assert page.count('class="point"') == 2 and page.count('class="range"') == 2
    rows = list(table_rows(page, "known-days").values())
    # Wilson at 95 %: 1 of 2 is 0.09 to 0.91, 4 of 4 is 0.51 to 1, 5 of 6 is 0.44 to 0.97.
    assert rows == [
        {"Items": "1", "Matched": "50 % [9–91] n=2"},
        {"Items": "2", "Matched": "100 % [51–100] n=4"},
        {"Items": "3", "Matched": "83 % [44–97] n=6"},
    ]


def test_days_that_are_left_out_still_count_together(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_DAYS == 30
    monkeypatch.setattr("annotations.feedback.MOST_DAYS", 1)
    session = checked_session(cast, data, people=[cast.annotator], training=data.responses[:2])
    first = answer(session, cast.annotator, sheet(warns=0))
    answer(session, cast.annotator)
    Assignment.objects.filter(pk=first.pk).update(submitted_at=timezone.now() - timedelta(days=9))

    known = known_days(session, Rater.objects.get(user=cast.annotator).pk)

    assert known is not None and known.older == 1
    assert [(row.items, row.score.matched) for row in known.days] == [(1, 2)]
    assert (known.every.items, known.every.score.matched, known.every.score.of) == (2, 3, 4)
