"""Put a session's items in order anew by the verdicts there are now, the most uncertain first.

For a timer beside runs that judge the same responses. Exit codes: 0 done, 1 not possible.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.actions.order import refresh_order
from annotations.errors import AnnotationError
from annotations.models import Session


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("session", type=int, help="number of the session, from its address")

    def handle(self, *args: Any, **options: Any) -> None:
        session = Session.objects.filter(pk=options["session"]).first()
        if session is None:
            raise CommandError("there is no session of this number")
        try:
            n = refresh_order(session=session, by=None)
        except AnnotationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{n} items put in order.")
