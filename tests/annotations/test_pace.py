"""Pace: the time taken over a first reading, who is told, and what managers see of it."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from annotations import dashboard as page_of
from annotations.actions import create_session, next_item, record_activity, submit
from annotations.actions.sessions import activate
from annotations.models import Assignment, ItemKind, Session
from annotations.queries.pace import hasty_rows, people_pace
from rubricstudio.domain.activity import Event
from rubricstudio.domain.quality import Pace
from rubricstudio.models import Response, User
from tests.annotations.conftest import COMPLETE
from tests.annotations.quality_cases import add_responses, checked_session
from tests.conftest import Cast, Data

NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
FORM = {
    **{"answer:warns": "1", "comment:warns": "Yes."},
    **{"answer:invents": "0", "answer:clarity": "cannot_assess"},
}


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    settings.READING_WORDS_A_MINUTE = 60


@pytest.fixture
def long_texts(data: Data) -> None:
    """Each response has a hundred words: 100 s at a word a second."""
    Response.objects.update(text="word " * 100)


def _take(session: Session, person: User) -> Assignment:
    found = next_item(session=session, by=person)
    assert found is not None
    Assignment.objects.filter(pk=found.pk).update(created_at=NOW - timedelta(hours=1))
    return found


def _at(*events: tuple[str, int], tab: str = "a") -> list[Event]:
    """Kinds and seconds before noon."""
    return [Event(tab, n, kind, NOW.timestamp() - ago) for n, (kind, ago) in enumerate(events)]


def _an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(hours=1))


def _work(item: Assignment, person: User, seconds: int) -> Assignment:
    """At it for so many seconds, then submitted."""
    if seconds:
        events = _at(("opened", seconds), ("active", 0))
        record_activity(assignment=item, events=events, sent_at=NOW, by=person)
    submit(assignment=item, sheet=COMPLETE, by=person)
    item.refresh_from_db()
    return item


@pytest.mark.usefixtures("long_texts")
@pytest.mark.parametrize(("seconds", "is_fast"), [(99, True), (100, False), (2000, False)])
def test_the_time_until_the_submit_stands_beside_the_time_to_read(
    session: Session, cast: Cast, seconds: int, is_fast: bool
) -> None:
    item = _take(session, cast.annotator)
    events = _at(("opened", seconds), ("active", 0))
    record_activity(assignment=item, events=events, sent_at=NOW, by=cast.annotator)

    done = submit(assignment=item, sheet=COMPLETE, by=cast.annotator)

    # Who reads without touching anything is at it as long as reading takes, 100 s and no more.
    assert done.assignment.reading_seconds == 100
    assert done.assignment.seconds_to_submit == min(seconds, 100)
    assert done.is_too_fast is is_fast
    again = submit(assignment=item, sheet=COMPLETE, by=cast.annotator)
    assert again.is_too_fast is False


@pytest.mark.usefixtures("long_texts")
def test_time_that_was_not_measured_is_unknown_and_not_fast(session: Session, cast: Cast) -> None:
    item = _work(_take(session, cast.annotator), cast.annotator, 0)

    assert (item.reading_seconds, item.seconds_to_submit) == (100, None)
    (nuria,) = people_pace(session)
    assert nuria.pace == Pace(0, 0, None, 1)
    assert (nuria.pace.share, nuria.pace.interval) == (None, None)
    assert hasty_rows(session) == (0, [])


@pytest.mark.usefixtures("long_texts")
def test_events_that_come_late_count_up_to_the_submit(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = _work(_take(session, cast.annotator), cast.annotator, 5)
    assert item.seconds_to_submit == 5

    # Another tab was open from a minute before; after the submit the person stays half an hour.
    late = _at(("opened", 60), ("active", -3), ("left", -1800), tab="b")
    _an_hour_later(monkeypatch)
    record_activity(assignment=item, events=late, sent_at=timezone.now(), by=cast.annotator)

    item.refresh_from_db()
    assert item.seconds_to_submit == 70  # 60 before and the 10 s that clocks may differ
    assert item.active_seconds == 120  # idle time is cut at 60 s, twice


@pytest.mark.usefixtures("long_texts")
def test_changes_after_the_submit_do_not_count(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = _work(_take(session, cast.annotator), cast.annotator, 5)
    _an_hour_later(monkeypatch)

    events = _at(("opened", -900), ("active", -950), tab="later")
    record_activity(assignment=item, events=events, sent_at=timezone.now(), by=cast.annotator)
    submit(assignment=item, sheet=COMPLETE, by=cast.annotator)

    item.refresh_from_db()
    assert item.active_seconds == 55
    assert item.seconds_to_submit == 5


def test_what_a_person_had_read_before_and_training_are_left_out(cast: Cast, data: Data) -> None:
    first, second = data.responses[0], data.responses[1]
    checked = checked_session(
        cast, data, people=[cast.annotator], training=[first], qualification=[second]
    )
    kinds = {}
    for _item in range(3):
        item = _work(_take(checked, cast.annotator), cast.annotator, 1)
        kinds[item.item.kind] = item.reading_seconds is None
    assert kinds == {
        ItemKind.TRAINING: True,
        ItemKind.QUALIFICATION: False,
        ItemKind.WORK: False,
    }

    later = create_session(
        project=cast.project,
        name="Later",
        version=data.version,
        by=cast.owner,
        coverage=1,
        annotators=[cast.annotator],
    )
    activate(session=later, by=cast.owner)
    known = []
    for _item in range(4):
        item = _work(_take(later, cast.annotator), cast.annotator, 1)
        known.append((item.item.response_id, item.reading_seconds is None))
    # Of four responses the person submitted three in the session before.
    assert sum(is_known for _response, is_known in known) == 3


def test_a_repeat_is_no_first_reading(cast: Cast, data: Data) -> None:
    add_responses(data, 6)
    session = create_session(
        project=cast.project,
        name="Twice",
        version=data.version,
        by=cast.owner,
        coverage=1,
        repeat_share=1.0,
        annotators=[cast.annotator],
    )
    activate(session=session, by=cast.owner)
    fresh = Session.objects.select_related("round__version").get(pk=session.pk)
    while (item := next_item(session=fresh, by=cast.annotator)) is not None:
        submit(assignment=item, sheet=COMPLETE, by=cast.annotator)

    repeats = Assignment.objects.filter(item__sample=1, status="submitted")
    assert repeats.exists()
    assert not repeats.filter(reading_seconds__isnull=False).exists()
    assert Assignment.objects.filter(item__sample=0, reading_seconds__isnull=True).count() == 0


# -- what the annotator is told


def _sent(seconds: int, **more: str) -> dict[str, str]:
    events = _at(("opened", seconds), ("active", 0))
    return {
        **FORM,
        "activity-tab": "a",
        "activity-sent": str(int(NOW.timestamp() * 1000)),
        "activity-events": json.dumps([[e.number, e.kind, int(e.at * 1000)] for e in events]),
        **more,
    }


def _submit_url(item: Assignment) -> str:
    return reverse("annotations:submit", args=["demo", item.item.session_id, item.item_id])


def _post(client: Client, item: Assignment, data: dict[str, str]) -> dict[str, Any]:
    reply = client.post(_submit_url(item), data, headers={"Accept": "application/json"})
    found: dict[str, Any] = reply.json()
    return found


@pytest.mark.usefixtures("long_texts")
def test_who_is_faster_than_reading_is_told_once(
    session: Session, cast: Cast, client: Client
) -> None:
    client.force_login(cast.annotator)
    item = _take(session, cast.annotator)

    told = _post(client, item, _sent(40))
    assert "quicker than the text can be read" in told["note"]
    assert "note" not in _post(client, item, _sent(40))
    item.refresh_from_db()
    assert (item.status, item.seconds_to_submit) == ("submitted", 40)

    slow = _take(session, cast.annotator)
    assert "note" not in _post(client, slow, _sent(150))


@pytest.mark.usefixtures("long_texts")
def test_a_form_without_scripts_of_its_own_shows_it_as_a_message(
    session: Session, cast: Cast, client: Client
) -> None:
    client.force_login(cast.annotator)
    item = _take(session, cast.annotator)

    page = client.post(_submit_url(item), _sent(40), follow=True)

    assert "quicker than the text can be read" in page.content.decode()


@pytest.mark.usefixtures("long_texts")
@pytest.mark.parametrize(
    "left_out",
    [
        {"activity-events": "["},
        {"activity-events": ""},
        {"activity-tab": "a b"},
        {"activity-sent": "soon"},
    ],
)
def test_without_readable_events_nobody_is_told_and_the_answers_are_kept(
    session: Session, cast: Cast, client: Client, left_out: dict[str, str]
) -> None:
    """An earlier batch alone may be behind: the time may be longer than it looks."""
    client.force_login(cast.annotator)
    item = _take(session, cast.annotator)
    events = _at(("opened", 30), ("active", 20), tab="b")
    record_activity(assignment=item, events=events, sent_at=NOW, by=cast.annotator)

    assert "note" not in _post(client, item, _sent(25, **left_out))
    item.refresh_from_db()
    assert (item.status, item.seconds_to_submit) == ("submitted", 10)


@pytest.mark.usefixtures("long_texts")
def test_a_session_may_leave_the_warning_out_and_still_counts(
    session: Session, cast: Cast, client: Client
) -> None:
    Session.objects.filter(pk=session.pk).update(warns_of_pace=False)
    client.force_login(cast.annotator)
    item = _take(session, cast.annotator)

    assert "note" not in _post(client, item, _sent(40))
    assert people_pace(session)[0].pace == Pace(1, 1, 0.4, 0)


def test_hidden_gold_is_told_as_work_is(cast: Cast, data: Data, client: Client) -> None:
    add_responses(data, 6)
    session = checked_session(
        cast, data, people=[cast.annotator], gold=[data.responses[0]], gold_share=0.5
    )
    Response.objects.update(text="word " * 100)
    client.force_login(cast.annotator)
    notes: dict[str, set[str]] = {}
    for _item in range(4):
        item = _take(session, cast.annotator)
        told = _post(client, item, _sent(40, tab=str(item.pk)))
        notes.setdefault(item.item.kind, set()).add(told["note"])
    assert set(notes) == {ItemKind.WORK, ItemKind.GOLD}
    assert notes[ItemKind.WORK] == notes[ItemKind.GOLD]


# -- what managers see


@pytest.fixture
def hurried(session: Session, cast: Cast, long_texts: None) -> Session:
    """Nuria: 20 s and 50 s where 100 are needed, then 100 s; Nils: one not timed."""
    for seconds in (20, 50, 100):
        _work(_take(session, cast.annotator), cast.annotator, seconds)
    _work(_take(session, cast.second_annotator), cast.second_annotator, 0)
    return session


def test_people_are_counted_with_n_and_median(hurried: Session) -> None:
    nils, nuria = people_pace(hurried)

    assert nuria.pace == Pace(fast=2, of=3, median=0.5, untimed=0)
    assert nils.pace == Pace(fast=0, of=0, median=None, untimed=1)
    low, high = nuria.pace.interval or (0, 0)
    # Wilson, 2 of 3: centre (2/3 + 3.8415/6) / (1 + 3.8415/3) = 0.573, half width 0.365.
    assert (round(low, 3), round(high, 3)) == (0.208, 0.939)


def test_the_submissions_are_listed_fastest_first(hurried: Session, cast: Cast) -> None:
    total, rows = hasty_rows(hurried)

    assert (total, [round(row.ratio, 2) for row in rows]) == (2, [0.2, 0.5])
    assert {row.name for row in rows} == {"Nuria"}
    nobody = people_pace(hurried)[0].rater_id
    assert hasty_rows(hurried, rater_id=nobody) == (0, [])
    still_to_judge = Assignment.objects.get(seconds_to_submit=20).item.response_id
    assert [row.seconds for row in hasty_rows(hurried, [still_to_judge])[1]] == [50]


def test_the_dashboard_leads_to_them_and_asks_no_more_for_more(
    hurried: Session, cast: Cast, client: Client
) -> None:
    client.force_login(cast.reviewer)
    page = reverse("annotations:dashboard", args=["demo", hurried.pk])
    listed = reverse("annotations:pace", args=["demo", hurried.pk])
    nuria = people_pace(hurried)[1].rater_id

    shown = client.get(page).content.decode()
    assert "Pace of reading" in shown
    assert f"{listed}?annotator={nuria}" in shown and "2 of 3" in shown
    with CaptureQueriesContext(
        connection,
    ) as before:
        text = client.get(listed).content.decode()
    assert text.count("<tr>") == 3 and "20 s" in text
    _work(_take(hurried, cast.second_annotator), cast.second_annotator, 30)
    with CaptureQueriesContext(connection) as after:
        assert client.get(listed).content.decode().count("<tr>") == 4
    assert len(after) == len(before) <= 12
    assert client.get(f"{listed}?annotator={nuria}").content.decode().count("<tr>") == 3
    for odd in ("x", "9" * 30, "²", "-1"):
        assert client.get(listed, {"annotator": odd}).status_code == 200


def test_the_table_is_a_file_in_which_unknown_is_empty(
    hurried: Session, cast: Cast, client: Client
) -> None:
    client.force_login(cast.owner)
    url = reverse("annotations:dashboard-csv", args=["demo", hurried.pk, "reading"])

    rows = list(csv.reader(b"".join(client.get(url)).decode().splitlines()))

    assert rows[1] == ["Nils", "0", "0", "", "", "", "", "1"]
    assert rows[2][:3] == ["Nuria", "3", "2"]
    assert page_of.SHEET_NAMES.keys() == {*page_of.SHEETS, "agreement"}
