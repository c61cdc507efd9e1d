"""Set up the database, build the demo projects, and serve them until Ctrl-C."""

from __future__ import annotations

import os
import socket
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from rubricstudio import demo


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default=settings.WEB_BIND, help="address:port to listen on")
        parser.add_argument("--build-only", action="store_true", help="build, do not serve")
        parser.add_argument(
            "--no-local-judge", action="store_true", help="leave the minute of the local model out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._say("preparing the database")
        call_command("migrate", verbosity=0)
        if not demo.is_built():
            demo.build(say=self._say, local_judge=not options["no_local_judge"])
        if options["build_only"]:
            return
        # The web processes read their settings anew and list the sign-ins.
        os.environ["DEMO"] = "true"
        bind = _free(options["bind"])
        self.stdout.write(f"\n{demo.sign_in_help()}\n\n")
        self.stdout.write(self.style.SUCCESS(f"Rubric Studio: http://{bind}/   (Ctrl-C ends it)"))
        self.stdout.flush()
        call_command("serve", bind=bind)

    def _say(self, step: str) -> None:
        self.stdout.write(f"-- {step}")
        self.stdout.flush()


def _free(bind: str) -> str:
    """The address, or the next port that nobody listens on."""
    host, _, port = bind.rpartition(":")
    for candidate in range(int(port), int(port) + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex((host, candidate)) != 0:
                return f"{host}:{candidate}"
    return bind
