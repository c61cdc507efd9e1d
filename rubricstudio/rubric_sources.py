"""What a rubric file is before it is read: the text in its bytes, or its rubrics line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from rubricstudio import rubric_files
from rubricstudio.domain.rubric_formats.protocol import FormatProblem, ReadResult, RubricFormat

_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"%PDF", b"\xd0\xcf\x11\xe0")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def text_of(data: bytes) -> str | FormatProblem:
    """The text of a file with line ends of one kind, or what is wrong with it, with the line."""
    if data.startswith(_PACKED):
        hint = _("Unpack it first, and save a spreadsheet as CSV.")
        return FormatProblem(0, "", _("is a packed file, a document or a spreadsheet"), hint)
    if data.startswith(_WIDE):
        return FormatProblem(0, "", _("is UTF-16, not UTF-8"), _("Save it as UTF-8."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # With a byte order mark, the place counts from behind it; a line stays the same.
        line = data.count(b"\n", 0, error.start) + 1
        return FormatProblem(line, "", _("holds bytes that are not UTF-8"), _("Save it as UTF-8."))
    return text_problem(text) or plain(text)


def text_problem(text: str) -> FormatProblem | None:
    """What is wrong with a text that holds a NUL character, None for every other."""
    at = text.find("\x00")
    if at < 0:
        return None
    hint = _("This is a binary file, or text in UTF-16: save it as UTF-8.")
    return FormatProblem(text.count("\n", 0, at) + 1, "", _("holds a NUL character"), hint)


def plain(text: str) -> str:
    """The text with line ends of one kind."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def said(file_name: str, problem: FormatProblem) -> str:
    """A problem in one line: file, line, field, what is wrong and what to do."""
    place = f"{file_name}:{problem.line}" if problem.line else file_name
    what = f"{problem.field} {problem.message}".strip()
    return f"{place}: {what}.{f' {problem.hint}' if problem.hint else ''}"


def by_line(known: RubricFormat, lines: Iterable[str], size: int) -> Iterator[ReadResult]:
    """The rubrics of JSON Lines, `size` lines at a time; problems keep the line they are on.

    Only for a format with `by_line`. Blank lines are passed over.
    """
    chunk: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            chunk.append((number, line))
        if len(chunk) == size:
            yield _read(known, chunk)
            chunk = []
    if chunk:
        yield _read(known, chunk)


def _read(known: RubricFormat, chunk: list[tuple[int, str]]) -> ReadResult:
    """Each line by itself: one that is broken leaves the others as they are."""
    results = [(number, rubric_files.read(known.name, "", line)) for number, line in chunk]
    rubrics = tuple(rubric for _number, result in results for rubric in result.rubrics)
    problems = tuple(
        replace(problem, line=number) for number, result in results for problem in result.problems
    )
    return ReadResult(rubrics, problems)
