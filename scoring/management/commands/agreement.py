"""Agreement among people, and of judges with the people's majority.

Without --session and --run all sessions and runs with verdicts are compared. Figures come
with n, coverage and a 95 % interval (bootstrap by task); under the floor (setting
AGREEMENT_FLOOR) a value is left out and n shown.

Exit codes: 0 printed, 1 nothing comparable, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from rubricstudio.models import Project
from scoring.cli import Report, nothing, usage
from scoring.queries.comparison import compared
from scoring.queries.material import preference_material, verdict_material
from scoring.queries.selection import Selection, UnknownRound, comparable_rounds, named
from scoring.reports import comparison_json, terminal_sheets


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--session",
            action="append",
            default=[],
            metavar="NAME",
            help="people: only this session (can be repeated)",
        )
        parser.add_argument(
            "--run",
            action="append",
            default=[],
            metavar="NAME",
            help="judges: only this run (can be repeated)",
        )
        parser.add_argument(
            "--preferences",
            action="store_true",
            help="compare preferences between two responses instead of verdicts",
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        selection = self._selection(project, options)
        names = ", ".join(row.name for row in (*selection.people, *selection.judges))
        self.say(f"comparing {names or 'nothing'}")
        read = preference_material if options["preferences"] else verdict_material
        found = compared(read(selection))
        floor = settings.AGREEMENT_FLOOR
        if options["format"] == "json":
            self.print_json(comparison_json(found, floor))
        elif not found.is_empty:
            self.print_sheets(terminal_sheets(found, floor))
        if found.is_empty:
            raise nothing(
                "nothing comparable: no two people judged the same response and criterion,"
                " and no judge judged what people did"
            )

    def _selection(self, project: Project, options: dict[str, Any]) -> Selection:
        preferences = options["preferences"]
        rounds = comparable_rounds(project, preferences=preferences)
        try:
            return named(
                project,
                rounds,
                sessions=options["session"],
                runs=options["run"],
                what="preferences" if preferences else "verdicts",
            )
        except UnknownRound as error:
            raise usage(str(error)) from error
