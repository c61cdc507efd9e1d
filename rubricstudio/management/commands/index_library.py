"""Compute what the texts of the library mean, where that is missing, so that it is found.

Exit codes: 0 done or handed over, 1 the model or the broker is not there.
"""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand, CommandError, CommandParser
from kombu.exceptions import OperationalError as BrokerError

from scoring.actions.vectors import index_whole_library, prune_all_vectors
from scoring.embedder import EmbedderError


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="also texts that are indexed")
        parser.add_argument(
            "--enqueue", action="store_true", help="have the gpu worker do it; only what is missing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["enqueue"] and options["all"]:
            raise CommandError("--all is done here: leave --enqueue out")
        if options["enqueue"]:
            self._enqueue()
        else:
            self._index(again=options["all"])

    def _enqueue(self) -> None:
        try:
            current_app.send_task("scoring.tasks.index_library", queue="gpu", retry=False)
        except BrokerError as error:
            raise CommandError(f"the broker cannot be reached: {error}", returncode=1) from error
        self.stdout.write("Handed to the gpu worker.")

    def _index(self, *, again: bool) -> None:
        read = stored = 0
        try:
            for read, stored in index_whole_library(again=again):
                if self.stdout.isatty():
                    self.stdout.write(f"{read} texts read, {stored} indexed", ending="\r")
        except EmbedderError as error:
            raise CommandError(str(error), returncode=1) from error
        removed = prune_all_vectors()
        self.stdout.write(self.style.SUCCESS(f"{read} texts read, {stored} indexed"))
        if removed:
            self.stdout.write(f"{removed} vectors that no text has any more removed")
