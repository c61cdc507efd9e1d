"""Invitations: a link that lets one address join a project, once, for fourteen days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from rubricstudio.actions.projects import set_member
from rubricstudio.models import Invitation, Membership, Project, Role, User
from rubricstudio.tokens import hash_token, new_token

VALID_FOR = timedelta(days=14)


class AlreadyMember(ValueError):
    """The address belongs to a member of the project."""


class InvitationUnusable(ValueError):
    """The invitation was used, revoked or has expired."""


class InvitationForAnother(ValueError):
    """The invitation is for another address than the person's."""


@dataclass(frozen=True)
class Invited:
    """An invitation and its link, which nobody can see again."""

    invitation: Invitation
    link: str


@transaction.atomic
def invite(
    *, project: Project, email: str, role: Role, by: User, link_for: Callable[[str], str]
) -> Invited:
    """Invite an address and mail it the link that `link_for` makes of the token.

    An open invitation of the same address is replaced, so its link stops working.
    Raises AlreadyMember.
    """
    address = email.strip().lower()
    if Membership.objects.filter(project=project, user__email__iexact=address).exists():
        raise AlreadyMember(gettext("%(email)s is already a member.") % {"email": address})
    open_ones = Invitation.objects.filter(project=project, accepted_at__isnull=True)
    open_ones.filter(email__iexact=address).delete()
    token = new_token()
    invitation = Invitation.objects.create(
        project=project,
        email=address,
        role=role,
        token_hash=hash_token(token),
        invited_by=by,
        expires_at=timezone.now() + VALID_FOR,
    )
    invited = Invited(invitation, link_for(token))
    # Robust: a mail server that is away is logged, and the page shows the link anyway.
    transaction.on_commit(lambda: _mail(invited), robust=True)
    return invited


def _mail(invited: Invited) -> None:
    invitation = invited.invitation
    facts = {
        "name": str(invitation.invited_by),
        "project": invitation.project.name,
        "role": invitation.get_role_display(),
        "link": invited.link,
        "days": VALID_FOR.days,
    }
    send_mail(
        gettext("Join %(project)s on Rubric Studio") % facts,
        gettext(
            "%(name)s invites you to the project %(project)s as %(role)s.\n\n"
            "Open this link within %(days)s days; it works once, for this address only:\n"
            "%(link)s\n"
        )
        % facts,
        None,
        [invitation.email],
    )


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User) -> None:
    """Make an open invitation's link useless. An accepted one is left as it is."""
    Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True).delete()


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: User) -> Membership:
    """Join the project with the invitation's role; a member's present role stays.

    Raises InvitationUnusable when it was used, revoked or has expired, and
    InvitationForAnother when `by` has another address.
    """
    # Locked, so that of two tabs only one joins.
    locked = Invitation.objects.select_for_update().filter(pk=invitation.pk).first()
    now = timezone.now()
    if locked is None or locked.accepted_at is not None or locked.expires_at <= now:
        raise InvitationUnusable(gettext("This invitation was used, revoked or has expired."))
    if locked.email.lower() != by.email.lower():
        raise InvitationForAnother(
            gettext("This invitation is for %(email)s.") % {"email": locked.email}
        )
    locked.accepted_at, locked.accepted_by = now, by
    locked.save(update_fields=["accepted_at", "accepted_by"])
    present = Membership.objects.filter(project=locked.project, user=by).first()
    return present or set_member(project=locked.project, user=by, role=Role(locked.role), by=by)
