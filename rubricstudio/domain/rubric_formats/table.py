"""CSV and what is pasted from a spreadsheet: a criterion a row, both ways without loss.

Columns are named as the fields of the native format, or as public data sets call them. A
table without a heading is taken as texts and, where a column holds numbers, their weights.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.rubrics import CRITERION_FIELDS, read_rubric
from rubricstudio.domain.naming import first_free
from rubricstudio.domain.rubric_formats.cells import (
    armless,
    is_number,
    json_cell,
    line_of,
    read_cell,
    row_of,
)
from rubricstudio.domain.rubric_formats.losing import Losing
from rubricstudio.domain.rubric_formats.native import endless, native_values
from rubricstudio.domain.rubric_formats.polarity import polarity
from rubricstudio.domain.rubric_formats.protocol import (
    Loss,
    NamedRubric,
    PolarityGuess,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Reading, position_key

ABOUT = ("rubric", "task", "prompt", "aggregator", "params")
COLUMNS = (*CRITERION_FIELDS, *ABOUT)
TEXT_NAMES = (
    *("text", "criterion", "criterion_text", "criterion_description", "requirement"),
    *("rubric_item", "rubric_str", "criteria", "question", "statement", "item", "point"),
)
ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": (*TEXT_NAMES, "description", "title", "name"),
    "weight": ("weight", "points", "criterion_weight", "max_points", "score"),
    "key": ("key", "id", "criterion_id"),
    "category": ("category", "axis", "criterion_type", "dimension"),
    "met_means": ("met_means", "polarity"),
}


@dataclass
class _Draft:
    """The rows of one rubric: what the first says of it, and its criteria with their lines."""

    about: dict[str, Any]
    line: int
    criteria: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def read_table(text: str, delimiter: str) -> ReadResult:
    """The rubrics of a table. Rows with one name under `rubric` make one rubric."""
    reading = Reading()
    lost: Counter[str] = Counter()
    drafts: dict[str, _Draft] = {}
    for line, row in _rows(reading, text.removeprefix("\ufeff"), delimiter, lost):
        about = {name: row.pop(name) for name in ABOUT if name in row}
        name = str(about.get("rubric", ""))
        draft = drafts.setdefault(name, _Draft(about, line))
        row.setdefault("key", position_key(len(draft.criteria) + 1))
        draft.criteria.append(row)
        draft.lines.append(line)
    losses = tuple(Loss(message, count) for message, count in lost.items())
    for draft in drafts.values():
        before = len(reading.problems)
        values = {**draft.about, "criteria": draft.criteria}
        reading.keep(reading.fields(values, draft.line), _rubric)
        reading.problems[before:] = [
            _at_its_row(problem, draft.lines) for problem in reading.problems[before:]
        ]
    result = reading.result()
    if losses and result.rubrics:
        first = replace(result.rubrics[0], losses=losses)
        return replace(result, rubrics=(first, *result.rubrics[1:]))
    return result


def _at_its_row(problem: Any, lines: Sequence[int]) -> Any:
    """The problem under the line of the criterion that it names."""
    index, _, name = problem.field.removeprefix("criteria[").partition("]")
    if not problem.field.startswith("criteria["):
        return problem
    return replace(problem, line=lines[int(index)], field=name.lstrip("."))


def _rubric(fields: Fields) -> ReadRubric | None:
    guesses: list[PolarityGuess] = []
    for item in fields.objects("criteria"):
        if "met_means" not in item.values and isinstance(item.values, dict):
            weight, noted = _weight_of(item), item.values
            means, asked = polarity(str(noted["key"]), str(noted.get("text", "")), weight)
            noted["met_means"] = means.value
            guesses += asked
    rubric = read_rubric(fields)
    if rubric is None:
        return None
    name, task, prompt = (fields.text(part) for part in ("rubric", "task", "prompt"))
    return ReadRubric(rubric, name, task, prompt, tuple(guesses))


def _weight_of(item: Fields) -> float:
    """The weight, or 1 where it is none; reading the rubric says what is wrong with it."""
    quiet = Fields(item.values, item.place, [])
    return quiet.number("weight", 1.0)


def _rows(
    reading: Reading, text: str, delimiter: str, lost: Counter[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The cells of each row under native names, with the row's line."""
    columns: list[str] | None = None
    for line, cells in _cells(reading, text, delimiter):
        if columns is None:
            columns = _columns(cells, lost)
            if columns:
                continue
        if not columns:
            row = _pasted(cells, lost)
        else:
            if len(cells) > len(columns) and any(cells[len(columns) :]):
                message = f"has {len(cells)} cells, the heading {len(columns)}"
                reading.problem(line, "", message, "Put quotes around the texts.")
                continue
            row = _named(columns, cells, lost)
        if row:
            yield line, row


def _cells(reading: Reading, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    start = 1
    # Strict: without it a quote that is never closed swallows the rest of the file unseen.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if any(cell.strip() for cell in cells):
                yield line, cells
    except csv.Error as error:
        hint = "A quote is opened and never closed, or a cell holds quotes that are not doubled."
        reading.problem(start, "", f"cannot be read: {error}", hint)


def _columns(cells: Sequence[str], lost: Counter[str]) -> list[str]:
    """The native name of each column, empty for one left out; [] where this is no heading."""
    names = [plain_name(cell) for cell in cells]
    text = next((alias for alias in ALIASES["text"] if alias in names), None)
    if text is None:
        return []
    columns: list[str] = []
    for name in names:
        native = "text" if name == text else _native(name)
        if not native or native in columns or (native == "text" and name != text):
            lost[f"the column {name[:80] or 'without a name'} is left out"] += 0
            native = ""
        columns.append(native)
    return columns


def plain_name(cell: str) -> str:
    return cell.strip().lower().replace(" ", "_")


def _native(name: str) -> str:
    """The native column that a heading names, or nothing."""
    if name in COLUMNS:
        return name
    other = (native for native, names in ALIASES.items() if native != "text" and name in names)
    return next(other, "")


def _named(columns: Sequence[str], cells: Sequence[str], lost: Counter[str]) -> dict[str, Any]:
    row = {}
    for name, cell in zip(columns, cells, strict=False):
        if name and cell:
            row[name] = read_cell(name, cell)
    return row


def _pasted(cells: Sequence[str], lost: Counter[str]) -> dict[str, Any]:
    """A row without a heading: its first text, and its first number as the weight."""
    row: dict[str, Any] = {}
    for cell in cells:
        kind = "weight" if is_number(cell) else "text"
        if not cell.strip():
            continue
        if kind in row:
            lost["cells without a heading: left out beyond a text and a weight"] += 1
        elif kind == "weight":
            row[kind] = cell.strip().replace(",", ".")
        else:
            row[kind] = read_cell(kind, cell).strip()
    if set(row) == {"weight"}:
        return {"text": row["weight"]}
    return row


def write_table(rubrics: Sequence[NamedRubric], delimiter: str) -> Written:
    """A row a criterion, with the columns that are filled."""
    losing = Losing()
    rows: list[dict[str, str]] = []
    names: list[str] = []
    for named in rubrics:
        name = first_free(named.name or "rubric", names) if named.name in names else named.name
        if name != named.name:
            losing.note("names of rubrics: made different from each other")
        names.append(name)
        rows += _table_rows(replace(named, name=name), len(rubrics) > 1)
        if not named.rubric.criteria:
            losing.note("a rubric without criteria is left out")
    used = ("key", "text", "weight", "met_means")
    columns = [c for c in COLUMNS if c in used or any(c in row for row in rows)]
    table = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    text = "".join(f"{line_of(cells, delimiter)}\n" for cells in table)
    return Written(text, (*losing.losses, *endless(rubrics)))


def _table_rows(named: NamedRubric, several: bool) -> list[dict[str, str]]:
    values = native_values(named)
    about = {
        "rubric": armless(named.name) if several or named.name else "",
        "task": armless(named.task),
        "prompt": armless(named.prompt),
        "aggregator": named.rubric.aggregator,
        "params": json_cell(values["params"]) if values["params"] else "",
    }
    if about["aggregator"] == "pos_normalised":
        about["aggregator"] = ""
    said = {name: cell for name, cell in about.items() if cell}
    plain_ones = {"weight": 1.0, "met_means": "good"}
    return [{**row_of({**plain_ones, **c}), **said} for c in values["criteria"]]


def _csv_delimiter(text: str) -> str:
    """The mark that separates most of the first line: spreadsheets use ; in some countries."""
    return max(",;", key=text.split("\n", 1)[0].count)


CSV = RubricFormat(
    name="csv",
    label="CSV",
    about="A criterion a row, under headings. Opens in any spreadsheet; nothing is lost.",
    endings=(".csv",),
    matches=lambda name, text: name.endswith(".csv"),
    read=lambda text: read_table(text, _csv_delimiter(text)),
    write=lambda rubrics: write_table(rubrics, ","),
)
TSV = RubricFormat(
    name="tsv",
    label="Spreadsheet paste (TSV)",
    about="A criterion a row, as a spreadsheet puts it on the clipboard; nothing is lost.",
    endings=(".tsv", ".tab", ".txt"),
    matches=lambda name, text: (
        name.endswith((".tsv", ".tab"))
        or (not text.lstrip().startswith(("{", "[")) and "\t" in text.split("\n", 1)[0])
    ),
    read=lambda text: read_table(text, "\t"),
    write=lambda rubrics: write_table(rubrics, "\t"),
)
