"""Rows through a mapping: objects of the native format, read by the native reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from rubricstudio.domain.formats.drafts import RubricDraft
from rubricstudio.domain.formats.mapping import Make, Mapping_, Source
from rubricstudio.domain.formats.native import read_object
from rubricstudio.domain.formats.patterns import UnsafePattern
from rubricstudio.domain.formats.records import (
    Place,
    Problem,
    Record,
    ResponseRecord,
    TaskRecord,
)
from rubricstudio.domain.formats.rules import BadRow, look_up, text_of
from rubricstudio.domain.formats.tabular import read_rows

_TEXTS = frozenset({"text", "prompt", "system", "reference", "rationale", "raw_reply"})
Open = Callable[[str], Iterable[str]]


def apply_mapping(
    mapping: Mapping_, names: Sequence[str], open_: Open
) -> Iterator[Record | Problem]:
    """The records that files become. `names`: paths relative to the data's folder, with /.

    `open_` gives the lines of a file by name. Sources are read in the mapping's order, a
    source's files by name. A task or response that several rows give alike is one record; where
    they differ, that is a problem. Rubrics come last.
    """
    state = _State(mapping)
    for source in mapping.sources:
        matching = matching_names(source.files, names)
        if not matching:
            yield Problem("", 0, source.files, "matches none of the files", "Give the file too.")
        for name in matching:
            yield from _read(source, name, open_, state)
    yield from state.rubric_records()


def matching_names(pattern: str, names: Sequence[str]) -> list[str]:
    """The names that a source's pattern means, sorted.

    Files that were given one by one, without their folders, are matched by the pattern's
    last part where no name matches it whole.
    """
    whole = [name for name in names if fnmatchcase(name, pattern)]
    last = pattern.rpartition("/")[2]
    loose = [name for name in names if "/" not in name and fnmatchcase(name, last)]
    return sorted(whole or loose)


class _State:
    """What is remembered between rows: which ids were given to what, and rubrics."""

    def __init__(self, mapping: Mapping_) -> None:
        self.made: dict[tuple[type[Any], str], Record] = {}
        self.drafts = {
            name: RubricDraft(dict(values), Place()) for name, values in mapping.rubrics.items()
        }

    def add_rubric(self, values: dict[str, Any], place: Place) -> Problem | None:
        """Remember what a row says of a rubric."""
        name = text_of(values.get("id"))
        known = self.drafts.setdefault(name, RubricDraft(values, place))
        if known.values == values:
            return None
        where = f"line {known.place.line}" if known.place.line else "the mapping"
        message = f"the rubric {name!r} is another than that of {where}"
        return Problem(place.file, place.line, "id", message, "Give each rubric its own id.")

    def add_criterion(self, values: dict[str, Any], place: Place) -> Problem | None:
        """Remember a criterion under its rubric, once."""
        name = text_of(values.pop("rubric", None))
        draft = self.drafts.get(name)
        if draft is None:
            known = ", ".join(self.drafts) or "none"
            message = f"there is no rubric {name!r}"
            hint = (
                f"Add a [[rubric]] table, or a make table for rubrics before this. Known: {known}."
            )
            return Problem(place.file, place.line, "rubric", message, hint)
        draft.add(values, place)
        return None

    def rubric_records(self) -> Iterator[Record | Problem]:
        """All rubrics, each with its criteria."""
        for draft in self.drafts.values():
            yield from draft.records()

    def once(self, record: Record | Problem) -> Record | Problem | None:
        """The record, None where it was made before, a problem where it was made otherwise."""
        if not isinstance(record, TaskRecord | ResponseRecord):
            return record
        first = self.made.setdefault((type(record), record.id), record)
        if first is record:
            return record
        if first == record:
            return None
        kind = "task" if isinstance(record, TaskRecord) else "response"
        where = f"{first.place.file}:{first.place.line}"
        message = f"the {kind} {record.id!r} has other content than at {where}"
        return Problem(*record.place, "id", message, "Rows that repeat it must agree.")


def _read(source: Source, name: str, open_: Open, state: _State) -> Iterator[Record | Problem]:
    options = {"format": source.format, "path": source.path, "delimiter": source.delimiter}
    rows = read_rows(open_(name), name, **options)
    for number, row in enumerate(rows, 1):
        if isinstance(row, Problem):
            yield row
            continue
        place = Place(name, row[0])
        values = {"file": name, "row": number, **row[1]}
        try:
            missed = _capture(source, values)
        except BadRow as bad:
            yield _bad(bad, place)
            continue
        for make in source.makes:
            yield from _made(make, values, place, state, missed)


def _capture(source: Source, row: dict[str, Any]) -> dict[str, str]:
    """Add the named groups of each capture to the row; for a name that is not there, why."""
    missed: dict[str, str] = {}
    for column, pattern in source.captures:
        text = text_of(look_up(row, column))
        try:
            match = pattern.search(text)
        except UnsafePattern as error:
            raise BadRow(column, str(error)) from None
        for name in pattern.regex.groupindex:
            if match is not None and match[name] is not None:
                row[name] = match[name]
            else:
                missed[name] = f"{column} is {text[:60]!r}, which the capture does not match"
    return missed


def _made(
    make: Make, row: Mapping[str, Any], place: Place, state: _State, missed: Mapping[str, str]
) -> Iterator[Record | Problem]:
    try:
        for column, pattern in make.when:
            if not pattern.search(text_of(look_up(row, column))):
                return
        for item in _items(make, row):
            values = {name: rule.of(item) for name, rule in make.fields.items()}
            yield from _record(make, values, place, state)
    except UnsafePattern as error:
        yield _bad(BadRow("when", str(error)), place)
    except BadRow as bad:
        yield _bad(bad, place, missed.get(bad.column, ""))


def _items(make: Make, row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The row itself; or for `each` one row per column, or per member of a list column.

    An item holds the row's columns, and {item}, {item_name} and {item_number} of its own. A
    null or empty one is passed over: who did not rate gives no record.
    """
    if not make.each:
        yield row
        return
    for name in make.each:
        value = look_up(row, name)
        members = value if isinstance(value, list) else [value]
        for number, member in enumerate(members, 1):
            if member is not None and member != "":
                yield {**row, "item": member, "item_name": name, "item_number": number}


def _record(
    make: Make, values: dict[str, Any], place: Place, state: _State
) -> Iterator[Record | Problem]:
    kept = {key: _plain(key, value) for key, value in values.items() if value is not None}
    if make.record in ("rubric", "criterion"):
        add = state.add_rubric if make.record == "rubric" else state.add_criterion
        problem = add(kept, place)
        if problem is not None:
            yield problem
        return
    for record in read_object({"type": make.record, **kept}, place):
        if isinstance(record, Problem):
            yield _traced(record, make)
        elif (new := state.once(record)) is not None:
            yield new


def _plain(name: str, value: Any) -> Any:
    """The value, as a text where the field is one: real data hold `true` for an answer."""
    return text_of(value) if isinstance(value, bool) and name in _TEXTS else value


def _traced(problem: Problem, make: Make) -> Problem:
    """The problem of a field with the place in the row that the field came from."""
    name = problem.field.partition(".")[0].partition("[")[0]
    origin = make.fields[name].origin if name in make.fields else ""
    if not origin or origin == name:
        return problem
    return replace(problem, field=f"{problem.field} (from {origin[:60]})")


def _bad(bad: BadRow, place: Place, why: str = "") -> Problem:
    hint = bad.hint or "The mapping names a column that this row does not have."
    return Problem(place.file, place.line, bad.column, why or bad.message, hint)
