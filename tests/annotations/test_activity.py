"""Active time: events come in in any order, more than once, from clocks that are wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotations.actions import next_item, record_activity, submit
from annotations.errors import NotInSession
from annotations.models import Activity, Assignment, Session
from annotations.queries.activity import TimeSpent, time_spent
from annotations.templatetags.timing import duration
from rubricstudio.domain.activity import Event
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast

NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def item(session: Session, cast: Cast) -> Assignment:
    """Handed out an hour ago."""
    found = next_item(session=session, by=cast.annotator)
    assert found
    Assignment.objects.filter(pk=found.pk).update(created_at=NOW - timedelta(hours=1))
    return found


def _events(*events: tuple[str, int], tab: str = "a", skew: int = 0) -> list[Event]:
    """Kinds and seconds before noon."""
    return [
        Event(tab, n, kind, NOW.timestamp() - ago + skew) for n, (kind, ago) in enumerate(events)
    ]


WORK = (("opened", 100), ("active", 80), ("left", 50))


def test_events_become_active_seconds_once(item: Assignment, cast: Cast) -> None:
    events = _events(*WORK)

    for sent in (events[2:], events, events[:1]):
        record_activity(assignment=item, events=sent, sent_at=NOW, by=cast.annotator)

    item.refresh_from_db()
    assert item.active_seconds == 50  # 20 + 30
    assert Activity.objects.filter(assignment=item).count() == 3


def test_a_second_tab_adds_only_what_the_first_does_not_cover(item: Assignment, cast: Cast) -> None:
    record_activity(assignment=item, events=_events(*WORK), sent_at=NOW, by=cast.annotator)

    other = _events(("opened", 70), ("left", 40), tab="b")
    seconds = record_activity(assignment=item, events=other, sent_at=NOW, by=cast.annotator)

    assert seconds == 60  # from 100 to 40 seconds ago


@pytest.mark.parametrize("skew", [-40_000, 40_000])
def test_a_clock_that_is_wrong_is_put_right(item: Assignment, cast: Cast, skew: int) -> None:
    sent_at = NOW + timedelta(seconds=skew)

    seconds = record_activity(
        assignment=item, events=_events(*WORK, skew=skew), sent_at=sent_at, by=cast.annotator
    )

    assert seconds == 50
    first = Activity.objects.get(assignment=item, number=0)
    assert first.at == NOW - timedelta(seconds=100)


def test_no_time_lies_before_the_item_was_handed_out_or_in_the_future(
    item: Assignment, cast: Cast
) -> None:
    # Two hours of events, a minute apart: an hour at most can be true.
    claimed = [("active", 3600 - 60 * n) for n in range(-60, 120)]

    seconds = record_activity(
        assignment=item, events=_events(*claimed), sent_at=NOW, by=cast.annotator
    )

    assert seconds == 3600


def test_another_person_cannot_add_to_it(item: Assignment, cast: Cast) -> None:
    with pytest.raises(NotInSession):
        record_activity(
            assignment=item, events=_events(*WORK), sent_at=NOW, by=cast.second_annotator
        )


def _post(client: Client, item: Assignment, **data: object) -> int:
    url = reverse("annotations:activity", args=["demo", item.item.session_id, item.item_id])
    milliseconds = [[e.number, e.kind, int(e.at * 1000)] for e in _events(*WORK)]
    body = {"tab": "a", "sent": int(NOW.timestamp() * 1000), "events": json.dumps(milliseconds)}
    return client.post(url, {**body, **data}).status_code


def test_the_page_takes_a_batch_in_the_same_queries_whatever_is_kept(
    client: Client, item: Assignment, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(cast.annotator)
    assert _post(client, item) == 204

    # Sign-in 2, membership, place, assignment; lock, count, insert, read, write, and the
    # beginning and end of the transaction.
    with django_assert_num_queries(12):
        assert _post(client, item, tab="b") == 204


@pytest.mark.parametrize(
    "broken",
    [
        {"events": "["},
        {"events": "{}"},
        {"events": "[[1, 2, 3]]"},
        {"events": '[[-1, "active", 3]]'},
        {"events": '[[1, "asleep", 3]]'},
        {"events": '[[1, "active", 1e99]]'},
        {"events": '[[true, "active", 5]]'},
        {"events": "[" * 9000},
        {"events": json.dumps([[n, "active", 0] for n in range(501)])},
        {"tab": "a b"},
        {"tab": ""},
        {"sent": "9" * 40},
        {"sent": "soon"},
    ],
)
def test_what_no_browser_sends_is_refused(
    client: Client, item: Assignment, cast: Cast, broken: dict[str, str]
) -> None:
    client.force_login(cast.annotator)

    assert _post(client, item, **broken) == 422
    assert not Activity.objects.exists()


def test_time_is_told_by_person_and_unknown_is_not_zero(
    item: Assignment, session: Session, cast: Cast
) -> None:
    assert time_spent(session) == {}

    record_activity(assignment=item, events=_events(*WORK), sent_at=NOW, by=cast.annotator)
    assert time_spent(session) == {item.rater_id: TimeSpent(50, 1, 0, 0)}
    assert time_spent(session)[item.rater_id].per_item is None

    submit(assignment=item, sheet=COMPLETE, by=cast.annotator)
    assert time_spent(session, rater_id=item.rater_id)[item.rater_id].per_item == 50


def test_the_queue_and_the_session_page_tell_the_time(
    client: Client, item: Assignment, session: Session, cast: Cast
) -> None:
    record_activity(assignment=item, events=_events(*WORK), sent_at=NOW, by=cast.annotator)

    client.force_login(cast.annotator)
    own = client.get(reverse("annotations:queue", args=["demo", session.pk])).content.decode()
    client.force_login(cast.owner)
    all_ = client.get(reverse("annotations:session", args=["demo", session.pk])).content.decode()

    assert "Time you spent" in own
    assert "50 s" in own
    assert "Only active time counts" in own
    assert "50 s" in all_


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (750, "12 min"),
        (3900, "1 h 05 min"),
    ],
)
def test_lengths_of_time_are_short(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words
