"""Projects and their members."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext

from rubricstudio.domain.naming import first_free
from rubricstudio.models import Membership, Project, Role, User


class LastOwner(ValueError):
    """A project would be left without an owner."""


class SlugTaken(ValueError):
    """Another project has this short name."""


def create_project(*, by: User, name: str, slug: str = "", description: str = "") -> Project:
    """Create a project that `by` owns. The slug is made from the name where none is given.

    Raises SlugTaken when another project has the slug.
    """
    try:
        with transaction.atomic():
            project = Project.objects.create(
                name=name,
                slug=slug or _free_slug(name),
                description=description,
                created_by=by,
            )
            Membership.objects.create(project=project, user=by, role=Role.OWNER)
    except IntegrityError as error:
        raise SlugTaken(gettext("Another project has this short name; choose another.")) from error
    return project


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "project"
    taken = set(Project.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return first_free(base, taken)


@transaction.atomic
def edit_project(*, project: Project, name: str, description: str, by: User) -> Project:
    """Change a project's name and description. Its slug, which addresses name, stays."""
    project.name, project.description = name, description
    project.save(update_fields=["name", "description"])
    return project


@transaction.atomic
def set_member(*, project: Project, user: User, role: Role, by: User) -> Membership:
    """Make `user` a member with `role`, or change the role. Safe to repeat.

    Raises LastOwner when the only owner would lose that role.
    """
    if role != Role.OWNER:
        _check_another_owner(project, user)
    membership, _ = Membership.objects.update_or_create(
        project=project, user=user, defaults={"role": role}
    )
    return membership


@transaction.atomic
def remove_member(*, project: Project, user: User, by: User) -> None:
    """End a membership. Verdicts stay. Raises LastOwner for the only owner."""
    _check_another_owner(project, user)
    Membership.objects.filter(project=project, user=user).delete()


def _check_another_owner(project: Project, user: User) -> None:
    # Locked, so that two owners cannot step down at the same moment.
    owners = project.memberships.select_for_update().filter(role=Role.OWNER)
    if {owner.user_id for owner in owners} == {user.pk}:
        raise LastOwner(gettext("A project needs an owner: make someone else an owner first."))
