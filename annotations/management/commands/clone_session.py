"""Copy a session: a draft with its settings, its people and its responses.

With --anew the responses are drawn again, with the next seed. With --adopt N the copy is a
follow-up on version N of the rubric: people are asked only what changed, and their other
answers are filled in. Prints JSON on stdout.
Exit codes: 0 made, 1 refused, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import CommandParser

from annotations.actions import adopt_version, clone_session
from annotations.cli import SessionCommand
from annotations.errors import AnnotationError
from annotations.models import Session
from annotations.queries.carried import newer_versions
from annotations.selection import InvalidSelection
from rubricstudio.cli import nothing, usage
from rubricstudio.models import RubricVersion


class Command(SessionCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("session", metavar="NAME", help="the session's name")
        parser.add_argument("--name", default="", help="the copy's name")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--anew", action="store_true", help="draw the responses again")
        how.add_argument("--adopt", type=int, metavar="N", help="follow up on version N")

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        by = self.person(project, options["by"])
        session = self.session(project, options["session"])
        name = options["name"]
        try:
            if options["adopt"] is not None:
                version = _version(session, options["adopt"])
                made = adopt_version(session=session, version=version, by=by, name=name)
            else:
                made = clone_session(
                    session=session, by=by, name=name, same_responses=not options["anew"]
                )
        except (AnnotationError, InvalidSelection) as error:
            raise nothing(str(error)) from error
        self.print_session(made)


def _version(session: Session, number: int) -> RubricVersion:
    versions = {version.number: version for version in newer_versions(session)}
    if number not in versions:
        known = ", ".join(map(str, sorted(versions)))
        raise usage(f"there is no newer published version {number}; there are: {known or 'none'}")
    return versions[number]
