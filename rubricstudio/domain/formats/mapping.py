"""A mapping file: how rows of somebody's files become records, as data and not as code.

TOML. Each `[[source]]` names files by a pattern and how to read them; its `[[source.make]]`
tables say which record each row becomes and where every field comes from. docs/formats.md
is the reference, docs/examples/ttcw.toml a worked example.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rubricstudio.domain.formats.native import (
    PREFERENCE_FIELDS,
    RESPONSE_FIELDS,
    RUBRIC_FIELDS,
    TASK_FIELDS,
)
from rubricstudio.domain.formats.patterns import Pattern
from rubricstudio.domain.formats.rubrics import CRITERION_FIELDS
from rubricstudio.domain.formats.rules import (
    FieldRule,
    InvalidMapping,
    only,
    pattern_key,
    read_rule,
    text_key,
    texts_key,
)
from rubricstudio.domain.formats.verdicts import VERDICT_FIELDS

__all__ = ["InvalidMapping", "Make", "Mapping_", "Source", "parse_mapping"]

READERS = ("jsonl", "json", "csv", "tsv")
_NOT_MAPPED = ("type", "version", "semantic_number", "revision", "criteria")
# What a row can become, and its fields; a criterion also names its rubric.
MAKES: Mapping[str, tuple[str, ...]] = {
    kind: tuple(name for name in fields if name not in _NOT_MAPPED)
    for kind, fields in (
        ("task", TASK_FIELDS),
        ("response", RESPONSE_FIELDS),
        ("preference", PREFERENCE_FIELDS),
        ("verdict", VERDICT_FIELDS),
        ("rubric", RUBRIC_FIELDS),
        ("criterion", ("rubric", *CRITERION_FIELDS)),
    )
}
# The fields without which a record can never be read, so that it is said once and not by row.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "task": ("id",),
    "response": ("id", "task", "text"),
    "preference": ("task", "a", "b", "rater", "preferred"),
    "verdict": ("response", "rubric", "rater"),
    "rubric": ("id",),
    "criterion": ("rubric", "key", "text"),
}
MAPPING_KEYS = ("rubric", "source")
SOURCE_KEYS = ("files", "format", "path", "delimiter", "capture", "make")
MAKE_KEYS = ("record", "each", "when", "fields")


@dataclass(frozen=True, slots=True)
class Make:
    """One kind of record made of each row: its fields by name.

    each: columns that give one record each, a list column one for each member. when: column
    to pattern; rows where one is not found are passed over.
    """

    record: str
    fields: Mapping[str, FieldRule]
    each: tuple[str, ...] = ()
    when: tuple[tuple[str, Pattern], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Files by pattern, how to read them, what to capture, and what to make of each row."""

    files: str
    format: str
    makes: tuple[Make, ...]
    path: str = ""
    delimiter: str = ""
    captures: tuple[tuple[str, Pattern], ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping_:
    """The whole file: sources in the order they are read, and rubrics that rows add criteria to."""

    sources: tuple[Source, ...]
    rubrics: Mapping[str, Mapping[str, Any]]


def parse_mapping(text: str) -> Mapping_:
    """The mapping in a TOML text. Raises InvalidMapping."""
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidMapping(f"the mapping is not TOML: {error}") from error
    only(tables, MAPPING_KEYS, "the mapping")
    sources = _tables(tables, "source", "the mapping")
    if not sources:
        raise InvalidMapping("the mapping has no [[source]] table: add one that names files")
    rubrics: dict[str, Mapping[str, Any]] = {}
    for number, rubric in enumerate(_tables(tables, "rubric", "the mapping"), 1):
        where = f"rubric {number}"
        only(rubric, MAKES["rubric"], where)
        identity = _needed_text(rubric, "id", where)
        if identity in rubrics:
            raise InvalidMapping(f"{where}: the id {identity!r} stands in the mapping before")
        rubrics[identity] = rubric
    return Mapping_(
        tuple(_source(table, f"source {n}") for n, table in enumerate(sources, 1)), rubrics
    )


def _source(table: Mapping[str, Any], where: str) -> Source:
    only(table, SOURCE_KEYS, where)
    files = _needed_text(table, "files", where)
    format_ = text_key(table, "format", where, files.rpartition(".")[2])
    if format_ not in READERS:
        raise InvalidMapping(f"{where}: format is {format_!r}; use one of {', '.join(READERS)}")
    if files.startswith("/") or ".." in files.split("/"):
        raise InvalidMapping(f"{where}: files must lie below the folder of the data, not {files!r}")
    delimiter = text_key(table, "delimiter", where)
    if len(delimiter) > 1 or delimiter in ('"', "\n", "\r"):
        raise InvalidMapping(f'{where}.delimiter is not one character, such as ";"')
    makes = _tables(table, "make", where)
    if not makes:
        raise InvalidMapping(f"{where} has no [[source.make]] table: add one that names a record")
    return Source(
        files,
        format_,
        tuple(_make(make, f"{where}, make {n}") for n, make in enumerate(makes, 1)),
        text_key(table, "path", where),
        delimiter,
        _patterns(table, "capture", where),
    )


def _make(table: Mapping[str, Any], where: str) -> Make:
    only(table, MAKE_KEYS, where)
    record = _needed_text(table, "record", where)
    if record not in MAKES:
        raise InvalidMapping(f"{where}: record is {record!r}; use one of {', '.join(MAKES)}")
    fields = table.get("fields", {})
    only(fields, MAKES[record], f"{where}, fields")
    missing = [name for name in NEEDED[record] if name not in fields]
    if record == "task" and not {"prompt", "messages"} & fields.keys():
        missing.append("prompt")
    if record == "verdict" and "verdicts" not in fields:
        missing += [name for name in ("criterion", "value") if name not in fields]
        missing = [] if missing == ["value"] and "status" in fields else missing
    if missing:
        raise InvalidMapping(f"{where}, fields: a {record} also needs {' and '.join(missing)}")
    return Make(
        record,
        {name: read_rule(rule, f"{where}, fields.{name}") for name, rule in fields.items()},
        texts_key(table, "each", where),
        _patterns(table, "when", where),
    )


def _patterns(table: Mapping[str, Any], name: str, where: str) -> tuple[tuple[str, Pattern], ...]:
    """Patterns by column."""
    given = table.get(name, {})
    if not isinstance(given, dict):
        raise InvalidMapping(f"{where}.{name} is not a table of patterns by column")
    found = [(column, pattern_key(given, column, f"{where}.{name}")) for column in given]
    return tuple((column, pattern) for column, pattern in found if pattern is not None)


def _tables(table: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    """The tables written as [[name]]."""
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(inner, dict) for inner in found):
        raise InvalidMapping(f"{where}: write {name} as a table in double brackets, [[{name}]]")
    return found


def _needed_text(table: Mapping[str, Any], name: str, where: str) -> str:
    if name not in table:
        raise InvalidMapping(f"{where}: {name} is missing")
    return text_key(table, name, where)
