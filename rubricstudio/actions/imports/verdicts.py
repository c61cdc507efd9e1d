"""Verdicts into their table: by the hundred thousand, so each is one line of text for COPY."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from psycopg.errors import UniqueViolation

from rubricstudio.actions.imports.directory import Directory, Unknown
from rubricstudio.actions.imports.report import ImportReport
from rubricstudio.actions.imports.staging import (
    Columns,
    copy_lines,
    execute,
    fetch,
    field,
    stage_lines,
)
from rubricstudio.domain.formats.records import Place, VerdictRecord
from rubricstudio.domain.verdict import Quote

_PLACE = (("file", "text"), ("line", "integer"))
_CELL = (
    *(("response_id", "bigint"), ("round_id", "bigint"), ("criterion_id", "bigint")),
    *(("rater_id", "bigint"), ("status", "text"), ("value", "double precision")),
)
_MORE = (
    *(("rationale", "text"), ("evidence", "jsonb"), ("confidence", "double precision")),
    *(("sample", "smallint"), ("provenance", "jsonb"), ("created_at", "timestamptz")),
)
# A record is its response, seven fields that say who said what (1:8), and more (8:15).
_NOTHING_MORE = VerdictRecord("", "", "", "")[8:15]


def write_verdicts(
    batch: Sequence[VerdictRecord], directory: Directory, report: ImportReport
) -> None:
    """Add verdicts; one that was given before with another value is a problem."""
    said, responses = _Said(directory), directory.responses
    good: list[VerdictRecord] = []
    lines: list[str] = []
    for record in batch:
        try:
            text = said[record[1:8]]
            response = responses.get(record[0]) or directory.response(record[0])
            lines.append(f"{response[0]}\t{text}")
        except Unknown as unknown:
            report.problem(record.place, unknown.field, unknown.message, unknown.hint)
        else:
            good.append(record)
    columns: Columns = _CELL
    if any(record[8:15] != _NOTHING_MORE for record in good):
        columns, now = (*_CELL, *_MORE), timezone.now()
        lines = [line + _more(record, now) for line, record in zip(lines, good, strict=True)]
    if _copied(columns, lines, said.rounds <= directory.new_rounds.keys()):
        report.count("verdict", len(lines), len(lines))
    else:
        _merge(columns, lines, good, report)


class _Said(dict[tuple[Any, ...], str]):
    """COPY's text for what a record says of whom, but for its response: a file repeats it."""

    def __init__(self, directory: Directory) -> None:
        super().__init__()
        self.directory = directory
        self.rounds: set[int] = set()

    def __missing__(self, said: tuple[Any, ...]) -> str:
        """Raises Unknown for a name that is not there and a value off the scale."""
        record = VerdictRecord("", *said)
        round_pk, leaf, rater = self.directory.cell(record)
        value = record.value
        if value is not None and not leaf.scale.allows(value):
            scale = leaf.scale
            hint = f"The scale is {scale.kind}, from {scale.low:g} to {scale.high:g}."
            raise Unknown("value", f"{value:g} is not on the scale of {record.criterion!r}", hint)
        self.rounds.add(round_pk)
        parts = (round_pk, leaf.pk, rater, record.status.value, value)
        text = self[said] = "\t".join(map(field, parts))
        return text


def _more(record: VerdictRecord, now: object) -> str:
    """The text of the columns that most files leave at their defaults."""
    provenance = None
    if record.provenance or record.raw_reply:
        provenance = _json({**record.provenance, "raw_reply": record.raw_reply})
    evidence = _json([_quote(quote) for quote in record.evidence]) if record.evidence else "[]"
    parts = (
        *(record.rationale, evidence, record.confidence, record.sample, provenance),
        record.created_at or now,
    )
    return "\t" + "\t".join(map(field, parts))


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "text": quote.text,
        "start": quote.start,
        "end": quote.end,
        "match": quote.match,
        "distance": quote.distance,
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _copied(columns: Columns, lines: Sequence[str], rounds_are_new: bool) -> bool:
    """Copy straight into the table where all rounds are new, so nothing can be there already.

    False where a cell stands twice in the file: the slower way, which then takes over,
    says which line. Straight is three times as fast as through a staging table.
    """
    if not rounds_are_new:
        return False
    try:
        with transaction.atomic():
            copy_lines("studio_verdict", columns, lines)
    except UniqueViolation:
        return False
    return True


def _merge(
    columns: Columns,
    lines: Sequence[str],
    records: Sequence[VerdictRecord],
    report: ImportReport,
) -> None:
    """Add what is not there yet, and say which lines contradict what is."""
    places = (
        f"{field(record.place.file)}\t{record.place.line}\t{line}"
        for record, line in zip(records, lines, strict=True)
    )
    stage_lines("staged_verdict", (*_PLACE, *columns), places)
    names = ", ".join(name for name, _ in columns)
    added = execute(
        f"""INSERT INTO studio_verdict ({names}) SELECT {names} FROM staged_verdict
            ON CONFLICT DO NOTHING"""
    )
    report.count("verdict", added, len(lines))
    if added < len(lines):
        _note_other_verdicts(report, "0" if columns == _CELL else "s.sample")


def _note_other_verdicts(report: ImportReport, sample: str) -> None:
    """A cell that holds another value than the file says: the file repeats it, or it was there."""
    found = fetch(
        f"""SELECT s.file, s.line FROM staged_verdict s
              JOIN studio_verdict v USING (response_id, criterion_id, rater_id, round_id)
             WHERE v.sample = {sample} AND v.revision = 0
               AND (v.status, v.value) IS DISTINCT FROM (s.status, s.value)
             ORDER BY s.file, s.line"""
    )
    for file, line in found:
        report.unchanged["verdict"] -= 1
        message = "this rater gave another verdict here before"
        hint = "Verdicts are never overwritten; use another sample, session or run."
        report.problem(Place(file, line), "value", message, hint)
