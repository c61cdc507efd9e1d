"""What the commands of this app share: how they take their options and print."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from rubricstudio.cli import ProjectCommand
from scoring.sheets import Sheet, text_lines


class Report(ProjectCommand):
    """A command about one project that prints results on stdout, the rest on stderr."""

    def add_by(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", metavar="EMAIL", help="who does it (default: an owner)")

    def add_format(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--format",
            choices=("table", "json"),
            default="table",
            help="table for people, json for scripts (default: table)",
        )

    def say(self, text: str) -> None:
        """Progress, for whoever watches."""
        self.stderr.write(text)

    def print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False, indent=2))

    def print_sheets(self, sheets: list[Sheet]) -> None:
        for sheet in sheets:
            for line in text_lines(sheet):
                self.stdout.write(line)
            self.stdout.write("")
