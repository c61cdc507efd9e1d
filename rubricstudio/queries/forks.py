"""Where a rubric was forked from and to, as far as a person may see the other project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from rubricstudio.models import Project, Role, Rubric, RubricVersion, User
from rubricstudio.permissions import Permission, may

MOST = 50


@dataclass(frozen=True)
class Forks:
    """The version a rubric was forked from, and the newest rubrics forked from it."""

    source: RubricVersion | None
    copies: Sequence[Rubric]


def forks_seen_by(user: User, rubric: Rubric) -> Forks:
    """Forks on both sides in projects of the person; two queries."""
    sources = RubricVersion.objects.select_related("rubric__project").filter(
        forks=rubric, rubric__project__memberships__user=user
    )
    copies = Rubric.objects.select_related("project", "forked_from", "created_by").filter(
        forked_from__rubric=rubric, project__memberships__user=user
    )
    return Forks(sources.first(), list(copies.order_by("-pk")[:MOST]))


def projects_to_author(user: User) -> QuerySet[Project]:
    """The projects in which a person may write rubrics, by name."""
    roles = [role for role in Role if may(role, Permission.AUTHOR)]
    mine = Project.objects.filter(memberships__user=user, memberships__role__in=roles)
    return mine.order_by("name", "pk")
