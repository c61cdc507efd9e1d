"""Agreement among people, and of judges with the people's majority.

With --by the people's agreement alone is printed in detail: for each criterion, each pair of
annotators, each annotator against the others, or each group of criteria, tag and source.
Without --session and --run all sessions and runs with verdicts are compared. Figures come
with n, coverage and a 95 % interval (bootstrap by task); under the floor (setting
AGREEMENT_FLOOR) a value is left out and n shown.

Exit codes: 0 printed, 1 nothing comparable, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from rubricstudio.cli import nothing, usage
from rubricstudio.models import Project
from scoring.agreement_reports import agreement_json, agreement_sheet, narrow_sheet
from scoring.cli import Report
from scoring.queries.comparison import compared
from scoring.queries.material import preference_material, verdict_material
from scoring.queries.people import By, people_of_preferences, people_of_verdicts
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
        parser.add_argument(
            "--by",
            choices=[str(by) for by in By],
            help="people only, a row for each of these",
        )
        self.add_format(parser)

    @property
    def _floor(self) -> int:
        return int(settings.AGREEMENT_FLOOR)

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        selection = self._selection(project, options)
        names = ", ".join(row.name for row in (*selection.people, *selection.judges))
        self.say(f"comparing {names or 'nothing'}")
        if options["by"]:
            self._people(project, selection, options)
            return
        read = preference_material if options["preferences"] else verdict_material
        found = compared(read(selection))
        floor = self._floor
        if options["format"] == "json":
            self.print_json(comparison_json(found, floor))
        elif not found.is_empty:
            self.print_sheets(terminal_sheets(found, floor))
        if found.is_empty:
            raise nothing(
                "nothing comparable: no two people judged the same response and criterion,"
                " and no judge judged what people did"
            )

    def _people(self, project: Project, selection: Selection, options: dict[str, Any]) -> None:
        read = people_of_preferences if options["preferences"] else people_of_verdicts
        people, by, floor = read(project, selection.people), By(options["by"]), self._floor
        if options["format"] == "json":
            self.print_json(agreement_json(people, [by], floor, sources=True))
        elif people.overall.row.n:
            self.print_sheets([narrow_sheet(agreement_sheet(people, by, floor, sources=True))])
        if people.is_weighted:
            self.say(f"weighted by sampling; {people.by_hand} units not chosen by chance left out")
        if people.set_aside:
            self.say(f"{people.set_aside} answers from training, gold items or repeats left out")
        if not people.overall.row.n:
            raise nothing("nothing comparable: no two people judged the same item")

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
