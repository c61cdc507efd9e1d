"""What the commands of this app share: exit codes, and finding projects, people and sessions."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.models import Session
from rubricstudio.models import Project, User
from rubricstudio.permissions import Permission, may

REFUSED, USAGE = 1, 2


def usage(message: str) -> CommandError:
    """An unknown name or a wrong combination; the message lists what there is. Exit code 2."""
    return CommandError(message, returncode=USAGE)


def refused(message: str) -> CommandError:
    """Understood and refused. Exit code 1."""
    return CommandError(message, returncode=REFUSED)


class SessionCommand(BaseCommand):
    """A command about one project that prints what it made as JSON on stdout."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # --version N is a rubric's here; Django has one for its own, which "resolve" replaces.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", metavar="SLUG", help="the project, as in its address")
        parser.add_argument(
            "--by", metavar="EMAIL", help="who acts: a member who may (default: an owner)"
        )

    def project(self, slug: str) -> Project:
        """The project of this slug."""
        found = Project.objects.filter(slug=slug).first()
        if found is None:
            known = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)[:50])
            raise usage(f"there is no project {slug!r}; there are: {known or 'none yet'}")
        return found

    def person(self, project: Project, email: str | None) -> User:
        """Who acts: the member of this address, else an owner."""
        if email is None:
            owner = project.memberships.filter(role="owner").select_related("user").first()
            return owner.user if owner else project.created_by
        member = project.memberships.filter(user__email__iexact=email).first()
        if member is None:
            raise usage(f"{email} is not a member of {project.slug}")
        if not may(member.role, Permission.MANAGE_SESSIONS):
            raise refused(f"{email} may not manage sessions in {project.slug}")
        return member.user

    def session(self, project: Project, name: str) -> Session:
        """The session of this name."""
        sessions = Session.objects.filter(round__project=project).select_related(
            "round__project", "round__version__rubric"
        )
        found = sessions.filter(round__name=name).first()
        if found is None:
            names = sessions.order_by("-pk").values_list("round__name", flat=True)[:20]
            known = ", ".join(repr(each) for each in names)
            raise usage(f"there is no session {name!r}; there are: {known or 'none yet'}")
        return found

    def print_session(self, session: Session) -> None:
        """What was made, for scripts."""
        session.refresh_from_db()
        told = {
            "id": session.pk,
            "name": session.round.name,
            "status": session.status,
            "version": str(session.round.version),
            "items": session.items.count(),
            "places": sum(session.items.values_list("places", flat=True)),
            "annotators": session.annotators.count(),
            "address": session.get_absolute_url(),
        }
        self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
