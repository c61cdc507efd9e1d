"""docs/cli.md is what the commands say of themselves.

`UPDATE_DOCS=1 python -m pytest tests/scoring/test_commands_docs.py` writes it anew.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
APPS = ("rubricstudio", "annotations", "scoring")

HEAD = """\
# The command line

What a page does, a script can do. Every command takes `--help`; results go to standard output,
progress and errors to standard error, and the exit code says how it ended.

Run them as `.venv/bin/python manage.py COMMAND`. Without `DATABASE_URL` and `BROKER_URL` they use
the embedded PostgreSQL and Valkey of the data folder (`STUDIO_HOME`): found if they run, started
if not, stopped by whoever leaves last.

This page is written from the commands themselves (tests/scoring/test_commands_docs.py).
"""


def _own_actions(command: BaseCommand, name: str) -> list[argparse.Action]:
    """The command's own arguments, without those that every Django command has."""
    plain = BaseCommand().create_parser("manage.py", name)
    common = {(action.dest, tuple(action.option_strings)) for action in plain._actions}
    parser = command.create_parser("manage.py", name)
    return [a for a in parser._actions if (a.dest, tuple(a.option_strings)) not in common]


def _written(action: argparse.Action) -> str:
    value = action.metavar or action.dest.upper()
    if action.choices:
        value = "|".join(str(choice) for choice in action.choices)
    if not action.option_strings:
        return f"`{value if action.choices else action.metavar or action.dest}`"
    takes_value = action.nargs != 0
    return f"`{', '.join(action.option_strings)}{f' {value}' if takes_value else ''}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _section(name: str, command: BaseCommand) -> str:
    rows = [
        f"| {_cell(_written(action))} | {_cell(action.help or '')} |"
        for action in _own_actions(command, name)
    ]
    table = ["| argument | meaning |", "|---|---|", *rows] if rows else []
    return "\n".join([f"## {name}", "", command.help.strip(), "", *table, ""])


def render() -> str:
    """The whole page."""
    sections = [
        _section(name, load_command_class(app, name))
        for name, app in sorted(get_commands().items())
        if app in APPS
    ]
    return "\n".join([HEAD, *sections])


def test_the_page_says_what_the_commands_say() -> None:
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(render())

    assert DOCUMENT.read_text() == render(), (
        "docs/cli.md is out of date: run UPDATE_DOCS=1 python -m pytest"
        " tests/scoring/test_commands_docs.py"
    )


def test_the_page_names_every_exit_code_of_the_data_commands() -> None:
    text = DOCUMENT.read_text()

    for name in ("agreement", "export_dataset", "import_dataset", "run_judge", "scores"):
        section = text.split(f"## {name}\n")[1].split("\n## ")[0]
        assert "Exit codes: 0" in section, name
