"""A rubric on the way: files that hold a criterion a row give it piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from rubricstudio.domain.formats.native import read_object
from rubricstudio.domain.formats.records import Place, Problem, Record


@dataclass
class RubricDraft:
    """What is said of a rubric itself, and its criteria with the rows they came from."""

    values: dict[str, Any]
    place: Place
    criteria: list[dict[str, Any]] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    _by_key: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, criterion: dict[str, Any], place: Place) -> None:
        """Add a criterion; a row that repeats one word for word adds nothing."""
        first = self._by_key.setdefault(str(criterion.get("key")), criterion)
        if first is not criterion and first == criterion:
            return
        self.criteria.append(criterion)
        self.places.append(place)
        if self.place == Place():
            self.place = place

    def records(self) -> Iterator[Record | Problem]:
        """The rubric, or what is wrong: a problem of a criterion is one of the row it came from."""
        if not self.criteria:
            name = f"rubric {str(self.values.get('id'))!r}"
            hint = "Make criteria of the rows that hold them."
            yield Problem(*self.place, name, "got no criterion", hint)
            return
        values = {**self.values, "type": "rubric", "criteria": self.criteria}
        for record in read_object(values, self.place):
            yield self._at_its_row(record) if isinstance(record, Problem) else record

    def _at_its_row(self, problem: Problem) -> Problem:
        index, _, name = problem.field.removeprefix("criteria[").partition("]")
        if not problem.field.startswith("criteria["):
            return problem
        place = self.places[int(index)]
        return replace(problem, file=place.file, line=place.line, field=name.lstrip("."))
