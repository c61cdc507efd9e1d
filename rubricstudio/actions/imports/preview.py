"""What an import would do, before anybody starts it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rubricstudio.actions.imports.files import DataFile, Reading, is_small, read_files
from rubricstudio.actions.imports.report import ImportReport
from rubricstudio.actions.imports.run import import_records
from rubricstudio.domain.formats.lines import clean_json
from rubricstudio.domain.formats.records import (
    GoldRecord,
    ImageRecord,
    PreferenceRecord,
    Problem,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.models import Project, User

WHOLE_BYTES = 4_000_000
WHOLE_LINES = 50_000
"""Files up to this size together, unpacked, are read whole, in a dry run that finds every
problem."""
FIRST_LINES = 1_000
"""Of larger ones, the first lines of each file."""
ROWS = 3
_WIDTH = 160

_NAMES: dict[type[Any], str] = {
    TaskRecord: "task",
    ResponseRecord: "response",
    RubricRecord: "rubric",
    VerdictRecord: "verdict",
    PreferenceRecord: "preference",
    ImageRecord: "image",
    GoldRecord: "gold",
}


def preview_import(
    *, project: Project, files: Sequence[DataFile], reading: Reading, by: User
) -> dict[str, Any]:
    """Read the files and keep nothing; plain values for JSON.

    whole: whether all of it was read, and references were looked up. found: records by type.
    added, unchanged: rows, where it was read whole. samples: the first rows by type, as
    {columns, rows}. n_problems and problems ({file, line, field, message, hint}).
    """
    gathered = _Gathered()
    whole = is_small(files, most_bytes=WHOLE_BYTES, most_lines=WHOLE_LINES)
    report = ImportReport()
    if whole:
        records = gathered.watch(read_files(files, reading))
        report = import_records(project=project, records=records, by=by, dry_run=True)
    else:
        first = replace(reading, first_lines=FIRST_LINES)
        for record in gathered.watch(read_files(files, first)):
            if isinstance(record, Problem):
                report.note(record)
    found: dict[str, Any] = clean_json(
        {
            "whole": whole,
            "found": dict(gathered.counts),
            "samples": gathered.samples,
            "added": dict(report.added),
            "unchanged": dict(report.unchanged),
            "n_problems": report.n_problems,
            "problems": problems_as_json(report),
        }
    )
    return found


def problems_as_json(report: ImportReport) -> list[dict[str, Any]]:
    """The first problems that were found, by file and line."""
    return [
        {
            "file": problem.file,
            "line": problem.line,
            "field": problem.field,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in sorted(report.problems, key=lambda problem: (problem.file, problem.line))
    ]


class _Gathered:
    """Counts records by type and keeps the first of each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.samples: dict[str, dict[str, Any]] = {}

    def watch(self, records: Iterator[Record | Problem]) -> Iterator[Record | Problem]:
        for record in records:
            if not isinstance(record, Problem):
                self._note(record)
            yield record

    def _note(self, record: Record) -> None:
        name = _NAMES[type(record)]
        self.counts[name] += 1
        if self.counts[name] > ROWS:
            return
        cells = _cells(record)
        sample = self.samples.setdefault(name, {"columns": list(cells), "rows": []})
        sample["rows"].append([_short(cell) for cell in cells.values()])


def _cells(record: Record) -> dict[str, object]:
    """What a preview shows of a record, by the field's name in the native format."""
    if isinstance(record, TaskRecord):
        prompt = record.messages[-1].content if record.messages else ""
        return {"id": record.id, "prompt": prompt, "tags": ", ".join(record.tags)}
    if isinstance(record, ResponseRecord):
        cells = {"id": record.id, "task": record.task, "source": record.source}
        return {**cells, "text": record.text}
    if isinstance(record, RubricRecord):
        return {
            "id": record.id,
            "name": record.name,
            "criteria": len(record.rubric.criteria),
            "published": "true" if record.published else "false",
        }
    if isinstance(record, ImageRecord):
        return {"id": record.id, "media_type": record.media_type, "bytes": len(record.data)}
    if isinstance(record, GoldRecord):
        said = record.status.value if record.value is None else f"{record.value:g}"
        what = {"response": record.response, "criterion": record.criterion}
        return {**what, "value": said, "origin": record.origin.value, "note": record.note}
    return _rating_cells(record)


def _rating_cells(record: VerdictRecord | PreferenceRecord) -> dict[str, object]:
    shared = {"rater": record.rater, record.round_kind.value: record.round}
    if isinstance(record, VerdictRecord):
        said = record.status.value if record.value is None else f"{record.value:g}"
        what = {"response": record.response, "criterion": record.criterion}
        return {**what, **shared, "value": said, "rationale": record.rationale}
    preferred = record.preferred.value if record.preferred else record.status.value
    what = {"task": record.task, "a": record.response_a, "b": record.response_b}
    return {**what, **shared, "preferred": preferred}


def _short(cell: object) -> str | None:
    """One line of text, cut; None where there is none."""
    if cell is None:
        return None
    text = " ".join(str(cell)[: 4 * _WIDTH].split())
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
