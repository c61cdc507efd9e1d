"""Plain tables: the rows of a CSV download and of what a command prints."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Cell: TypeAlias = str | int | float | None

# A spreadsheet takes text that begins so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Sheet:
    """A table with a heading, column names and rows of the same length.

    A cell that has no value is None: empty in CSV, "-" in text, never 0.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]

    def only(self, *columns: str) -> Sheet:
        """These columns, in this order. Raises ValueError for one the sheet has not."""
        places = [self.columns.index(name) for name in columns]
        return Sheet(self.title, columns, [tuple(row[at] for at in places) for row in self.rows])


def safe_cell(cell: Cell) -> Cell:
    """The cell as a spreadsheet shows it and does not run it: text gets an apostrophe in front.

    Numbers stay numbers, minus sign included.
    """
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell


def csv_lines(sheet: Sheet) -> Iterator[str]:
    """The sheet as CSV text in chunks, header first, with a byte order mark for spreadsheets."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(sheet.columns)
    for row in sheet.rows:
        writer.writerow([safe_cell(cell) for cell in row])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def text_lines(sheet: Sheet) -> Iterator[str]:
    """The sheet for a terminal: columns aligned, numbers to the right, four digits."""
    yield sheet.title
    shown = [[_shown(cell) for cell in row] for row in sheet.rows]
    numeric = [
        all(not isinstance(row[place], str) for row in sheet.rows)
        for place in range(len(sheet.columns))
    ]
    widths = [
        max(len(name), *(len(row[place]) for row in shown), 0)
        for place, name in enumerate(sheet.columns)
    ]
    for row in [list(sheet.columns), *shown]:
        cells = zip(row, widths, numeric, strict=True)
        yield "  ".join(
            cell.rjust(width) if right else cell.ljust(width) for cell, width, right in cells
        ).rstrip()


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return " ".join(str(cell).split())
