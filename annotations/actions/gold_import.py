"""Gold lines of an import: the records that only this app can store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annotations.evidence import to_json
from annotations.models import Gold
from rubricstudio.actions.imports.directory import Directory, Unknown
from rubricstudio.actions.imports.report import ImportReport
from rubricstudio.domain.formats.records import GoldOrigin, GoldRecord, RaterKind, RoundKind

_CHUNK = 5_000
_OTHER = "Nothing was changed; correct it on the session's page Quality, or leave it out."
# What makes two gold answers the same; who added one and when does not.
_SAID = (
    *("status", "value", "note", "evidence"),
    *("origin", "origin_round_id", "origin_rater_id", "origin_n"),
)
_Cell = tuple[int, int]


def write_gold(batch: Sequence[GoldRecord], directory: Directory, report: ImportReport) -> None:
    """Add gold answers; one that is there with other content, or twice in the file, is a problem.

    The criterion is that of the rubric's newest published version. Sessions and experts that a
    line names and that are not there are made, as for verdicts.
    """
    found: dict[_Cell, tuple[GoldRecord, Gold]] = {}
    for record in batch:
        try:
            row = _row(record, directory)
        except Unknown as unknown:
            report.problem(record.place, unknown.field, unknown.message, unknown.hint)
            continue
        known = found.setdefault((row.response_id, row.criterion_id), (record, row))
        if known[1] is not row:
            _note(record, known[1], row, report)
    cells = list(found)
    for start in range(0, len(cells), _CHUNK):
        _write({cell: found[cell] for cell in cells[start : start + _CHUNK]}, report)


def _row(record: GoldRecord, directory: Directory) -> Gold:
    """Raises Unknown."""
    response, _task = directory.response(record.response)
    leaf = directory.newest_leaf(record.rubric, record.criterion)
    value = record.value
    if value is not None and not leaf.scale.allows(value):
        scale = leaf.scale
        hint = f"The scale is {scale.kind}, from {scale.low:g} to {scale.high:g}."
        raise Unknown("value", f"{value:g} is not on the scale of {record.criterion!r}", hint)
    from_session = record.origin not in (GoldOrigin.HAND, GoldOrigin.FILE)
    round_ = directory.round(RoundKind.SESSION, record.session) if from_session else None
    is_expert = record.origin == GoldOrigin.EXPERT
    return Gold(
        response_id=response,
        criterion_id=leaf.pk,
        status=record.status.value,
        value=value,
        note=record.note,
        evidence=to_json(record.evidence),
        origin=record.origin.value,
        origin_round_id=round_.pk if round_ else None,
        origin_rater_id=directory.rater(RaterKind.PERSON, record.expert) if is_expert else None,
        origin_n=record.n,
        added_by=directory.by,
    )


def _write(found: dict[_Cell, tuple[GoldRecord, Gold]], report: ImportReport) -> None:
    there = Gold.objects.filter(response__in={response for response, _criterion in found})
    known = {(row.response_id, row.criterion_id): row for row in there.select_for_update()}
    new = [row for cell, (_record, row) in found.items() if cell not in known]
    Gold.objects.bulk_create(new)
    report.added["gold"] += len(new)
    for cell, (record, row) in found.items():
        if cell in known:
            _note(record, known[cell], row, report)


def _note(record: GoldRecord, known: Gold, row: Gold, report: ImportReport) -> None:
    """Count a gold answer that is there; with other content it is a problem."""
    if _said(known) == _said(row):
        report.unchanged["gold"] += 1
    else:
        message = f"{record.response!r} has another gold answer to {record.criterion!r}"
        report.problem(record.place, "value", message, _OTHER)


def _said(row: Gold) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _SAID)
