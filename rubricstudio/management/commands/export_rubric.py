"""Write rubrics as a file in one of the formats of docs/rubric-files.md.

One rubric, several, or with --all every rubric of a project: of each the version in use, or the
newest where none is published, unless --version says which. What the format cannot hold is
told on stderr.

Exit codes: 0 written, 1 refused (nothing to write, or with --strict something would be lost),
2 wrong usage, an unknown name or a file that cannot be written.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from rubricstudio.cli import nothing, usage
from rubricstudio.domain.rubric_formats.protocol import RubricFormat
from rubricstudio.management.commands.import_rubric import rubric_of
from rubricstudio.models import RubricVersion
from rubricstudio.queries.rubric_downloads import (
    download,
    version_numbers,
    version_to_write,
    versions_to_write,
    writable,
)
from scoring.cli import Report


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", nargs="?", metavar="SLUG", help="the project")
        parser.add_argument("rubrics", nargs="*", metavar="RUBRIC", help="the ids of rubrics")
        parser.add_argument("--all", action="store_true", help="every rubric of the project")
        parser.add_argument(
            "--version", type=int, metavar="N", dest="number", help="the version's number"
        )
        parser.add_argument(
            "--format", default="native", metavar="NAME", help="default: native, which keeps all"
        )
        parser.add_argument(
            "--format-list",
            action="store_true",
            help="print the formats that can be written, and end",
        )
        parser.add_argument(
            "--strict", action="store_true", help="write nothing where something would be lost"
        )
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="write here instead of standard output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format_list"]:
            for format_ in writable():
                self.stdout.write(f"{format_.name:20} {format_.label}: {format_.about}")
            return
        versions = self._versions(options)
        if not versions:
            raise nothing("there is no rubric to write")
        file = download(_format(options["format"]), versions)
        for version in versions[:20]:
            self.say(f"rubric {version.rubric.external_id} version {version.number}")
        for loss in file.written.losses:
            self.say(f"lost: {loss.message}")
        if options["strict"] and file.written.losses:
            raise nothing(f"{len(file.written.losses)} losses, nothing was written")
        self._write(file.written.text, options["output"])

    def _versions(self, options: dict[str, Any]) -> list[RubricVersion]:
        if not options["project"] or bool(options["rubrics"]) == options["all"]:
            raise usage("say which project, and which rubrics or --all")
        if options["number"] is not None and len(options["rubrics"]) != 1:
            raise usage("--version goes with one rubric")
        project = self.project(options["project"])
        if options["all"]:
            return versions_to_write(project)
        rubrics = [rubric_of(project, name) for name in options["rubrics"]]
        if options["number"] is None:
            return versions_to_write(project, [rubric.pk for rubric in rubrics])
        version = version_to_write(rubrics[0], options["number"])
        if version is None:
            numbers = ", ".join(str(number) for number, _ in version_numbers(rubrics[0]))
            raise usage(f"there is no version {options['number']}; there are: {numbers or 'none'}")
        return [version]

    def _write(self, text: str, output: Path | None) -> None:
        if output is None:
            raw = getattr(self.stdout, "buffer", None)
            if raw is None:
                self.stdout.write(text, ending="")
            else:
                raw.write(text.encode("utf-8"))
            return
        # A file of this name is whole or not there.
        part = output.with_name(f".{output.name}.part")
        try:
            part.write_bytes(text.encode("utf-8"))
            os.replace(part, output)
        except OSError as error:
            raise usage(f"cannot write {output}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        self.say(f"wrote {output}")


def _format(name: str) -> RubricFormat:
    known = {format_.name: format_ for format_ in writable()}
    if name not in known:
        raise usage(f"there is no format {name!r} to write; there are: {', '.join(known)}")
    return known[name]
