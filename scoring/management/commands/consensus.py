"""What people say together on each response and criterion, and how that came about.

Without --session all sessions with verdicts are taken together. What was adjudicated goes
before every vote; --votes-only leaves decisions aside. A verdict without a value never
counts as "not met".

Exit codes: 0 printed, 1 nothing judged, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotations.consensus_report import Tally, as_json, tallies
from annotations.queries.consensus import people_consensus
from rubricstudio.cli import nothing, usage
from rubricstudio.domain.consensus import Method, Provenance
from scoring.cli import Report
from scoring.queries.selection import UnknownRound, comparable_rounds, named
from scoring.sheets import Sheet


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--session",
            action="append",
            default=[],
            metavar="NAME",
            help="only this session (can be repeated)",
        )
        parser.add_argument(
            "--method",
            choices=[method.value for method in Method],
            default=Method.MAJORITY.value,
            help="how values that differ become one (default: majority)",
        )
        parser.add_argument(
            "--votes-only", action="store_true", help="leave what was adjudicated aside"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        rounds = comparable_rounds(project)
        try:
            selection = named(project, rounds, sessions=options["session"], runs=[])
        except UnknownRound as error:
            raise usage(str(error)) from error
        names = [row.name for row in selection.people]
        if not names:
            raise nothing("nothing judged: no session of the project has a verdict")
        self.say(f"consensus of {', '.join(names)}")
        found = people_consensus(
            [row.pk for row in selection.people],
            Method(options["method"]),
            adjudicated=not options["votes_only"],
        )
        rows = tallies(found)
        if options["format"] == "json":
            self.print_json({"project": project.slug, "sessions": names, **as_json(found, rows)})
        else:
            self.print_sheets([_sheet(rows, options["method"])])


def _sheet(rows: list[Tally], method: str) -> Sheet:
    kinds = [kind.word for kind in Provenance]
    return Sheet(
        f"Consensus by {method}",
        ("criterion", "n", *kinds, "unanimous values", "values"),
        [
            (
                row.criterion.key if row.criterion else "all",
                row.n,
                *(row.kinds[kind] for kind in kinds),
                _counts(row.unanimous),
                _counts(row.values),
            )
            for row in rows
        ],
    )


def _counts(by_word: Any) -> str:
    return ", ".join(f"{n} {word}" for word, n in by_word.items())
