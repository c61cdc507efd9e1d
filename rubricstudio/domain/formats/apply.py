"""Rows through a mapping: objects of the native format, read by the native reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from rubricstudio.domain.formats.mapping import Make, Mapping_, Source, look_up
from rubricstudio.domain.formats.native import read_object
from rubricstudio.domain.formats.records import Place, Problem, Record
from rubricstudio.domain.formats.tabular import read_rows

Open = Callable[[str], Iterable[str]]


def apply_mapping(
    mapping: Mapping_, names: Sequence[str], open_: Open
) -> Iterator[Record | Problem]:
    """The records that files become. `names`: paths relative to the data's folder, with /.

    `open_` gives the lines of a file by name. Sources are read in the mapping's order, a
    source's files by name. Rubrics come after the last source that adds criteria.
    """
    state = _State(mapping)
    for source in mapping.sources:
        matching = matching_names(source.files, names)
        if not matching:
            yield Problem("", 0, source.files, "matches none of the files", "Give the file too.")
        for name in matching:
            yield from _read(source, name, open_, state)
        yield from state.whole_rubrics(after=source)


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
    """What is remembered between rows: which records were made, criteria by rubric."""

    def __init__(self, mapping: Mapping_) -> None:
        self.mapping = mapping
        self.made: set[tuple[str, str]] = set()
        self.criteria: dict[str, list[dict[str, Any]]] = {}
        self.places: dict[str, Place] = {}

    def add_criterion(self, values: dict[str, Any], place: Place) -> Problem | None:
        rubric = str(values.pop("rubric", ""))
        if rubric not in self.mapping.rubrics:
            known = ", ".join(self.mapping.rubrics) or "none"
            message = f"the mapping has no [[rubric]] {rubric!r}"
            return Problem(place.file, place.line, "rubric", message, f"It has: {known}.")
        self.criteria.setdefault(rubric, []).append(values)
        self.places.setdefault(rubric, place)
        return None

    def whole_rubrics(self, after: Source) -> Iterator[Record | Problem]:
        """All rubrics, once no later source adds criteria."""
        later = self.mapping.sources[self.mapping.sources.index(after) + 1 :]
        if any(make.record == "criterion" for source in later for make in source.makes):
            return
        for rubric, criteria in self.criteria.items():
            values = {**self.mapping.rubrics[rubric], "type": "rubric", "criteria": criteria}
            yield from read_object(values, self.places[rubric])
        self.criteria = {}


def _read(source: Source, name: str, open_: Open, state: _State) -> Iterator[Record | Problem]:
    options = {"format": source.format, "path": source.path, "delimiter": source.delimiter}
    for row in read_rows(open_(name), name, **options):
        if isinstance(row, Problem):
            yield row
            continue
        place = Place(name, row[0])
        try:
            values = _captured(source, {"file": name, **row[1]})
        except KeyError as error:
            yield _no_column(error, place)
            continue
        for make in source.makes:
            yield from _made(make, values, place, state)


def _captured(source: Source, row: dict[str, Any]) -> dict[str, Any]:
    """The row with the named groups of each capture; a text that does not match adds none."""
    for column, pattern in source.captures:
        match = pattern.search(str(look_up(row, column)))
        if match:
            row.update({key: value for key, value in match.groupdict().items() if value})
    return row


def _made(
    make: Make, row: Mapping[str, Any], place: Place, state: _State
) -> Iterator[Record | Problem]:
    try:
        for column, pattern in (make.when or {}).items():
            if not pattern.search(str(look_up(row, column))):
                return
        for item in _items(make, row):
            values = {name: rule.of(item) for name, rule in make.fields.items()}
            yield from _record(make, values, place, state)
    except KeyError as error:
        yield _no_column(error, place)


def _items(make: Make, row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The row itself; or for `each` one row per column, or per member of a list column.

    An item holds the row's columns, and {item}, {item_name} and {item_number} of its own.
    """
    if not make.each:
        yield row
        return
    for name in make.each:
        value = look_up(row, name)
        members = value if isinstance(value, list) else [value]
        for number, member in enumerate(members, 1):
            own = member if isinstance(member, dict) else {}
            yield {**row, **own, "item": member, "item_name": name, "item_number": number}


def _record(
    make: Make, values: dict[str, Any], place: Place, state: _State
) -> Iterator[Record | Problem]:
    if make.once:
        name = (make.record, str(values.get("id") or values.get("key")))
        if name in state.made:
            return
        state.made.add(name)
    if make.record == "criterion":
        problem = state.add_criterion(values, place)
        if problem is not None:
            yield problem
        return
    kept = {key: value for key, value in values.items() if value is not None}
    yield from read_object({"type": make.record, **kept}, place)


def _no_column(error: KeyError, place: Place) -> Problem:
    hint = "The mapping names a column that this row does not have."
    return Problem(place.file, place.line, str(error.args[0]), "is not there", hint)
