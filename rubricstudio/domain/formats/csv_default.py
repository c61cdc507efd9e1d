"""CSV and TSV without a mapping: columns are named as the fields of the native format.

The header decides. A `type` column says of each row what it is; without one the whole file
holds the type that was chosen, or that the header tells. `metadata.year` is the member
`year` of the object `metadata`. Empty cells are absent. docs/formats.md describes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rubricstudio.domain.formats.drafts import RubricDraft
from rubricstudio.domain.formats.lines import DECODER
from rubricstudio.domain.formats.native import read_object
from rubricstudio.domain.formats.records import Place, Problem, Record
from rubricstudio.domain.formats.rubrics import CRITERION_FIELDS
from rubricstudio.domain.formats.tabular import read_rows

CRITERION = "criterion"
"""The one type that only tables have: a criterion a row, its rubric under `rubric`."""

LIST_FIELDS = ("tags", "references")
JSON_FIELDS = (
    *("messages", "context", "evidence", "metadata", "provenance", "params", "scale"),
    *("verdicts", "criteria", "examples", "origin"),
)
FLAG_FIELDS = ("published", "gate", "is_group", "evidence_required")
RUBRIC_COLUMNS = ("rubric", "rubric_name", "aggregator", "published", "task")
# What columns of a rubric are called in the native format.
_RUBRIC_FIELDS = {"rubric": "id", "rubric_name": "name"}
_COLUMNS = {field: column for column, field in _RUBRIC_FIELDS.items()}
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

# The columns that tell a type, from the most telling on.
_TELLING: tuple[tuple[str, frozenset[str]], ...] = (
    ("verdict", frozenset({"response", "criterion", "rater"})),
    ("preference", frozenset({"task", "a", "b", "rater"})),
    (CRITERION, frozenset({"key", "text"})),
    ("response", frozenset({"id", "task"})),
    ("task", frozenset({"id", "prompt"})),
    ("task", frozenset({"id", "messages"})),
)


def guess_type(columns: Iterable[str]) -> str | None:
    """What the rows of a table with these columns are, or None."""
    names = set(columns)
    return next((kind for kind, telling in _TELLING if telling <= names), None)


def read_table(
    text: Iterable[str], file: str, *, format: str = "csv", kind: str = ""
) -> Iterator[Record | Problem]:
    """The records of a table. `kind`: the type of rows that name none.

    Criteria are gathered by rubric; the rubrics come last.
    """
    rubrics: dict[str, RubricDraft] = {}
    for row in read_rows(text, file, format=format):
        if isinstance(row, Problem):
            yield row
            continue
        place, values = Place(file, row[0]), row[1]
        type_ = values.get("type") or kind or guess_type(values)
        if type_ is None:
            yield _no_type(place)
            return
        found = _values(values, place)
        if isinstance(found, Problem):
            yield found
        elif type_ == CRITERION:
            yield from _criterion(found, place, rubrics)
        else:
            yield from read_object({**found, "type": type_}, place)
    for rubric in rubrics.values():
        yield from rubric.records()


def _criterion(
    row: Mapping[str, Any], place: Place, rubrics: dict[str, RubricDraft]
) -> Iterator[Problem]:
    """Add a criterion to its rubric. Rows may leave out what the rubric's first row says."""
    name = str(row.get("rubric") or place.file.rpartition("/")[2].partition(".")[0])
    said = {column: row[column] for column in RUBRIC_COLUMNS if column in row}
    own = {_RUBRIC_FIELDS.get(column, column): value for column, value in said.items()}
    draft = rubrics.setdefault(name, RubricDraft({"name": name, **own, "id": name}, place))
    for field, value in own.items():
        if field != "id" and draft.values.get(field) != value:
            message = f"is {str(value)[:40]!r}, which line {draft.place.line} does not say"
            hint = "All rows of a rubric agree on what they say of the rubric."
            yield Problem(*place, _COLUMNS.get(field, field), message, hint)
    apart = (*RUBRIC_COLUMNS, "type")
    draft.add({column: value for column, value in row.items() if column not in apart}, place)


def _no_type(place: Place) -> Problem:
    hint = (
        "Add a column type (task, response, preference, verdict, criterion), choose the type,"
        " or name the columns as docs/formats.md does."
    )
    return Problem(place.file, 1, "header", "does not tell what the rows are", hint)


def _values(row: Mapping[str, Any], place: Place) -> dict[str, Any] | Problem:
    """The cells as JSON values, nested by the dots in their names; empty cells left out."""
    found: dict[str, Any] = {}
    for name, cell in row.items():
        if cell == "":
            continue
        try:
            value = _value(name, cell)
        except (ValueError, RecursionError) as error:
            return Problem(place.file, place.line, name, f"is not JSON: {error}")
        outer, _, inner = name.partition(".")
        if not inner:
            found[name] = value
        elif isinstance(found.setdefault(outer, {}), dict):
            found[outer][inner] = value
        else:
            return Problem(*place, name, f"stands beside {outer}", "Fill one of them.")
    return found


def _value(name: str, cell: str) -> Any:
    if name in LIST_FIELDS:
        return [part.strip() for part in cell.split(";") if part.strip()]
    if name in FLAG_FIELDS:
        return _FLAGS.get(cell.strip().lower(), cell)
    if name in JSON_FIELDS and cell.lstrip()[:1] in ("{", "["):
        return DECODER.decode(cell)
    return cell


COLUMNS: Mapping[str, tuple[str, ...]] = {CRITERION: (*CRITERION_FIELDS, *RUBRIC_COLUMNS)}
"""The columns of the type that the native format does not have."""
