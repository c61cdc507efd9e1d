"""Cells of a table: what a spreadsheet may run is disarmed, lists and objects are JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rubricstudio.domain.formats.lines import DECODER

# A spreadsheet runs a cell that starts so as a formula. One more quote before it each time,
# so that reading takes off just the one that writing put on.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_DISARMED = re.compile(r"'+[=+\-@\t\r]")
LISTS = ("tags", "references")
OBJECTS = ("scale", "examples", "origin", "params")


def armless(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """The text that `armless` made the cell of."""
    return cell[1:] if _DISARMED.match(cell) else cell


def list_cell(values: Sequence[str]) -> str:
    """Texts in one cell: with semicolons where that can be read back, else as JSON."""
    simple = "; ".join(values)
    if read_cell(LISTS[0], armless(simple)) == list(values):
        return armless(simple)
    return json.dumps(list(values), ensure_ascii=False)


def json_cell(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def read_cell(name: str, cell: str) -> Any:
    """The value of a cell under this heading; a text that is no JSON stays a text."""
    if name in OBJECTS or (name in LISTS and cell.startswith("[")):
        try:
            return DECODER.decode(cell)
        except (ValueError, RecursionError):
            pass
    if name in LISTS:
        return [part.strip() for part in plain(cell).split(";") if part.strip()]
    return plain(cell)


def is_number(cell: str) -> bool:
    """Whether a cell holds a number and nothing else."""
    return bool(re.fullmatch(r"\s*[+-]?\d+([.,]\d+)?\s*", cell, re.ASCII))


def line_of(cells: Sequence[str], delimiter: str) -> str:
    """One line of a table. Unlike the csv module's, a lone carriage return is quoted, too."""
    marks = (delimiter, '"', "\r", "\n")
    quoted = (
        '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in marks) else cell
        for cell in cells
    )
    return delimiter.join(quoted)


def row_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The cells of one criterion of the native format."""
    cells: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, bool):
            cells[name] = "true" if value else "false"
        elif name in LISTS:
            cells[name] = list_cell(value)
        elif name in OBJECTS:
            cells[name] = json_cell(value)
        elif isinstance(value, int | float):
            cells[name] = repr(value)
        else:
            cells[name] = armless(str(value))
    return cells
