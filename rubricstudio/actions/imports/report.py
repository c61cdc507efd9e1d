"""What an import did, or why it did nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rubricstudio.domain.formats.records import Place, Problem

MOST_PROBLEMS = 100


@dataclass
class ImportReport:
    """Counts by kind of record, and the first problems.

    added: rows that are new. unchanged: rows that were there with the same content.
    n_problems counts all problems, `problems` holds the first hundred.
    """

    added: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    n_problems: int = 0
    problems: list[Problem] = field(default_factory=list)

    def count(self, kind: str, added: int, given: int) -> None:
        """Note that of `given` records `added` were new and the rest was there."""
        self.added[kind] += added
        self.unchanged[kind] += given - added

    def problem(self, place: Place, name: str, message: str, hint: str = "") -> None:
        self.note(Problem(place.file, place.line, name, message, hint))

    def note(self, problem: Problem) -> None:
        self.n_problems += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: counts, and each problem as one line."""
        return {
            "added": dict(self.added),
            "unchanged": dict(self.unchanged),
            "n_problems": self.n_problems,
            "problems": [str(problem) for problem in self.problems],
        }


class ImportRefused(ValueError):
    """The input has problems and nothing was imported; `report` holds them."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__(f"{report.n_problems} problems, nothing was imported")
        self.report = report


class ImportCancelled(Exception):
    """Somebody cancelled the import; nothing of it was kept."""
