"""How allauth behaves here: nobody signs up without an invitation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rubricstudio.actions.invitations import InvitationUnusable, accept_invitation
from rubricstudio.models import Invitation, User
from rubricstudio.queries.projects import invitation_by_hash, is_usable

INVITATION_SESSION_KEY = "invitation_token_hash"
DEMO_USERS = Path(__file__).parent / "demo_data" / "users.json"
# Public on purpose: the demo's accounts are for everyone who can reach the demo.
DEMO_PASSWORD = "rubric-studio"


@dataclass(frozen=True)
class DemoUser:
    """Someone the sign-in page of the demo offers."""

    name: str
    email: str
    title: str
    password: str


def demo_users() -> list[DemoUser]:
    """The demo's people, for the sign-in page; nobody where this is not the demo."""
    if not settings.DEMO:
        return []
    people = json.loads(DEMO_USERS.read_text(encoding="utf-8"))["users"]
    return [DemoUser(p["name"], p["email"], p["title"], DEMO_PASSWORD) for p in people]


def invitation_in_session(request: HttpRequest) -> Invitation | None:
    """The usable invitation whose link was opened in this session."""
    token_hash = request.session.get(INVITATION_SESSION_KEY)
    found = invitation_by_hash(token_hash) if token_hash else None
    return found if found and is_usable(found) else None


def invitation_problem(
    request: HttpRequest, problem: str, invitation: Invitation | None, address: str = ""
) -> HttpResponse:
    """The page that says why an invitation link does not work, and what to do.

    `problem` is one of unknown, used, expired and other (meant for another address).
    """
    context = {"problem": problem, "invitation": invitation, "address": address}
    status = {"unknown": 404, "other": 403}.get(problem, 410)
    return render(request, "rubricstudio/invitation_problem.html", context, status=status)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Only for who came through an invitation link in this session."""
        return invitation_in_session(request) is not None

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Save who signed up, and let them into the project they were invited to."""
        saved: User = super().save_user(request, user, form, commit)
        _join(request, saved)
        return saved


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # as above
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """As for a password, and only where the provider names the invited address."""
        invitation = invitation_in_session(request)
        if invitation is None:
            return False
        addresses = {address.email.lower() for address in sociallogin.email_addresses}
        if addresses and invitation.email.lower() not in addresses:
            raise ImmediateHttpResponse(
                invitation_problem(request, "other", invitation, min(addresses))
            )
        return True

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Save who signed up through the provider, and let them into the project."""
        saved: User = super().save_user(request, sociallogin, form)
        _join(request, saved)
        return saved


def _join(request: HttpRequest, user: User) -> None:
    invitation = invitation_in_session(request)
    if invitation is None:
        return
    try:
        accept_invitation(invitation=invitation, by=user)
    except InvitationUnusable as error:
        # Used in another window since this page was opened: no account without a project.
        raise ImmediateHttpResponse(invitation_problem(request, "used", invitation)) from error
    del request.session[INVITATION_SESSION_KEY]
