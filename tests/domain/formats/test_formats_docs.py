"""docs/formats.md says what the code reads: every field, every key, every example."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rubricstudio.domain.formats import csv_default, detect, mapping, native, rubrics, rules
from rubricstudio.domain.formats.apply import apply_mapping
from rubricstudio.domain.formats.csv_default import read_table
from rubricstudio.domain.formats.gold import GOLD_FIELDS
from rubricstudio.domain.formats.images import IMAGE_FIELDS
from rubricstudio.domain.formats.mapping import parse_mapping
from rubricstudio.domain.formats.native import read
from rubricstudio.domain.formats.records import (
    NOWHERE,
    ROLES,
    GoldOrigin,
    Problem,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.formats.verdicts import MATCHES, QUOTE_FIELDS, REASONS, VERDICT_FIELDS
from rubricstudio.domain.rubric import JudgedBy, MetMeans, ScaleKind, Tier

DOCS = Path(__file__).resolve().parents[3] / "docs"
TEXT = (DOCS / "formats.md").read_text("utf-8")


def _section(heading: str) -> str:
    return re.split(r"^##+ ", TEXT.split(f"\n{heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def _first_column(section: str) -> list[str]:
    return re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)


def _example(language: str, number: int = 0) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    return str(found[number])


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("### task", native.TASK_FIELDS),
        ("### message", native.MESSAGE_FIELDS),
        ("### response", native.RESPONSE_FIELDS),
        ("### image", IMAGE_FIELDS),
        ("### preference", native.PREFERENCE_FIELDS),
        ("### rubric", native.RUBRIC_FIELDS),
        ("### criterion", rubrics.CRITERION_FIELDS),
        ("### scale", rubrics.SCALE_FIELDS),
        ("### level", rubrics.LEVEL_FIELDS),
        ("### verdict", (*VERDICT_FIELDS, *REASONS)),
        ("### gold", GOLD_FIELDS),
        ("### quote", QUOTE_FIELDS),
        ("### Mapping", mapping.MAPPING_KEYS),
        ("### Source", mapping.SOURCE_KEYS),
        ("### Make", mapping.MAKE_KEYS),
        ("### Rule", rules.FIELD_KEYS),
    ],
)
def test_a_table_names_every_field_of_the_code_and_no_other(
    heading: str, names: tuple[str, ...]
) -> None:
    found = _first_column(_section(heading))

    assert sorted(found) == sorted(names)


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("### message", ROLES),
        ("### criterion", (*Tier, *JudgedBy, *MetMeans)),
        ("### scale", tuple(ScaleKind)),
        ("### gold", tuple(GoldOrigin)),
        ("### quote", MATCHES),
        ("### Source", mapping.READERS),
        ("### Make", tuple(mapping.MAKES)),
        ("## CSV and TSV", (*csv_default.JSON_FIELDS, *csv_default.RUBRIC_COLUMNS)),
        ("# File formats", tuple(f".{ending}" for ending in detect.ENDINGS)),
        ("## The native format", tuple(native.DERIVED)),
    ],
)
def test_a_section_names_every_word_of_the_code(heading: str, words: tuple[str, ...]) -> None:
    section = _section(heading) if heading != "# File formats" else TEXT.split("\n## ")[0]

    assert [word for word in words if f"`{word}`" not in section] == []


def test_the_columns_that_tell_a_type_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (`.*`) \| (\w+) \|", _section("## CSV and TSV"), re.MULTILINE)

    for columns, kind in rows:
        assert csv_default.guess_type(re.findall(r"`(\w+)`", columns)[:4]) == kind
    assert {kind for _, kind in rows} == {kind for kind, _ in csv_default._TELLING}


def test_the_native_example_has_no_problems() -> None:
    found = list(read(_example("jsonl").splitlines()))

    kinds = [type(record) for record in found]
    assert kinds == [TaskRecord, ResponseRecord, RubricRecord, VerdictRecord]


def test_the_worked_mapping_does_what_the_page_says() -> None:
    files = {"answers.csv": _example("csv"), "criteria.json": _example("json")}

    found = list(
        apply_mapping(
            parse_mapping(_example("toml")), [*files], lambda name: files[name].splitlines(True)
        )
    )

    assert [str(record) for record in found if isinstance(record, Problem)] == []
    assert [r.id for r in found if isinstance(r, TaskRecord)] == ["item-7"]
    assert [r.text for r in found if isinstance(r, ResponseRecord)] == ["No, 7 x 13.", "Yes."]
    # Nils did not judge the second answer.
    assert [(v.response, v.rater, v.value) for v in found if isinstance(v, VerdictRecord)] == [
        ("item-7/alpha", "Nuria", 1.0),
        ("item-7/alpha", "Nils", 1.0),
        ("item-7/beta", "Nuria", 0.0),
    ]
    [rubric] = [r for r in found if isinstance(r, RubricRecord)]
    assert rubric.published and list(rubric.rubric.by_key) == ["right"]


def _comparable(record: Record | Problem) -> Any:
    assert not isinstance(record, Problem), record
    if isinstance(record, VerdictRecord):
        return record._replace(place=NOWHERE)
    return replace(record, place=NOWHERE)


def test_the_examples_say_the_same_in_lines_and_in_tables() -> None:
    with (DOCS / "examples" / "native.jsonl").open("rb") as lines:
        native_records = [_comparable(record) for record in read(lines)]
    tables = []
    for name in ("tasks", "responses", "criteria", "verdicts", "preferences"):
        with (DOCS / "examples" / f"{name}.csv").open(encoding="utf-8", newline="") as table:
            tables += [_comparable(record) for record in read_table(table, f"{name}.csv")]

    assert len(native_records) == 10
    assert sorted(map(repr, tables)) == sorted(map(repr, native_records))
