"""Signing in and up: password, second factor, limits, the demo."""

from __future__ import annotations

from io import StringIO

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from rubricstudio.accounts import DEMO_PASSWORD, demo_users
from rubricstudio.actions.people import AddressTaken, create_person
from rubricstudio.models import Membership, Role, User
from rubricstudio.workers import WorkerStatus, report_heartbeat
from tests.conftest import Cast
from tests.rubricstudio.accounts import LOGIN, fresh_cache, invitation_page

__all__ = ["fresh_cache"]

SIGNUP = "/accounts/signup/"
STRONG = "pelican-river-41"


def _sign_in(client: Client, email: str, password: str = "studio-test") -> HttpResponse:
    reply = client.post(LOGIN, {"login": email, "password": password})
    assert isinstance(reply, HttpResponse)
    return reply


# -- password


def test_a_person_signs_in_with_address_and_password(client: Client, cast: Cast) -> None:
    reply = _sign_in(client, "OLGA@example.com")

    assert reply.headers["Location"] == "/"
    assert client.get("/").context["user"] == cast.owner


def test_signing_in_leads_back_to_the_page_that_asked_for_it(client: Client, cast: Cast) -> None:
    asked = client.get("/projects/demo/")
    assert asked.headers["Location"] == f"{LOGIN}?next=/projects/demo/"

    reply = client.post(
        LOGIN, {"login": "olga@example.com", "password": "studio-test", "next": "/projects/demo/"}
    )

    assert reply.headers["Location"] == "/projects/demo/"


def test_signing_in_never_leads_to_another_site(client: Client, cast: Cast) -> None:
    reply = client.post(
        LOGIN,
        {"login": "olga@example.com", "password": "studio-test", "next": "https://evil.example/"},
    )

    assert reply.headers["Location"] == "/"


def test_the_sixth_wrong_password_is_refused_whatever_it_is(client: Client, cast: Cast) -> None:
    for _ in range(5):
        assert "not correct" in _sign_in(client, "olga@example.com", "wrong").content.decode()

    # The right password too: who guesses must not learn that the sixth guess was right.
    reply = _sign_in(client, "olga@example.com")

    assert "Too many failed login attempts" in reply.content.decode()
    assert not client.get("/").context
    assert _sign_in(Client(), "ada@example.com").status_code == 302


def test_an_unknown_address_is_answered_like_a_wrong_password(client: Client, cast: Cast) -> None:
    wrong = _sign_in(client, "olga@example.com", "wrong").content.decode()
    unknown = _sign_in(client, "nobody@example.com", "wrong").content.decode()

    sentence = "The email address and/or password you specified are not correct."
    assert sentence in wrong
    assert sentence in unknown


# -- signing up


def test_nobody_signs_up_without_an_invitation(client: Client, cast: Cast) -> None:
    assert "By invitation" in client.get(SIGNUP).content.decode()

    client.post(
        SIGNUP,
        {
            "email": "eve@example.com",
            "first_name": "Eve",
            "password1": STRONG,
            "password2": STRONG,
        },
    )

    assert not User.objects.filter(email="eve@example.com").exists()


def test_an_invited_person_signs_up_and_lands_in_the_project(client: Client, cast: Cast) -> None:
    page = client.get(invitation_page(cast)).content.decode()
    assert f"{SIGNUP}?next=/projects/demo/" in page

    reply = client.post(
        SIGNUP,
        {
            "first_name": "Inès",
            "last_name": "Ferreira",
            "password1": STRONG,
            "password2": STRONG,
            "next": "/projects/demo/",
        },
    )

    person = User.objects.get(email="ines@example.com")
    assert reply.headers["Location"] == "/projects/demo/"
    assert str(person) == "Inès Ferreira"
    assert Membership.objects.get(user=person).role == Role.ANNOTATOR
    assert client.get("/projects/demo/").status_code == 200


def test_the_address_of_an_invitation_cannot_be_exchanged(client: Client, cast: Cast) -> None:
    client.get(invitation_page(cast))

    client.post(
        SIGNUP,
        {
            "email": "eve@example.com",
            "first_name": "Eve",
            "password1": STRONG,
            "password2": STRONG,
        },
    )

    assert not User.objects.filter(email="eve@example.com").exists()
    assert User.objects.filter(email="ines@example.com").exists()


def test_a_weak_password_is_refused_and_the_invitation_stays(client: Client, cast: Cast) -> None:
    link = invitation_page(cast)
    client.get(link)

    reply = client.post(SIGNUP, {"first_name": "I", "password1": "12345", "password2": "12345"})

    assert "too short" in reply.content.decode()
    assert Client().get(link).status_code == 200


def test_an_invitation_lets_one_person_sign_up_only(client: Client, cast: Cast) -> None:
    link, other = invitation_page(cast), Client()
    form = {"first_name": "Inès", "password1": STRONG, "password2": STRONG}
    client.get(link)
    other.get(link)

    client.post(SIGNUP, form)
    second = other.post(SIGNUP, form)

    assert "By invitation" in second.content.decode()
    assert User.objects.filter(email="ines@example.com").count() == 1


# -- second factor


def _code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def _activate_second_factor(client: Client) -> list[str]:
    """Turn it on for who is signed in, who proves it once more; the recovery codes."""
    client.post(reverse("account_reauthenticate"), {"password": "studio-test"})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": _code(secret)})
    shown = client.get(reverse("mfa_view_recovery_codes"))
    return [str(code) for code in shown.context["unused_codes"]]


def test_a_second_factor_is_asked_for_once_it_is_on(client: Client, cast: Cast) -> None:
    _sign_in(client, "olga@example.com")
    codes = _activate_second_factor(client)
    client.post("/accounts/logout/")

    asked = _sign_in(client, "olga@example.com")
    assert asked.headers["Location"].startswith(reverse("mfa_authenticate"))
    assert client.get("/").status_code == 302

    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})

    assert client.get("/").status_code == 200
    assert len(codes) == 10


def test_a_recovery_code_works_once(client: Client, cast: Cast) -> None:
    _sign_in(client, "olga@example.com")
    codes = _activate_second_factor(client)

    for expected in (200, 302):
        client.post("/accounts/logout/")
        _sign_in(client, "olga@example.com")
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert client.get("/").status_code == expected


# -- account pages, header, styleguide


def test_a_person_changes_the_name_others_see(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)

    client.post(reverse("rubricstudio:account"), {"first_name": "Viktor", "last_name": "Lind"})

    cast.viewer.refresh_from_db()
    assert str(cast.viewer) == "Viktor Lind"


def test_the_header_says_that_no_worker_lives(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)

    page = client.get(reverse("rubricstudio:worker-status")).content.decode()

    assert "No worker" in page
    assert "<html" not in page


def test_the_header_says_that_a_worker_lives(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    report_heartbeat(node="llm@here")

    some = client.get(reverse("rubricstudio:worker-status")).content.decode()
    report_heartbeat(node="gpu@here")
    every = client.get(reverse("rubricstudio:worker-status")).content.decode()

    assert "Nothing serves gpu" in some
    assert "Worker on" in every


@pytest.mark.parametrize(
    ("queues", "words"),
    [
        ((), "Start workers"),
        (("default", "llm"), "Nothing serves gpu: such work waits."),
        (("default", "llm", "gpu"), "Workers serve every queue."),
    ],
)
def test_a_status_says_what_waits(queues: tuple[str, ...], words: str) -> None:
    assert words in WorkerStatus(frozenset(queues)).detail


def test_the_styleguide_renders(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)

    assert "Style guide" in client.get(reverse("rubricstudio:styleguide")).content.decode()


def test_pages_forbid_inline_scripts(client: Client, cast: Cast) -> None:
    policy = client.get(LOGIN).headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy


# -- the demo


def test_the_demo_offers_its_people_and_their_password(
    client: Client, db: None, settings: Settings
) -> None:
    settings.DEMO = True

    page = client.get(LOGIN).content.decode()

    assert len(demo_users()) >= 3
    for person in demo_users():
        assert person.email in page
    assert DEMO_PASSWORD in page


def test_outside_the_demo_nobody_is_offered(client: Client, db: None) -> None:
    assert demo_users() == []
    assert DEMO_PASSWORD not in client.get(LOGIN).content.decode()


def test_the_public_password_is_one_that_the_rules_allow(db: None) -> None:
    person = create_person(email="demo@example.com", password=DEMO_PASSWORD)

    assert person.check_password(DEMO_PASSWORD)


# -- the first person


def test_the_command_creates_the_first_person(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{STRONG}\n"))
    said = StringIO()

    call_command(
        "create_owner", "First@Example.com", "--name", "Olga Marin", "--password-stdin", stdout=said
    )

    assert said.getvalue() == "first@example.com can sign in now.\n"
    assert str(User.objects.get()) == "Olga Marin"
    assert _sign_in(client, "first@example.com", STRONG).status_code == 302


@pytest.mark.parametrize(
    ("email", "password", "problem"),
    [
        ("no address", STRONG, "valid email"),
        ("first@example.com", "", "empty"),
        ("first@example.com", "12345", "too short"),
        ("olga@example.com", STRONG, "already has an account"),
    ],
)
def test_the_command_says_what_is_wrong(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, email: str, password: str, problem: str
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{password}\n"))

    with pytest.raises(CommandError, match=problem):
        call_command("create_owner", email, "--password-stdin")

    assert User.objects.count() == 7


def test_the_command_needs_a_terminal_or_the_option(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(""))

    with pytest.raises(CommandError, match="--password-stdin"):
        call_command("create_owner", "first@example.com")


def test_an_address_has_one_account(cast: Cast) -> None:
    with pytest.raises(AddressTaken):
        create_person(email="OLGA@example.com")
