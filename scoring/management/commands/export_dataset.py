"""Export a pinned dataset: tasks, responses, rubrics, verdicts and scores of one snapshot.

jsonl is the native format, whose first line says what is pinned; it can be imported again.
csv holds the verdicts, one a row. The newest published version of each rubric is pinned,
unless --rubric and --version say which; a verdict is exported where the pinned version has
its criterion in the same words.

Exit codes: 0 written, 1 refused, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from rubricstudio.cli import nothing, usage
from rubricstudio.domain.aggregation import AGGREGATORS, Missing, UnfitRubric
from rubricstudio.domain.consensus import Method
from scoring.cli import Report
from scoring.queries.exports import (
    ExportPlan,
    ExportRefused,
    Wanted,
    jsonl,
    plan_export,
    verdicts_csv,
)

_TELL_EVERY = 100_000_000


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--format", choices=("jsonl", "csv"), default="jsonl", help="default: jsonl"
        )
        parser.add_argument("--rubric", default="", metavar="ID", help="only this rubric")
        parser.add_argument(
            "--version", type=int, metavar="N", dest="number", help="the version's number"
        )
        for name, what in (("session", "people"), ("run", "judges")):
            parser.add_argument(
                f"--{name}",
                action="append",
                default=[],
                metavar="NAME",
                help=f"verdicts of {what}: only this {name} (can be repeated)",
            )
        parser.add_argument(
            "--aggregator",
            default="",
            metavar="NAME",
            help=f"for scores, instead of the version's own; one of {', '.join(AGGREGATORS)}",
        )
        parser.add_argument(
            "--missing",
            choices=[policy.value for policy in Missing],
            default=Missing.EXCLUDE.value,
            help="what a missing verdict does in a score (default: exclude)",
        )
        parser.add_argument(
            "--no-images", action="store_true", help="leave pictures out, which may be large"
        )
        parser.add_argument(
            "--gold", action="store_true", help="add the gold answers to the pinned versions"
        )
        parser.add_argument(
            "--consensus",
            choices=[method.value for method in Method],
            help="add what the people of each session say together, by this method",
        )
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="write here instead of standard output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        wanted = Wanted(
            rubric=options["rubric"],
            version=options["number"],
            sessions=tuple(options["session"]),
            runs=tuple(options["run"]),
            aggregator=options["aggregator"],
            missing=options["missing"],
            images=not options["no_images"],
            gold=options["gold"],
            consensus=Method(options["consensus"]) if options["consensus"] else None,
        )
        try:
            plan = plan_export(project, wanted)
        except ExportRefused as error:
            fits = not isinstance(error.__cause__, UnfitRubric) or (
                wanted.aggregator not in ("", *AGGREGATORS)
            )
            raise (usage if fits and error.__cause__ else nothing)(str(error)) from error
        self._write(self._told(plan, options["format"]), options["output"])

    def _told(self, plan: ExportPlan, form: str) -> Iterator[bytes]:
        """The chunks of the export; says on stderr what is pinned and how much came."""
        for pin in plan.pins[:20]:
            self.say(f"pinned: {pin.version.rubric.external_id} version {pin.version.number}")
        total, told = 0, 0
        for chunk in jsonl(plan) if form == "jsonl" else verdicts_csv(plan):
            total += len(chunk)
            yield chunk
            if total - told >= _TELL_EVERY:
                told = total
                self.say(f"{total / 1e6:.0f} MB")
        self.say(f"done: {total / 1e6:.1f} MB")

    def _write(self, chunks: Iterable[bytes], output: Path | None) -> None:
        if output is None:
            self._print(chunks)
            return
        # A file of this name is whole or not there.
        part = output.with_name(f".{output.name}.part")
        try:
            with part.open("wb") as file:
                file.writelines(chunks)
            os.replace(part, output)
        except OSError as error:
            raise usage(f"cannot write {output}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        self.say(f"wrote {output}")

    def _print(self, chunks: Iterable[bytes]) -> None:
        raw = getattr(self.stdout, "buffer", None)
        for chunk in chunks:
            if raw is not None:
                raw.write(chunk)
            else:
                self.stdout.write(chunk.decode(), ending="")
