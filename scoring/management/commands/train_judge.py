"""Train a judge on what people said in sessions, and say how it does on tasks it has not seen.

A linear probe reads the hidden states of a local model, or with --method lora an adapter bends
its answer, which wants a GPU: on a processor it takes hours (docs/judges.md). It learns from the
people's majority, adjudicated where it was, on criteria that are met or not; the figures are
held out by task, beside what knows nothing of the response, the model untrained, every run of a
judge on the same cells, and people with each other.

    manage.py train_judge ttcw --session experts --name "Learned from experts"

The model is read in this process; no worker is needed. Exit codes: 0 trained, 1 refused (too
few verdicts, a name that is taken), 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from rubricstudio.cli import nothing, usage
from scoring.actions.judges import JudgeNameTaken
from scoring.actions.training import train_judge
from scoring.cli import Report
from scoring.judges import InvalidJudgeConfig, JudgeError
from scoring.judges.config import parameters_of
from scoring.learned.evaluate import TooFewVerdicts
from scoring.learned.lora import LoraSettings
from scoring.models import Method
from scoring.naming import UnknownName, read_pairs, read_params
from scoring.queries.selection import UnknownRound, comparable_rounds, named
from scoring.training_reports import trained_of, training_sheets


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument(
            "--session",
            action="append",
            default=[],
            metavar="NAME",
            help="learn from this session (can be repeated; default: all)",
        )
        parser.add_argument("--name", required=True, metavar="NAME", help="the judge's name")
        parser.add_argument("--model", metavar="FOLDER", help="the local model (default: SmolLM2)")
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a parameter of the local judge, see docs/judges.md (can be repeated)",
        )
        parser.add_argument(
            "--method",
            choices=Method.values,
            default=Method.PROBE.value,
            help="what is trained: a probe in minutes, an adapter on a GPU (default: probe)",
        )
        parser.add_argument(
            "--setting",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="of an adapter's training, see docs/judges.md (can be repeated)",
        )
        self.add_by(parser)
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        by = self.person(project, options["by"])
        given = [*options["param"], *([f"model={options['model']}"] if options["model"] else [])]
        try:
            rounds = comparable_rounds(project)
            judge = train_judge(
                project=project,
                selection=named(project, rounds, sessions=options["session"], runs=[]),
                name=options["name"],
                params=read_params("local", given),
                method=options["method"],
                settings=read_pairs(parameters_of(LoraSettings), options["setting"], "--setting"),
                by=by,
                told=lambda progress: self.say(str(progress)),
            )
        except (UnknownRound, UnknownName, InvalidJudgeConfig) as error:
            raise usage(str(error)) from error
        except (TooFewVerdicts, JudgeNameTaken, JudgeError) as error:
            raise nothing(str(error)) from error
        trained = trained_of(judge)
        if options["format"] == "json":
            self.print_json({"judge": str(judge), **trained})
        else:
            self.print_sheets(training_sheets(trained, int(settings.AGREEMENT_FLOOR)))
        for warning in trained["evaluation"]["warnings"]:
            self.say(f"beware: {warning}")
