"""What home, overview, members and invitation pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, Model, QuerySet
from django.utils import timezone

from rubricstudio.models import (
    Invitation,
    Membership,
    Project,
    RaterKind,
    Response,
    Role,
    Round,
    RoundKind,
    Rubric,
    RubricVersion,
    Task,
    User,
    Verdict,
    VersionStatus,
)
from rubricstudio.queries.rows import Rows, first_row
from rubricstudio.tokens import hash_token

M = TypeVar("M", bound=Model)

_MEMBERSHIP, _PROJECT = Rows(Membership, "m"), Rows(Project, "p")
_MEMBER = f"""
    SELECT {_MEMBERSHIP.columns}, {_PROJECT.columns}
      FROM studio_membership m JOIN studio_project p ON p.id = m.project_id
     WHERE m.user_id = %(user)s AND p.slug = %(slug)s
"""


def membership_of(user: User, slug: str) -> Membership | None:
    """The user's membership of a project, with the project; None for strangers."""
    values = first_row(_MEMBER, {"user": user.pk, "slug": slug})
    if values is None:
        return None
    membership = _MEMBERSHIP.read(values)
    membership.project = _PROJECT.read(values)
    return membership


@dataclass(frozen=True)
class ProjectRow:
    """A project on the home page: the person's role, and how much is in it."""

    project: Project
    role: Role
    members: int
    tasks: int
    responses: int
    rubrics: int


def projects_of(user: User) -> list[ProjectRow]:
    """A person's projects by name: five queries, however many projects there are."""
    memberships = list(
        Membership.objects.select_related("project").filter(user=user).order_by("project__name")
    )
    ids = [membership.project_id for membership in memberships]
    members, tasks, responses, rubrics = (
        _count_by_project(model, ids) for model in (Membership, Task, Response, Rubric)
    )
    return [
        ProjectRow(
            project=membership.project,
            role=Role(membership.role),
            members=members.get(membership.project_id, 0),
            tasks=tasks.get(membership.project_id, 0),
            responses=responses.get(membership.project_id, 0),
            rubrics=rubrics.get(membership.project_id, 0),
        )
        for membership in memberships
    ]


def _count_by_project(model: type[Model], ids: Sequence[int]) -> dict[int, int]:
    rows: QuerySet[Model] = model._default_manager.filter(project__in=ids)
    return dict(rows.values_list("project").annotate(n=Count("pk")).order_by())


@dataclass(frozen=True)
class ProjectCounts:
    """How much there is of each thing of the loop; verdicts are cells, corrections not counted."""

    tasks: int
    responses: int
    without_text: int
    rubrics: int
    published: int
    drafts: int
    sessions: int
    runs: int
    by_people: int
    by_judges: int


def project_counts(project: Project) -> ProjectCounts:
    """Count a project's rows: five queries."""
    versions = _count(RubricVersion.objects.filter(rubric__project=project), "status")
    rounds = _count(Round.objects.filter(project=project), "kind")
    # Revision 0 exists exactly once for each (round, response, criterion, rater, sample).
    cells = Verdict.objects.filter(round__project=project, revision=0)
    verdicts = _count(cells, "rater__kind")
    responses = Response.objects.filter(project=project).aggregate(
        n=Count("pk"), with_text=Count("text")
    )
    return ProjectCounts(
        tasks=Task.objects.filter(project=project).count(),
        responses=responses["n"],
        without_text=responses["n"] - responses["with_text"],
        rubrics=Rubric.objects.filter(project=project).count(),
        published=versions.get(VersionStatus.PUBLISHED, 0),
        drafts=versions.get(VersionStatus.DRAFT, 0),
        sessions=rounds.get(RoundKind.SESSION, 0),
        runs=rounds.get(RoundKind.RUN, 0),
        by_people=verdicts.get(RaterKind.PERSON, 0),
        by_judges=verdicts.get(RaterKind.JUDGE, 0),
    )


def _count(rows: QuerySet[M], column: str) -> dict[str, int]:
    return dict(rows.values_list(column).annotate(n=Count("pk")).order_by())


def members_of(project: Project) -> list[Membership]:
    """The members, owners first, then by name."""
    rank = {role: position for position, role in enumerate(Role)}
    rows = project.memberships.select_related("user")
    return sorted(rows, key=lambda row: (rank[Role(row.role)], str(row.user).casefold()))


@dataclass(frozen=True)
class PendingInvitation:
    """An invitation that was not accepted yet, and whether its link still works."""

    invitation: Invitation
    expired: bool


def pending_invitations(
    project: Project, *, now: datetime | None = None
) -> list[PendingInvitation]:
    """Invitations not accepted yet, the newest first."""
    rows = project.invitations.select_related("invited_by").filter(accepted_at__isnull=True)
    at = now or timezone.now()
    return [PendingInvitation(row, row.expires_at <= at) for row in rows.order_by("-created_at")]


def find_invitation(token: str) -> Invitation | None:
    """The invitation whose link holds `token`, whatever its state."""
    return invitation_by_hash(hash_token(token))


def invitation_by_hash(token_hash: str) -> Invitation | None:
    """The invitation with this token hash, its project and inviter included."""
    rows = Invitation.objects.select_related("project", "invited_by")
    return rows.filter(token_hash=token_hash).first()


def has_account(email: str) -> bool:
    """Whether someone signs in with this address."""
    return User.objects.filter(email__iexact=email).exists()


def is_usable(invitation: Invitation, *, now: datetime | None = None) -> bool:
    """Whether the invitation's link still lets someone in."""
    return invitation.accepted_at is None and invitation.expires_at > (now or timezone.now())
