"""Mail to annotators: once a day, about work that is there, and failures are said."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from annotations.actions import pause
from annotations.actions.reminders import remind
from annotations.errors import NotPossible
from annotations.models import Session
from tests.conftest import Cast


class Refusing:
    """A mail server that is away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def open(self) -> None:
        raise ConnectionRefusedError("nobody listens")


def test_a_person_is_reminded_once_a_day(
    session: Session, cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    sent = remind(session=session, link="https://x.example/q", by=cast.owner)
    again = remind(session=session, link="https://x.example/q", by=cast.owner)

    assert sorted(sent.mailed) == ["Nils", "Nuria"]
    assert (list(again.mailed), again.recently) == ([], 2)
    assert sorted(mail.to[0] for mail in mailoutbox) == ["nils@example.com", "nuria@example.com"]
    assert "https://x.example/q" in mailoutbox[0].body
    assert "4 items can be taken." in mailoutbox[0].body
    # Nothing of a task or a response.
    assert "doctor" not in mailoutbox[0].body and "drugs" not in mailoutbox[0].body

    session.annotators.update(reminded_at=timezone.now() - timedelta(hours=25))
    assert len(remind(session=session, link="", by=cast.owner).mailed) == 2


def test_whoever_has_nothing_to_do_is_left_in_peace(
    session: Session, cast: Cast, mailoutbox: list[EmailMessage]
) -> None:
    session.items.update(is_closed=True)
    sent = remind(session=session, link="", by=cast.owner)
    assert (list(sent.mailed), sent.idle, mailoutbox) == ([], 2, [])


def test_only_an_active_session_has_open_work(session: Session, cast: Cast) -> None:
    with pytest.raises(NotPossible):
        remind(session=pause(session=session, by=cast.owner), link="", by=cast.owner)


def test_a_mail_server_that_is_away_is_said_and_nobody_counts_as_reminded(
    session: Session, cast: Cast, client: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "tests.annotations.test_reminders.Refusing"
    client.force_login(cast.owner)
    url = reverse("annotations:remind", args=["demo", session.pk])
    shown = client.post(url, follow=True).content.decode()

    assert "nobody listens" in shown
    assert not session.annotators.filter(reminded_at__isnull=False).exists()


def test_who_is_added_to_a_session_that_runs_is_told(
    session: Session, cast: Cast, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    client.force_login(cast.owner)
    url = reverse("annotations:session-annotators", args=["demo", session.pk])
    people = [cast.annotator.pk, cast.second_annotator.pk, cast.reviewer.pk]
    client.post(url, {"annotators": people})
    client.post(url, {"annotators": people})

    assert [mail.to for mail in mailoutbox] == [["rosa@example.com"]]
    assert reverse("annotations:queue", args=["demo", session.pk]) in mailoutbox[0].body


def test_people_hear_of_a_draft_when_it_starts(
    draft_session: Session, cast: Cast, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    client.force_login(cast.owner)
    people = [cast.annotator.pk, cast.second_annotator.pk]
    place = ["demo", draft_session.pk]
    client.post(reverse("annotations:session-annotators", args=place), {"annotators": people})
    assert mailoutbox == []
    client.post(reverse("annotations:session-state", args=place), {"step": "activate"})
    assert len(mailoutbox) == 2
    client.post(reverse("annotations:session-state", args=place), {"step": "pause"})
    client.post(reverse("annotations:session-state", args=place), {"step": "activate"})
    assert len(mailoutbox) == 2


def test_the_command_for_a_timer(session: Session, mailoutbox: list[EmailMessage]) -> None:
    out = StringIO()
    call_command("remind", "demo", session="First round", site="https://s.example/", stdout=out)
    assert "reminded 2" in out.getvalue()
    assert f"https://s.example/projects/demo/sessions/{session.pk}/queue/" in mailoutbox[0].body

    for wrong in ({"session": "Nope"}, {"session": "First round", "site": "s.example"}):
        with pytest.raises(CommandError) as error:
            call_command("remind", "demo", **wrong)
        assert error.value.returncode == 2
