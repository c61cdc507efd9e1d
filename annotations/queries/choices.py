"""What a new session can be made of."""

from __future__ import annotations

from django.db.models import F, Func, QuerySet

from rubricstudio.models import (
    Project,
    Response,
    Role,
    RubricVersion,
    Task,
    User,
    VersionStatus,
)
from rubricstudio.permissions import Permission, may


def published_versions(project: Project) -> QuerySet[RubricVersion]:
    """The versions that can be judged, newest first."""
    return (
        RubricVersion.objects.filter(rubric__project=project, status=VersionStatus.PUBLISHED)
        .select_related("rubric")
        .order_by("-published_at", "-pk")
    )


def candidate_annotators(project: Project) -> QuerySet[User]:
    """The members who may annotate, by name."""
    roles = [role for role in Role if may(role, Permission.ANNOTATE)]
    return User.objects.filter(memberships__project=project, memberships__role__in=roles).order_by(
        "first_name", "last_name", "email"
    )


def sources_of(project: Project) -> list[str]:
    """The sources of the project's responses."""
    rows = Response.objects.filter(project=project).order_by("source").values_list("source")
    return [source for (source,) in rows.distinct()]


def tags_of(project: Project) -> list[str]:
    """The tags of the project's tasks."""
    rows = Task.objects.filter(project=project).annotate(tag=Func(F("tags"), function="unnest"))
    return [tag for (tag,) in rows.order_by("tag").values_list("tag").distinct()]


def responses_with_text(project: Project) -> int:
    """How many responses could be judged."""
    return Response.objects.filter(project=project, text__isnull=False).count()
