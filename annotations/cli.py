"""What the commands of this app share: finding people and sessions, and printing."""

from __future__ import annotations

import json

from django.core.management.base import CommandParser

from annotations.models import Session
from rubricstudio.cli import ProjectCommand, nothing, usage
from rubricstudio.models import Project, User
from rubricstudio.permissions import Permission, may


class SessionCommand(ProjectCommand):
    """A command about one project that prints what it made as JSON on stdout."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--by", metavar="EMAIL", help="who acts: a member who may (default: an owner)"
        )

    def person(self, project: Project, email: str | None) -> User:
        """Who acts: the member of this address, who has to be allowed to, else an owner."""
        found = super().person(project, email)
        if email is not None:
            role = project.memberships.get(user=found).role
            if not may(role, Permission.MANAGE_SESSIONS):
                raise nothing(f"{email} may not manage sessions in {project.slug}")
        return found

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
