"""Who belongs to a project, who is invited, and the invitation link's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from rubricstudio.accounts import INVITATION_SESSION_KEY, invitation_problem
from rubricstudio.actions.invitations import (
    AlreadyMember,
    InvitationForAnother,
    InvitationUnusable,
    Invited,
    accept_invitation,
    revoke_invitation,
)
from rubricstudio.actions.invitations import invite as invite_action
from rubricstudio.actions.projects import LastOwner, remove_member, set_member
from rubricstudio.forms.projects import InviteForm, RoleForm
from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Invitation, Project, Role, User
from rubricstudio.permissions import Permission
from rubricstudio.queries.projects import (
    find_invitation,
    has_account,
    is_usable,
    members_of,
    pending_invitations,
)


@project_view(Permission.SEE_DATA)
def members(request: ProjectRequest, project: Project) -> HttpResponseBase:
    return _members_page(request, project, InviteForm())


def _members_page(
    request: ProjectRequest, project: Project, form: InviteForm, invited: Invited | None = None
) -> HttpResponse:
    manages = request.may(Permission.MANAGE_MEMBERS)
    context = {
        "members": members_of(project),
        "roles": Role.choices,
        "invitations": pending_invitations(project) if manages else [],
        "form": form if manages else None,
        "invited": invited,
        "tab": "members",
    }
    status = 422 if form.errors else 200
    return render(request, "rubricstudio/members.html", context, status=status)


@never_cache
@project_view(Permission.MANAGE_MEMBERS)
@require_POST
def invite(request: ProjectRequest, project: Project) -> HttpResponseBase:
    """Shown by the reply itself, since the link is kept nowhere."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _members_page(request, project, form)
    try:
        invited = invite_action(
            project=project,
            email=form.cleaned_data["email"],
            role=Role(form.cleaned_data["role"]),
            by=request.user,
            link_for=lambda token: request.build_absolute_uri(
                reverse("rubricstudio:invitation", args=[token])
            ),
        )
    except AlreadyMember as error:
        form.add_error("email", str(error))
        return _members_page(request, project, form)
    return _members_page(request, project, InviteForm(), invited)


@project_view(Permission.MANAGE_MEMBERS)
@require_POST
def member_role(request: ProjectRequest, project: Project, membership_id: int) -> HttpResponseBase:
    membership = get_object_or_404(project.memberships.select_related("user"), pk=membership_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose one of the roles."))
        return redirect("rubricstudio:members", project.slug)
    try:
        changed = set_member(
            project=project,
            user=membership.user,
            role=Role(form.cleaned_data["role"]),
            by=request.user,
        )
    except LastOwner as error:
        messages.error(request, str(error))
    else:
        facts = {"person": changed.user, "role": changed.get_role_display()}
        messages.success(request, gettext("%(person)s is now %(role)s.") % facts)
    return redirect("rubricstudio:members", project.slug)


@project_view(Permission.MANAGE_MEMBERS)
@require_POST
def member_remove(
    request: ProjectRequest, project: Project, membership_id: int
) -> HttpResponseBase:
    membership = get_object_or_404(project.memberships.select_related("user"), pk=membership_id)
    try:
        remove_member(project=project, user=membership.user, by=request.user)
    except LastOwner as error:
        messages.error(request, str(error))
    else:
        facts = {"person": membership.user}
        messages.success(request, gettext("%(person)s is no longer a member.") % facts)
    mine = membership.user_id == request.user.pk
    return redirect("rubricstudio:home") if mine else redirect("rubricstudio:members", project.slug)


@project_view(Permission.SEE_PROJECT)
@require_POST
def leave(request: ProjectRequest, project: Project) -> HttpResponseBase:
    try:
        remove_member(project=project, user=request.user, by=request.user)
    except LastOwner as error:
        messages.error(request, str(error))
        return redirect(project)
    messages.success(request, gettext("You left %(project)s.") % {"project": project.name})
    return redirect("rubricstudio:home")


@project_view(Permission.MANAGE_MEMBERS)
@require_POST
def invitation_revoke(
    request: ProjectRequest, project: Project, invitation_id: int
) -> HttpResponseBase:
    found = get_object_or_404(project.invitations, pk=invitation_id)
    revoke_invitation(invitation=found, by=request.user)
    facts = {"email": found.email}
    messages.success(request, gettext("The invitation of %(email)s is revoked.") % facts)
    return redirect("rubricstudio:members", project.slug)


@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """What an invitation link opens: join, sign in or sign up, or why none of them works."""
    found = find_invitation(token)
    if found is None:
        return invitation_problem(request, "unknown", None)
    if request.user.is_authenticated and found.accepted_by_id == request.user.pk:
        return redirect(found.project)
    if not is_usable(found):
        problem = "used" if found.accepted_at else "expired"
        return invitation_problem(request, problem, found)
    if request.user.is_authenticated:
        return _join(request, found, request.user)
    request.session[INVITATION_SESSION_KEY] = found.token_hash
    context = {"invitation": found, "has_account": has_account(found.email)}
    return render(request, "rubricstudio/invitation.html", context)


def _join(request: HttpRequest, found: Invitation, user: User) -> HttpResponseBase:
    if found.email.lower() != user.email.lower():
        return invitation_problem(request, "other", found, user.email)
    if request.method != "POST":
        return render(request, "rubricstudio/invitation.html", {"invitation": found})
    try:
        accept_invitation(invitation=found, by=user)
    except (InvitationUnusable, InvitationForAnother):
        return invitation_problem(request, "used", found)
    return redirect(found.project)
