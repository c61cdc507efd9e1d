"""docs/programs.md lists every check as the code has it, and its examples come true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rubricstudio.domain.programs import CHECKS, evaluate, in_words, parse
from rubricstudio.domain.programs.parser import MOST_CHARACTERS, MOST_DEPTH, MOST_NODES
from rubricstudio.program_tools import ProgramTools, check_program

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "programs.md").read_text()
EXAMPLE = re.compile(r"^\| (`+) ?(.+?) ?\1 \| (`+) ?(.+?) ?\3 \| (.+) \|$", re.M)
EXAMPLES = [
    (m[2].replace(r"\|", "|"), m[4].replace(r"\n", "\n"), m[5])
    for m in EXAMPLE.finditer(PAGE.split("## Examples")[1])
]


def test_it_lists_every_check_as_the_code_has_it() -> None:
    section = PAGE.split("## The checks")[1].split("What exactly")[0]

    listed = [line for line in section.splitlines() if line.startswith("| `")]

    assert listed == [
        f"| `{each.signature}` | {each.returns.value} | {each.does} |" for each in CHECKS.values()
    ]


@pytest.mark.parametrize(("program", "text", "outcome"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_its_examples_come_true(program: str, text: str, outcome: str) -> None:
    assert check_program(program) == []

    found = evaluate(parse(program), text, ProgramTools())

    assert outcome == (found.status.value if found.value is None else in_words(found.value))


def test_every_check_has_an_example() -> None:
    assert {name for name in CHECKS if any(name in e[0] for e in EXAMPLES)} == set(CHECKS)
    assert len(EXAMPLES) > len(CHECKS)


def test_the_opening_example_is_a_program() -> None:
    (program,) = re.findall(r"^```\n(.+?)\n```$", PAGE.split("## The language")[0], re.M | re.S)

    assert check_program(program) == []


def test_its_limits_are_those_of_the_code() -> None:
    assert (
        f"{MOST_CHARACTERS:,} characters and {MOST_NODES} parts, nested {MOST_DEPTH} deep" in PAGE
    )
