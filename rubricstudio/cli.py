"""What commands about one project share: exit codes, and finding the project and who acts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rubricstudio.models import Project, User

NOTHING, USAGE = 1, 2


def usage(message: str) -> CommandError:
    """An unknown name or a wrong combination; the message lists what there is. Exit code 2."""
    return CommandError(message, returncode=USAGE)


def nothing(message: str) -> CommandError:
    """Nothing to show, or understood and refused. Exit code 1."""
    return CommandError(message, returncode=NOTHING)


class ProjectCommand(BaseCommand):
    """A command about one project, named by its slug."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # --version N is a rubric's here; Django has one for its own, which "resolve" replaces.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", metavar="SLUG", help="the project, as in its address")

    def project(self, slug: str) -> Project:
        """The project of this slug. Raises CommandError, naming the ones there are."""
        found = Project.objects.filter(slug=slug).first()
        if found is None:
            known = list(Project.objects.order_by("slug").values_list("slug", flat=True)[:50])
            there = f"there are: {', '.join(known)}" if known else "there is none yet"
            raise usage(f"there is no project {slug!r}; {there}")
        return found

    def person(self, project: Project, email: str | None) -> User:
        """Who acts: the member of this address, else an owner of the project."""
        if email is None:
            owner = project.memberships.filter(role="owner").select_related("user").first()
            return owner.user if owner else project.created_by
        member = project.memberships.filter(user__email__iexact=email).first()
        if member is None:
            raise usage(f"{email} is not a member of {project.slug}")
        return member.user
