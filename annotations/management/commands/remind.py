"""Mail the annotators of a session who have open work, for a timer such as cron.

A person is reminded at most once a day, however often this runs.

Exit codes: 0 done (also where nobody was due), 1 the mail server refused somebody, 2 wrong
usage, an unknown project or session, or one that is not active.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from annotations.actions.reminders import remind
from annotations.errors import AnnotationError
from annotations.models import Session


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", metavar="SLUG", help="the project's name in addresses")
        parser.add_argument("--session", required=True, metavar="NAME", help="the session's name")
        parser.add_argument(
            "--site",
            default="http://127.0.0.1:8000",
            metavar="URL",
            help="where people reach the site, for the link (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        site = urlsplit(options["site"])
        if site.scheme not in ("http", "https") or not site.netloc:
            raise CommandError("--site must be an address such as https://…", returncode=2)
        session = (
            Session.objects.select_related("round__project", "round__version__rubric")
            .filter(round__project__slug=options["project"], round__name=options["session"])
            .first()
        )
        if session is None:
            raise CommandError(
                f"no session {options['session']!r} in a project {options['project']!r}",
                returncode=2,
            )
        place = reverse("annotations:queue", args=[options["project"], session.pk])
        try:
            sent = remind(session=session, link=options["site"].rstrip("/") + place, by=None)
        except AnnotationError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(
            f"reminded {len(sent.mailed)}, reminded before within a day {sent.recently},"
            f" without work {sent.idle}, without an address {sent.nowhere}"
        )
        if sent.failed:
            names = ", ".join(sent.failed)
            raise CommandError(f"mail to {names} failed: {sent.error}", returncode=1)
