"""A rubric file of any size, looked at piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rubricstudio import rubric_files
from rubricstudio.domain.rubric_formats.protocol import FormatProblem, RubricFormat
from rubricstudio.models import Project
from rubricstudio.queries.rubric_files import Look, look_at, look_of, storable
from rubricstudio.rubric_sources import by_line, text_of

LARGE = 5_000_000
"""Bytes from which JSON Lines are read line by line."""
PIECE = 200
"""How many lines are looked at together."""
_HEAD = 1_000_000


class NotText(ValueError):
    """A file is no text in UTF-8. `problem` says where and what to do."""

    def __init__(self, problem: FormatProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True)
class RubricFile:
    """A file on disk, to be looked at more than once: first at all of it, then to store it."""

    project: Project
    path: Path
    format_name: str = ""

    def looks(self) -> Iterator[Look]:
        """What is in the file, at once or, where it is large, a piece at a time.

        Raises OSError where it cannot be opened, and NotText.
        """
        known = self._streamed() if self.path.stat().st_size > LARGE else None
        if known is None:
            yield self._whole()
            return
        names: dict[str, int] = {}
        with self.path.open(encoding="utf-8-sig") as lines:
            try:
                for result in by_line(known, lines, PIECE):
                    yield look_of(self.project, known, self.path.name, storable(result), names)
            except UnicodeDecodeError:
                raise NotText(self._problem()) from None

    def _whole(self) -> Look:
        text = text_of(self.path.read_bytes())
        if isinstance(text, FormatProblem):
            raise NotText(text)
        name = self.path.name
        return look_at(
            project=self.project, text=text, file_name=name, format_name=self.format_name
        )

    def _streamed(self) -> RubricFormat | None:
        """The format where each line of the file is a rubric by itself, None for any other."""
        with self.path.open("rb") as file:
            start = file.read(_HEAD)
        head = text_of(start[: start.rfind(b"\n") + 1])
        if isinstance(head, FormatProblem) or not head.startswith("{"):
            return None
        known = rubric_files.FORMATS.get(self.format_name)
        known = known or rubric_files.detect(self.path.name, head)
        first = head.split("\n", 1)[0]
        one = known is not None and known.by_line and first.rstrip().endswith("}")
        return known if one else None

    def _problem(self) -> FormatProblem:
        """Where the file stops to be UTF-8, line by line."""
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                found = text_of(line)
                if isinstance(found, FormatProblem):
                    return FormatProblem(number, found.field, found.message, found.hint)
        return FormatProblem(0, "", "is not UTF-8")
