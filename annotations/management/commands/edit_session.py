"""Change the settings of a session, open it, pause it or close it.

    manage.py edit_session demo "First round" --set coverage=4 --set deadline=2027-01-31T18:00
    manage.py edit_session demo "First round" --step complete
    manage.py edit_session demo "Calibration" --step reveal --despite-missing

What is not named stays. In a draft everything can change; once the session has started what
people are asked cannot, and each refused change says why. Prints JSON on stdout.
Exit codes: 0 changed, 1 refused, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from annotations.actions import activate, complete, edit_wanted, pause
from annotations.actions.calibration import reveal, vote_again
from annotations.cli import SessionCommand
from annotations.errors import AnnotationError, InvalidSession
from annotations.management.commands.create_session import described
from annotations.models import Session
from annotations.selection import InvalidSelection
from annotations.session_file import InvalidFile, change_of
from rubricstudio.cli import nothing, usage
from rubricstudio.domain.assignment import InvalidSample

STEPS: dict[str, Callable[..., Session]] = {
    "activate": activate,
    "pause": pause,
    "complete": complete,
    "reveal": reveal,
    "vote-again": vote_again,
}


class Command(SessionCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("session", metavar="NAME", help="the session's name")
        parser.add_argument("--from-json", metavar="FILE", help="the settings; - is stdin")
        parser.add_argument(
            "--annotator",
            action="append",
            metavar="EMAIL",
            help="exactly these people annotate (can be repeated)",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="a setting; lists as JSON (can be repeated)",
        )
        parser.add_argument("--step", choices=sorted(STEPS), help="then do this")
        parser.add_argument(
            "--despite-missing",
            action="store_true",
            help="reveal a first vote in which votes are missing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        by = self.person(project, options["by"])
        session = self.session(project, options["session"])
        told = described(options)
        if options["despite_missing"] and options["step"] != "reveal":
            raise usage("--despite-missing goes with --step reveal")
        try:
            if told:
                edit_wanted(session=session, wanted=change_of(session, told), by=by)
            if options["step"]:
                step = STEPS[options["step"]]
                if options["despite_missing"]:
                    step = partial(reveal, despite_missing=True)
                step(session=session, by=by)
        except InvalidFile as error:
            raise usage(str(error)) from error
        except InvalidSession as error:
            raise nothing(f"{error.field or 'session'}: {error}") from error
        except (AnnotationError, InvalidSelection, InvalidSample) as error:
            raise nothing(str(error)) from error
        self.print_session(session)
