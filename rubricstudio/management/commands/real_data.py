"""Take the public data sets through the product and compare with the reference values.

Exit codes: 0 every value agrees, 1 some differ, 2 the folder is absent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rubricstudio import real_data


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", default=settings.REAL_DATA, help="setting REAL_DATA")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["folder"])
        if not folder.is_dir():
            message = f"{folder} is not there: set REAL_DATA to the folder of the public data sets"
            raise CommandError(message, returncode=2)
        call_command("migrate", verbosity=0)
        checks = [
            *real_data.ttcw(folder),
            *real_data.pandalm(folder),
            *real_data.llm_rubric(folder),
        ]
        width = max(len(check.statistic) for check in checks)
        self.stdout.write(f"{'data':10} {'statistic':{width}} {'reference':>10} {'ours':>10}")
        for check in checks:
            verdict = "" if check.agrees else "   DIFFERS"
            self.stdout.write(
                f"{check.data:10} {check.statistic:{width}}"
                f" {_text(check.reference, check):>10} {_text(check.ours, check):>10}{verdict}"
            )
        for note in real_data.notes():
            self.stdout.write(f"note: {note}")
        different = [check for check in checks if not check.agrees]
        if different:
            raise CommandError(f"{len(different)} of {len(checks)} values differ", returncode=1)
        self.stdout.write(self.style.SUCCESS(f"all {len(checks)} values agree"))


def _text(value: float | None, check: real_data.Check) -> str:
    """A value in the digits of its check; a dash where there is none."""
    return "-" if value is None else f"{value:.{check.digits}f}"
