"""Rows of JSON, JSON Lines, CSV and TSV files, each with the line it starts on."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rubricstudio.domain.formats.lines import ROWS, doubled, kind_of, members
from rubricstudio.domain.formats.records import Problem
from rubricstudio.domain.formats.streams import Unreadable

Row = tuple[int, Mapping[str, Any]]
JSON_LIMIT = 128 * 1024 * 1024
"""Characters of a JSON file that is one list: it has to be held whole."""
# A cell of a spreadsheet may hold a whole report.
csv.field_size_limit(64 * 1024 * 1024)


def read_rows(
    text: Iterable[str], file: str, *, format: str, path: str = "", delimiter: str = ""
) -> Iterator[Row | Problem]:
    """The rows of a file in one of the formats of `mapping.READERS`; problems, never errors.

    text: the file's lines, line breaks kept; it may raise Unreadable, which becomes a problem.
    path: where in a JSON file the list stands.
    """
    try:
        if format == "jsonl":
            yield from _json_lines(text, file)
        elif format == "json":
            yield from _json_list(_whole(text), file, path)
        else:
            yield from _table(text, file, delimiter or ("\t" if format == "tsv" else ""))
    except Unreadable as wrong:
        yield Problem(file, wrong.line, "line" if wrong.line else "", wrong.message, wrong.hint)


def _whole(text: Iterable[str]) -> str:
    """The text in one piece. Raises Unreadable for one too long to hold."""
    parts, length = [], 0
    for line in text:
        length += len(line)
        if length > JSON_LIMIT:
            message = f"holds more than {JSON_LIMIT // 1024**2} MB in one JSON list"
            raise Unreadable(0, message, "Write it as JSON Lines, one object a line.")
        parts.append(line)
    return "".join(parts)


def _json_lines(text: Iterable[str], file: str) -> Iterator[Row | Problem]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            row = ROWS.decode(line.removeprefix("\ufeff"))
        except (ValueError, RecursionError) as error:
            yield Problem(file, number, "line", f"is not JSON: {error}")
            continue
        yield _object(number, row, file)


def _json_list(text: str, file: str, path: str) -> Iterator[Row | Problem]:
    try:
        for number, row in members(text.removeprefix("\ufeff"), path):
            yield _object(number, row, file)
    except (ValueError, RecursionError) as error:
        yield Problem(file, getattr(error, "lineno", 0), "line", f"is not JSON: {error}")
    except KeyError:
        said = f"there is no list at {path!r}" if path else "is not a list of objects"
        yield Problem(file, 0, "path", said, "Say where the list is with path.")


def _object(number: int, row: Any, file: str) -> Row | Problem:
    if isinstance(row, dict):
        return number, row
    return Problem(file, number, "line", f"is {kind_of(row)}", "Each row is a JSON object.")


def _table(text: Iterable[str], file: str, delimiter: str) -> Iterator[Row | Problem]:
    lines = iter(text)
    header = next(lines, "").removeprefix("\ufeff")
    # Strict: without it a quote that is never closed swallows the rest of the file unseen.
    reader = csv.reader(
        _chain(header, lines), delimiter=delimiter or _delimiter(header), strict=True
    )
    names: list[str] = []
    start = 1
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if not any(cells):
                continue
            if not names:
                names = [name.strip() for name in cells]
                problem = _header_problem(names, file)
                if problem:
                    yield problem
                    return
            elif len(cells) != len(names):
                message = f"has {len(cells)} cells, the header {len(names)}"
                yield Problem(file, number, "line", message, "Put quotes around delimiters.")
            else:
                yield number, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        hint = "A quote is opened and never closed, or a cell holds quotes that are not doubled."
        yield Problem(file, start, "line", f"cannot be read: {error}", hint)


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(header: str) -> str:
    """The mark that separates the header's names: the one that occurs most."""
    return max(",;\t|", key=header.count)


def _header_problem(names: list[str], file: str) -> Problem | None:
    twice = doubled(names)
    if "" in names or twice:
        said = f"names {twice!r} twice" if twice else "has a column without name"
        return Problem(file, 1, "header", said, "Each column needs a name of its own.")
    return None
