"""Raters, and the rounds in which they speak."""

from __future__ import annotations

from django.db import transaction

from rubricstudio.models import (
    Project,
    Rater,
    RaterKind,
    Round,
    RoundKind,
    RubricVersion,
    User,
    VersionStatus,
)


class RoundNeedsPublishedVersion(ValueError):
    """Verdicts are gathered on frozen versions only."""


@transaction.atomic
def rater_for_user(*, project: Project, user: User) -> Rater:
    """The rater that stands for a person in a project, created on first use."""
    found = Rater.objects.filter(project=project, user=user).first()
    if found:
        return found
    taken = Rater.objects.filter(project=project, kind=RaterKind.PERSON, name=str(user)).exists()
    name = f"{user} ({user.email})" if taken else str(user)
    return Rater.objects.create(project=project, kind=RaterKind.PERSON, name=name, user=user)


@transaction.atomic
def open_round(
    *, project: Project, kind: RoundKind, name: str, version: RubricVersion | None, by: User
) -> Round:
    """Create a round. Raises RoundNeedsPublishedVersion for a draft."""
    if version is not None and version.status == VersionStatus.DRAFT:
        raise RoundNeedsPublishedVersion("Publish the rubric version first.")
    return Round.objects.create(
        project=project, kind=kind, name=name, version=version, created_by=by
    )
