"""The dashboard of a session: counts, time, forecast, agreement by day, and its files."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from annotations import dashboard as page_of
from annotations.actions import next_item, skip, submit
from annotations.models import Assignment, Flag, Session, SkipReason
from annotations.queries import dashboard as counts
from annotations.queries.agreement_days import agreement_by_day
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import User
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast

OTHER = Sheet({**COMPLETE.entries, "invents": Entry(VerdictStatus.OK, 1.0)})


def _submit(session: Session, person: User, sheet: Sheet = COMPLETE) -> Assignment:
    taken = next_item(session=session, by=person)
    assert taken is not None
    return submit(assignment=taken, sheet=sheet, by=person).assignment


@pytest.fixture
def worked(session: Session, cast: Cast) -> Session:
    """Nuria submitted 3 of 4 items, Nils 2 and skipped 1; one item has been timed at 6 s."""
    first = _submit(session, cast.annotator)
    submit(assignment=first, sheet=OTHER, by=cast.annotator)  # a correction
    _submit(session, cast.annotator)
    _submit(session, cast.annotator)
    _submit(session, cast.second_annotator)
    _submit(session, cast.second_annotator)
    third = next_item(session=session, by=cast.second_annotator)
    assert third is not None
    skip(assignment=third, reason=SkipReason.EXPERTISE, by=cast.second_annotator)
    Flag.objects.create(item=third.item, rater=third.rater, note="Two answers in one.")
    Assignment.objects.filter(pk=first.pk).update(active_seconds=6)
    return session


def test_people_are_counted_and_time_that_was_not_measured_is_left_out(worked: Session) -> None:
    everybody, (nils, nuria) = counts.people(worked)

    assert (everybody.submitted, nuria.submitted, nils.submitted) == (5, 3, 2)
    assert nils.skipped == 1
    # 6 seconds for three criteria; the other two items have no time, which is not 0.
    assert (nuria.seconds.n, nuria.seconds.median) == (1, 2.0)
    assert (nils.seconds.n, nils.seconds.median) == (0, None)


def test_items_and_criteria_are_counted_by_state(worked: Session) -> None:
    assert counts.item_states(worked) == {
        **{"done": 2, "needs_others": 1, "running": 0, "pending": 1, "closed": 0}
    }
    warns, invents, clarity = counts.criterion_counts(worked)
    # Five submissions; the correction takes the place of what it corrects.
    assert (warns.n, warns.ok, warns.with_rationale) == (5, 5, 5)
    assert (invents.n, invents.ok) == (5, 5)
    assert (clarity.n, clarity.cannot_assess, clarity.ok) == (5, 5, 0)


def test_a_bucket_without_submissions_is_there(worked: Session) -> None:
    days = counts.pace(worked, "day", 30)
    hours = counts.pace(worked, "hour", 48)

    assert [len(days), sum(day.n for day in days), days[0].n] == [30, 5, 0]
    assert [len(hours), sum(hour.n for hour in hours)] == [48, 5]


def test_reasons_and_flags(worked: Session) -> None:
    assert counts.skip_reasons(worked) == [counts.Reason("expertise", 1, 0)]
    found = counts.flags(worked)
    assert (found.open, found.settled, len(found.newest)) == (1, 0, 1)
    hidden = [found.newest[0].item.response_id]
    assert counts.flags(worked, hidden) == counts.Flags(1, 0, [])


def test_an_end_is_expected_only_of_enough_work(worked: Session) -> None:
    """Five submissions within seconds say nothing."""
    assert page_of.dashboard(worked, []).eta is None

    Assignment.objects.filter(status="submitted").update(
        submitted_at=timezone.now() - timedelta(days=3)
    )
    assert page_of.dashboard(worked, []).eta is None


def test_agreement_of_a_day(worked: Session) -> None:
    found = agreement_by_day(worked)

    assert found is not None
    (today,) = found.days
    # Two binary criteria on three responses; two of these have two people's answers. On
    # "warns" all agree; on "invents" they do on one of two: 3 of 4 agree.
    assert (today.n, today.n_units) == (4, 6)
    assert today.percent.value == pytest.approx(0.75)
    assert (found.every.n, found.criteria, found.older) == (4, 2, 0)


def test_nothing_is_compared_before_anybody_judged(session: Session) -> None:
    assert agreement_by_day(session) is None


def test_the_page_withholds_and_has_a_constant_number_of_queries(
    worked: Session, cast: Cast, client: Client
) -> None:
    client.force_login(cast.owner)
    url = reverse("annotations:dashboard", args=["demo", worked.pk])
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as before:
        shown = client.get(url).content.decode()
    _submit(worked, cast.annotator)
    with CaptureQueriesContext(connection) as after:
        client.get(url)

    assert len(after) == len(before) <= 30
    assert "too little was submitted lately" in shown
    assert "outside my expertise" in shown and "Two answers in one." in shown

    fragment = client.get(url + "?agreement=on", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "too few" in fragment


@pytest.mark.parametrize("table", [*page_of.SHEETS, "agreement"])
def test_each_table_is_a_file(table: str, worked: Session, cast: Cast, client: Client) -> None:
    client.force_login(cast.reviewer)
    response = client.get(reverse("annotations:dashboard-csv", args=["demo", worked.pk, table]))

    rows = list(csv.reader(b"".join(response).decode().splitlines()))
    assert len(rows) > 1
    assert len({len(row) for row in rows}) == 1


def test_a_file_of_another_name_is_not_there(worked: Session, cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    url = reverse("annotations:dashboard-csv", args=["demo", worked.pk, "x"])
    assert client.get(url).status_code == 404


def test_what_was_not_measured_is_empty_in_a_file(worked: Session, settings: Settings) -> None:
    found = page_of.sheet(worked, "people", 20)
    assert found is not None
    nils = list(page_of.csv_lines(found))[2]
    assert nils.strip().endswith(",0,,,")


def test_people_see_how_far_they_are(worked: Session, cast: Cast, client: Client) -> None:
    client.force_login(cast.annotator)
    url = reverse("annotations:queue", args=["demo", worked.pk])
    shown = client.get(url).content.decode()
    assert "Your pace" in shown
    assert "known answers" not in shown
