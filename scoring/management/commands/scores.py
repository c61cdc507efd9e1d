"""Scores by rater: the mean by source with its 95 % interval by task, and each response's.

A score is made by a named aggregator from verdicts and weights of a published version (the
newest of each rubric, unless --rubric and --version say which). A session's people are
scored one by one and together: by majority, a tie going to the worse value. --missing says
what a verdict without a value does: exclude leaves its criterion out, fail counts it as the
worst value, bounds gives no single score but the worst and the best possible.

Exit codes: 0 printed, 1 nothing to score, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from rubricstudio.cli import nothing, usage
from rubricstudio.domain.aggregation import AGGREGATORS, Missing, UnfitRubric
from rubricstudio.models import Project, RoundKind
from scoring.cli import Report
from scoring.queries.exports import Wanted, plan_scoring
from scoring.queries.pins import UnknownVersion
from scoring.queries.score_means import scores
from scoring.queries.scores import Scoring
from scoring.queries.selection import UnknownRound, rounds_with_either
from scoring.score_reports import means_sheet, responses_sheet, scores_json


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--rubric", default="", metavar="ID", help="only this rubric")
        parser.add_argument(
            "--version", type=int, metavar="N", dest="number", help="the version's number"
        )
        parser.add_argument(
            "--round",
            action="append",
            default=[],
            metavar="NAME",
            help="only this session or run (can be repeated)",
        )
        parser.add_argument(
            "--aggregator",
            default="",
            metavar="NAME",
            help=f"instead of the version's own; one of {', '.join(AGGREGATORS)}",
        )
        parser.add_argument(
            "--missing",
            choices=[policy.value for policy in Missing],
            default=Missing.EXCLUDE.value,
            help="what a missing verdict does (default: exclude)",
        )
        parser.add_argument(
            "--responses", action="store_true", help="table: list every response's score too"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        scoring = self._scoring(project, options)
        self.say(f"scoring {len(scoring.rounds)} sessions and runs of {project.slug}")
        as_json = options["format"] == "json"
        found = scores(scoring, with_rows=as_json or options["responses"])
        if as_json:
            self.print_json(scores_json(found))
        elif found.means:
            sheets = [means_sheet(found)]
            self.print_sheets([*sheets, responses_sheet(found)] if options["responses"] else sheets)
        if not found.means:
            raise nothing("nothing to score: no verdict on a published version in these rounds")

    def _scoring(self, project: Project, options: dict[str, Any]) -> Scoring:
        sessions, runs = self._rounds(project, options["round"])
        wanted = Wanted(
            rubric=options["rubric"],
            version=options["number"],
            sessions=sessions,
            runs=runs,
            aggregator=options["aggregator"],
            missing=options["missing"],
        )
        try:
            return plan_scoring(project, wanted)
        except (UnknownVersion, UnknownRound) as error:
            raise usage(str(error)) from error
        except UnfitRubric as error:
            unknown = options["aggregator"] not in ("", *AGGREGATORS)
            raise (usage if unknown else nothing)(str(error)) from error

    def _rounds(
        self, project: Project, names: list[str]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The sessions and the runs of these names. Raises CommandError."""
        rows = rounds_with_either(project) if names else []
        known = sorted({row.name for row in rows})
        for name in names:
            if name not in known:
                there = f"there are: {', '.join(known)}" if known else "there is none"
                raise _unknown_round(name, there)
        chosen = [row for row in rows if row.name in names]
        return (
            tuple(row.name for row in chosen if row.kind == RoundKind.SESSION),
            tuple(row.name for row in chosen if row.kind == RoundKind.RUN),
        )


def _unknown_round(name: str, there: str) -> CommandError:
    return usage(f"there is no session or run {name!r} with verdicts; {there}")
