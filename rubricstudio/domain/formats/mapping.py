"""A mapping file: how rows of somebody's files become records, as data and not as code.

TOML. Each `[[source]]` names files by a pattern and how to read them; its `[[source.make]]`
tables say which record each row becomes and where every field comes from. docs/formats.md
is the reference, docs/examples/ttcw.toml a worked example.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rubricstudio.domain.formats.native import (
    PREFERENCE_FIELDS,
    RESPONSE_FIELDS,
    RUBRIC_FIELDS,
    TASK_FIELDS,
)
from rubricstudio.domain.formats.rubrics import CRITERION_FIELDS
from rubricstudio.domain.formats.verdicts import VERDICT_FIELDS

READERS = ("jsonl", "json", "csv", "tsv")
MAKES = {
    "task": TASK_FIELDS,
    "response": RESPONSE_FIELDS,
    "preference": PREFERENCE_FIELDS,
    "verdict": VERDICT_FIELDS,
    "criterion": (*CRITERION_FIELDS, "rubric"),
}
_SOURCE_KEYS = ("files", "format", "path", "delimiter", "make", "capture")
_MAKE_KEYS = ("record", "each", "once", "when", "fields")
_FIELD_KEYS = (
    *("column", "template", "value", "map", "null_if", "leading", "otherwise", "lower", "number"),
)
_PATTERN_LIMIT = 200


class InvalidMapping(ValueError):
    """A mapping file cannot be used; the message names table, key and what to do."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Where the value of one field comes from, and what is done with it, in this order.

    column: a column or dotted path of the row. template: text with {names} of columns.
    value: a constant. null_if: a pattern; a text that it matches from the start becomes null.
    leading: words; the value becomes the first of them that the text starts with.
    map: what each text becomes. otherwise: what a text that no `leading` or `map` entry
    names becomes; without it, it stays as it is (map) or becomes null (leading).
    """

    column: str = ""
    template: str = ""
    value: Any = None
    null_if: re.Pattern[str] | None = None
    leading: tuple[str, ...] = ()
    map: Mapping[str, Any] | None = None
    otherwise: Any = None
    has_otherwise: bool = False

    def of(self, row: Mapping[str, Any]) -> Any:
        """The field's value for a row. Raises KeyError for a column that is not there."""
        found = self._raw(row)
        if self.null_if is not None and isinstance(found, str) and self.null_if.match(found):
            return None
        if self.leading:
            found = _leading_word(self.leading, found)
            if found is None:
                return self.otherwise
        if self.map is None:
            return found
        text = str(found)
        if text in self.map:
            return self.map[text]
        return self.otherwise if self.has_otherwise else found

    def _raw(self, row: Mapping[str, Any]) -> Any:
        if self.column:
            return look_up(row, self.column)
        if self.template:
            return fill(self.template, row)
        return self.value


@dataclass(frozen=True, slots=True)
class Make:
    """One kind of record made of each row: its fields by name.

    each: rows of a list column, or `columns` side by side, one record each. once: fields
    whose values must be new for a record to be made (a task that many rows repeat).
    when: column to pattern; other rows are passed over.
    """

    record: str
    fields: Mapping[str, FieldRule]
    each: tuple[str, ...] = ()
    once: bool = False
    when: Mapping[str, re.Pattern[str]] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Files by pattern, how to read them, what to capture, and what to make of each row."""

    files: str
    format: str
    makes: tuple[Make, ...]
    path: str = ""
    delimiter: str = ""
    captures: tuple[tuple[str, re.Pattern[str]], ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping_:
    """The whole file: sources in the order they are read, and rubrics that rows add criteria to."""

    sources: tuple[Source, ...]
    rubrics: Mapping[str, Mapping[str, Any]]


def parse_mapping(text: str) -> Mapping_:
    """The mapping in a TOML text. Raises InvalidMapping."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidMapping(f"the mapping is not TOML: {error}") from error
    _only(tables, ("source", "rubric"), "the mapping")
    sources = tables.get("source")
    if not isinstance(sources, list) or not sources:
        raise InvalidMapping("the mapping has no [[source]] table: add one that names files")
    rubrics = {}
    for number, rubric in enumerate(tables.get("rubric", []), 1):
        _only(rubric, tuple(set(RUBRIC_FIELDS) - {"type", "criteria"}), f"rubric {number}")
        rubrics[str(_needed(rubric, "id", f"rubric {number}"))] = rubric
    return Mapping_(
        tuple(_source(table, f"source {n}") for n, table in enumerate(sources, 1)), rubrics
    )


def _source(table: Mapping[str, Any], where: str) -> Source:
    _only(table, _SOURCE_KEYS, where)
    files = str(_needed(table, "files", where))
    format_ = str(table.get("format") or files.rpartition(".")[2])
    if format_ not in READERS:
        raise InvalidMapping(f"{where}: format is {format_!r}; use one of {', '.join(READERS)}")
    if files.startswith("/") or ".." in files.split("/"):
        raise InvalidMapping(f"{where}: files must lie below the folder of the data, not {files!r}")
    makes = _needed(table, "make", where)
    captures = tuple(
        (str(column), _pattern(pattern, f"{where}, capture.{column}"))
        for column, pattern in table.get("capture", {}).items()
    )
    return Source(
        files,
        format_,
        tuple(_make(make, f"{where}, make {n}") for n, make in enumerate(makes, 1)),
        str(table.get("path", "")),
        str(table.get("delimiter", "")),
        captures,
    )


def _make(table: Mapping[str, Any], where: str) -> Make:
    _only(table, _MAKE_KEYS, where)
    record = str(_needed(table, "record", where))
    if record not in MAKES:
        raise InvalidMapping(f"{where}: record is {record!r}; use one of {', '.join(MAKES)}")
    fields = _needed(table, "fields", where)
    _only(fields, MAKES[record], f"{where}, fields")
    each = table.get("each", [])
    return Make(
        record,
        {name: _field(rule, f"{where}, fields.{name}") for name, rule in fields.items()},
        (each,) if isinstance(each, str) else tuple(map(str, each)),
        bool(table.get("once", False)),
        {c: _pattern(p, f"{where}, when.{c}") for c, p in table.get("when", {}).items()},
    )


def _field(rule: Any, where: str) -> FieldRule:
    """A text alone is a template, any other plain value a constant, a table the full rule."""
    if isinstance(rule, str):
        return FieldRule(template=rule)
    if not isinstance(rule, dict):
        return FieldRule(value=rule)
    _only(rule, _FIELD_KEYS, where)
    if sum(name in rule for name in ("column", "template", "value")) != 1:
        raise InvalidMapping(f"{where}: give exactly one of column, template and value")
    null_if = rule.get("null_if")
    return FieldRule(
        column=str(rule.get("column", "")),
        template=str(rule.get("template", "")),
        value=rule.get("value"),
        null_if=_pattern(null_if, f"{where}.null_if") if null_if is not None else None,
        leading=tuple(map(str, rule.get("leading", ()))),
        map={str(key): value for key, value in rule["map"].items()} if "map" in rule else None,
        otherwise=rule.get("otherwise"),
        has_otherwise="otherwise" in rule,
    )


def _pattern(text: Any, where: str) -> re.Pattern[str]:
    # Repeats inside repeats are what makes a pattern take for ever on a hostile text.
    if not isinstance(text, str) or len(text) > _PATTERN_LIMIT or re.search(r"[+*}]\)[+*{]", text):
        raise InvalidMapping(
            f"{where}: a pattern is a text of at most {_PATTERN_LIMIT} characters"
            " without a repeat around a repeat"
        )
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidMapping(f"{where}: the pattern {text!r} is wrong: {error}") from error


def _only(table: Any, known: Sequence[str], where: str) -> None:
    if not isinstance(table, dict):
        raise InvalidMapping(f"{where} is not a table")
    for name in table:
        if name not in known:
            raise InvalidMapping(f"{where}: {name!r} is unknown; use one of {', '.join(known)}")


def _needed(table: Mapping[str, Any], name: str, where: str) -> Any:
    if name not in table:
        raise InvalidMapping(f"{where}: {name} is missing")
    return table[name]


def look_up(row: Mapping[str, Any], path: str) -> Any:
    """The value of a column, or of a dotted path into nested objects and lists. KeyError."""
    if path in row:
        return row[path]
    found: Any = row
    for part in path.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise KeyError(path)
    return found


def fill(template: str, row: Mapping[str, Any]) -> str:
    """The template with each {column} replaced; {{ and }} stand for braces. KeyError."""
    return re.sub(r"\{\{|\}\}|\{([^{}]+)\}", lambda match: _part(match, row), template)


def _part(match: re.Match[str], row: Mapping[str, Any]) -> str:
    if match[1] is None:
        return match[0][0]
    value = look_up(row, match[1])
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _leading_word(words: Sequence[str], text: Any) -> str | None:
    """The one of `words` that the text starts with, marks and case aside; None for none."""
    opening = re.match(r"\W*(\w+)", str(text))
    if opening is None:
        return None
    said = opening[1].casefold()
    return next((word for word in words if word.casefold() == said), None)
