"""Members and invitations: who may join, once, and who may not be taken away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rubricstudio.actions.invitations import (
    AlreadyMember,
    InvitationForAnother,
    InvitationUnusable,
    accept_invitation,
    invite,
    revoke_invitation,
)
from rubricstudio.actions.people import create_person
from rubricstudio.actions.projects import LastOwner, remove_member, set_member
from rubricstudio.models import Invitation, Membership, Role, User
from rubricstudio.tokens import hash_token
from tests.conftest import Cast


def _invite(cast: Cast, email: str = "ines@example.com", role: Role = Role.REVIEWER) -> str:
    """The token of a new invitation to `demo`."""
    return invite(
        project=cast.project, email=email, role=role, by=cast.owner, link_for=lambda token: token
    ).link


def _role(cast: Cast, user: User) -> str | None:
    return (
        Membership.objects.filter(project=cast.project, user=user)
        .values_list("role", flat=True)
        .first()
    )


def _link(token: str) -> str:
    return reverse("rubricstudio:invitation", args=[token])


# -- members


def test_the_last_owner_can_neither_step_down_nor_go(cast: Cast) -> None:
    with pytest.raises(LastOwner, match="make someone else an owner first"):
        set_member(project=cast.project, user=cast.owner, role=Role.VIEWER, by=cast.owner)
    with pytest.raises(LastOwner):
        remove_member(project=cast.project, user=cast.owner, by=cast.owner)

    assert _role(cast, cast.owner) == Role.OWNER


def test_one_of_two_owners_can_step_down(cast: Cast) -> None:
    set_member(project=cast.project, user=cast.author, role=Role.OWNER, by=cast.owner)

    set_member(project=cast.project, user=cast.owner, role=Role.VIEWER, by=cast.owner)

    assert _role(cast, cast.owner) == Role.VIEWER


def test_the_page_says_why_the_last_owner_stays(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    mine = Membership.objects.get(project=cast.project, user=cast.owner)

    for name, values in (("member-role", {"role": "viewer"}), ("member-remove", {})):
        url = reverse(f"rubricstudio:{name}", args=["demo", mine.pk])
        page = client.post(url, values, follow=True).content.decode()

        assert "make someone else an owner first" in page

    assert (
        "first"
        in client.post(reverse("rubricstudio:leave", args=["demo"]), follow=True).content.decode()
    )
    assert _role(cast, cast.owner) == Role.OWNER


def test_an_owner_changes_a_role(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    membership = Membership.objects.get(project=cast.project, user=cast.viewer)
    url = reverse("rubricstudio:member-role", args=["demo", membership.pk])

    client.post(url, {"role": "reviewer"})

    assert _role(cast, cast.viewer) == Role.REVIEWER


def test_a_role_that_does_not_exist_changes_nothing(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    membership = Membership.objects.get(project=cast.project, user=cast.viewer)
    url = reverse("rubricstudio:member-role", args=["demo", membership.pk])

    page = client.post(url, {"role": "king"}, follow=True).content.decode()

    assert "Choose one of the roles." in page
    assert _role(cast, cast.viewer) == Role.VIEWER


def test_a_member_of_another_project_cannot_be_reached_from_here(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.owner)
    foreign = Membership.objects.get(project=cast.other_project)
    url = reverse("rubricstudio:member-remove", args=["demo", foreign.pk])

    assert client.post(url).status_code == 404
    assert Membership.objects.filter(pk=foreign.pk).exists()


def test_who_was_removed_finds_nothing(client: Client, cast: Cast) -> None:
    remove_member(project=cast.project, user=cast.viewer, by=cast.owner)

    client.force_login(cast.viewer)

    assert client.get(reverse("rubricstudio:project", args=["demo"])).status_code == 404


def test_a_member_may_leave(client: Client, cast: Cast) -> None:
    client.force_login(cast.annotator)

    client.post(reverse("rubricstudio:leave", args=["demo"]))

    assert _role(cast, cast.annotator) is None


def test_only_an_owner_sees_invitations_and_the_form(client: Client, cast: Cast) -> None:
    _invite(cast)
    url = reverse("rubricstudio:members", args=["demo"])

    client.force_login(cast.owner)
    owners = client.get(url).content.decode()
    client.force_login(cast.viewer)
    viewers = client.get(url).content.decode()

    assert "ines@example.com" in owners
    assert "ines@example.com" not in viewers
    assert "Invite someone" not in viewers


def test_membership_changes_are_recorded_with_who_made_them(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    membership = Membership.objects.get(project=cast.project, user=cast.viewer)

    client.post(
        reverse("rubricstudio:member-role", args=["demo", membership.pk]), {"role": "reviewer"}
    )

    events: Any = membership.events  # type: ignore[attr-defined]  # pghistory adds it
    last = events.order_by("pgh_id").last()
    assert (last.role, last.pgh_context.metadata["user"]) == ("reviewer", cast.owner.pk)


# -- inviting


def test_an_invitation_keeps_only_the_hash_of_its_token(cast: Cast) -> None:
    token = _invite(cast)

    row = Invitation.objects.get()
    assert row.token_hash == hash_token(token)
    assert token not in str(Invitation.objects.values_list())
    assert timedelta(days=13, hours=23) < row.expires_at - timezone.now() <= timedelta(days=14)


def test_the_invited_are_sent_the_link_and_the_page_shows_it_once(
    client: Client,
    cast: Cast,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Any,
) -> None:
    client.force_login(cast.owner)
    url = reverse("rubricstudio:invite", args=["demo"])

    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(url, {"email": "Ines@Example.com", "role": "viewer"}).content.decode()

    found = re.search(r"http://testserver/invitations/[\w-]{43}/", page)
    assert found
    assert mailoutbox[0].to == ["ines@example.com"]
    assert found.group() in str(mailoutbox[0].body)
    again = client.get(reverse("rubricstudio:members", args=["demo"])).content.decode()
    assert found.group() not in again


def test_a_mail_server_that_is_away_does_not_keep_the_link_from_the_page(
    client: Client,
    cast: Cast,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    client.force_login(cast.owner)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    with django_capture_on_commit_callbacks(execute=True):
        reply = client.post(
            reverse("rubricstudio:invite", args=["demo"]),
            {"email": "ines@example.com", "role": "viewer"},
        )

    assert reply.status_code == 200
    assert "/invitations/" in reply.content.decode()


def test_a_member_cannot_be_invited_again(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)

    reply = client.post(
        reverse("rubricstudio:invite", args=["demo"]),
        {"email": "VICTOR@example.com", "role": "viewer"},
    )

    assert reply.status_code == 422
    assert "victor@example.com is already a member." in reply.content.decode()
    with pytest.raises(AlreadyMember):
        _invite(cast, "victor@example.com")


def test_a_second_invitation_replaces_the_first(cast: Cast, client: Client) -> None:
    first = _invite(cast)

    second = _invite(cast, "INES@example.com")

    assert client.get(_link(first)).status_code == 404
    assert client.get(_link(second)).status_code == 200


def test_an_owner_revokes_an_invitation(client: Client, cast: Cast) -> None:
    token = _invite(cast)
    client.force_login(cast.owner)
    row = Invitation.objects.get()

    client.post(reverse("rubricstudio:invitation-revoke", args=["demo", row.pk]))

    client.logout()
    assert client.get(_link(token)).status_code == 404


def test_revoking_leaves_an_accepted_invitation_as_it_is(cast: Cast) -> None:
    _invite(cast, "stefan@example.com")
    row = Invitation.objects.get()
    accept_invitation(invitation=row, by=cast.stranger)

    revoke_invitation(invitation=row, by=cast.owner)

    assert Invitation.objects.get().accepted_by == cast.stranger


# -- accepting


def test_the_right_person_joins_with_the_role(client: Client, cast: Cast) -> None:
    token = _invite(cast, "stefan@example.com", Role.ANNOTATOR)
    client.force_login(cast.stranger)

    asked = client.get(_link(token))
    joined = client.post(_link(token))

    assert "Join the project" in asked.content.decode()
    assert joined.headers["Location"] == reverse("rubricstudio:project", args=["demo"])
    assert _role(cast, cast.stranger) == Role.ANNOTATOR


def test_looking_at_an_invitation_does_not_accept_it(client: Client, cast: Cast) -> None:
    token = _invite(cast, "stefan@example.com")
    client.force_login(cast.stranger)

    client.get(_link(token))

    assert _role(cast, cast.stranger) is None


def test_another_person_is_told_whose_invitation_it_is(client: Client, cast: Cast) -> None:
    token = _invite(cast)
    client.force_login(cast.stranger)

    for reply in (client.get(_link(token)), client.post(_link(token))):
        page = reply.content.decode()
        assert reply.status_code == 403
        assert "ines@example.com" in page
        assert "stefan@example.com" in page

    assert _role(cast, cast.stranger) is None
    with pytest.raises(InvitationForAnother):
        accept_invitation(invitation=Invitation.objects.get(), by=cast.stranger)


def test_an_invitation_works_once(client: Client, cast: Cast) -> None:
    token = _invite(cast, "stefan@example.com")
    accept_invitation(invitation=Invitation.objects.get(), by=cast.stranger)
    remove_member(project=cast.project, user=cast.stranger, by=cast.owner)

    with pytest.raises(InvitationUnusable):
        accept_invitation(invitation=Invitation.objects.get(), by=cast.stranger)

    reply = client.get(_link(token))
    assert reply.status_code == 410
    assert "This invitation was used" in reply.content.decode()


def test_who_joined_and_opens_the_link_again_lands_in_the_project(
    client: Client, cast: Cast
) -> None:
    token = _invite(cast, "stefan@example.com")
    client.force_login(cast.stranger)
    client.post(_link(token))

    assert client.get(_link(token)).headers["Location"].endswith("/projects/demo/")


def test_an_expired_invitation_says_so(client: Client, cast: Cast) -> None:
    token = _invite(cast, "stefan@example.com")
    past = timezone.now() - timedelta(minutes=1)
    Invitation.objects.update(created_at=past - timedelta(days=14), expires_at=past)

    reply = client.get(_link(token))

    assert reply.status_code == 410
    assert "This invitation has expired" in reply.content.decode()
    with pytest.raises(InvitationUnusable):
        accept_invitation(invitation=Invitation.objects.get(), by=cast.stranger)


def test_an_unknown_token_gets_a_clear_page(client: Client, cast: Cast) -> None:
    reply = client.get(_link("x" * 43))

    assert reply.status_code == 404
    assert "This invitation is not known" in reply.content.decode()


def test_accepting_never_takes_a_role_away(cast: Cast) -> None:
    _invite(cast, "stefan@example.com", Role.VIEWER)
    set_member(project=cast.project, user=cast.stranger, role=Role.AUTHOR, by=cast.owner)

    accept_invitation(invitation=Invitation.objects.get(), by=cast.stranger)

    assert _role(cast, cast.stranger) == Role.AUTHOR


def test_an_invited_person_with_an_account_is_asked_to_sign_in(client: Client, cast: Cast) -> None:
    token = _invite(cast, "stefan@example.com")

    page = client.get(_link(token)).content.decode()

    assert f"{reverse('account_login')}?next={_link(token)}" in page
    assert reverse("account_signup") not in page


def test_a_person_is_created_with_a_lower_case_address(db: None) -> None:
    person = create_person(email=" Mara.Quint@Example.COM ", name="Mara van Quint")

    assert person.email == "mara.quint@example.com"
    assert (person.first_name, person.last_name) == ("Mara", "van Quint")
    assert not person.has_usable_password()
