"""docs/importing.md names every option of the command, and the limits as the code has them."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from rubricstudio.actions.imports import preview
from rubricstudio.actions.imports.report import MOST_PROBLEMS
from rubricstudio.management.commands.import_dataset import TYPES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "importing.md").read_text()


def test_every_option_is_described_and_no_other() -> None:
    parser = load_command_class("rubricstudio", "import_dataset").create_parser("manage.py", "x")
    usual = BaseCommand().create_parser("manage.py", "x")
    general = {name for action in usual._actions for name in action.option_strings}
    ours = {
        action.option_strings[-1]
        for action in parser._actions
        if action.option_strings and not set(action.option_strings) <= general
    }

    assert set(re.findall(r"^\| `(--[\w-]+)` \|", PAGE, re.M)) == ours


def test_types_and_limits_are_those_of_the_code() -> None:
    for kind in TYPES:
        assert f"`{kind}`" in PAGE
    assert MOST_PROBLEMS == 100 and "first hundred" in PAGE
    assert f"{preview.WHOLE_BYTES // 1_000_000} MB and {preview.WHOLE_LINES:,} lines" in PAGE
    assert f"first {preview.FIRST_LINES:,} lines" in PAGE
