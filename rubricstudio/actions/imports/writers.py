"""One function a kind of record: a batch in, rows added, problems noted."""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from typing import Any

from rubricstudio.actions.imports.directory import Directory, Unknown
from rubricstudio.actions.imports.report import ImportReport
from rubricstudio.actions.imports.staging import Columns, copy_new, execute, fetch, stage
from rubricstudio.actions.rubrics import (
    UnableToPublish,
    create_rubric,
    publish,
    start_draft,
    write_criteria,
)
from rubricstudio.domain.formats.records import (
    Place,
    PreferenceRecord,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
)
from rubricstudio.domain.hashing import rubric_hashes
from rubricstudio.models import Rubric, Task

Row = tuple[Any, ...]
_TASK_COLUMNS: Columns = (
    *(("external_id", "text"), ("messages", "jsonb"), ("reference", "text")),
    *(("context", "jsonb"), ("tags", "varchar[]"), ("metadata", "jsonb")),
)
_RESPONSE_COLUMNS: Columns = (
    *(("external_id", "text"), ("task_id", "bigint"), ("source", "text")),
    *(("text", "text"), ("metadata", "jsonb")),
)
_PLACE = (("file", "text"), ("line", "integer"))
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_EMPTY: dict[type[Any], str] = {dict: "{}", list: "[]"}
_OTHER_CONTENT = "Nothing was changed; give it another id, or leave it out."


def write_tasks(batch: Sequence[TaskRecord], directory: Directory, report: ImportReport) -> None:
    """Add tasks; one that exists with other content is a problem."""
    rows = [_task_row(record) for record in batch]
    new = _add("task", _TASK_COLUMNS, rows, directory, report, known=directory.tasks)
    directory.tasks.update((name, pk) for name, pk, _ in new)


def _task_row(record: TaskRecord) -> Row:
    messages = [{"role": m.role, "content": m.content} for m in record.messages]
    return (
        *(record.place.file, record.place.line, record.id, _json(messages)),
        *(record.reference or "", _json(list(record.context)), list(record.tags)),
        _json(dict(record.metadata)),
    )


def write_responses(
    batch: Sequence[ResponseRecord], directory: Directory, report: ImportReport
) -> None:
    """Add responses to tasks that are there; one that exists with other content is a problem."""
    rows = []
    for record in batch:
        try:
            task = directory.task(record.task)
        except Unknown as unknown:
            report.problem(record.place, unknown.field, unknown.message, unknown.hint)
            continue
        place, metadata = record.place, _json(dict(record.metadata))
        rows.append((place.file, place.line, record.id, task, record.source, record.text, metadata))
    known = directory.responses
    new = _add("response", _RESPONSE_COLUMNS, rows, directory, report, known=known)
    known.update((name, (pk, task)) for name, pk, task in new)


def _add(
    kind: str,
    columns: Columns,
    rows: Sequence[Row],
    directory: Directory,
    report: ImportReport,
    *,
    known: Container[str],
) -> list[tuple[str, int, Any]]:
    """Add rows of file, line and `columns`; of each new one its id, key and second column.

    Where all are new they are copied straight into the table, in half the time.
    """
    project, table = directory.project.pk, f"studio_{kind}"
    new = None
    if not any(row[2] in known for row in rows):
        new = copy_new(table, columns, [row[2:] for row in rows], project=project)
    if new is not None:
        report.count(kind, len(new), len(rows))
        return [(row[2], pk, row[3]) for row, pk in zip(rows, new, strict=True)]
    stage(f"staged_{kind}", (*_PLACE, *columns), rows)
    names = [name for name, _ in columns]
    found = fetch(
        f"""INSERT INTO {table} (project_id, {", ".join(names)}, created_at)
            SELECT %s, {", ".join(names)}, now() FROM staged_{kind} ON CONFLICT DO NOTHING
            RETURNING external_id, id, {names[1]}""",
        [project],
    )
    report.count(kind, len(found), len(rows))
    if len(found) < len(rows):
        _note_differences(report, directory, kind, names[1:])
    return [(name, pk, second) for name, pk, second in found]


def _note_differences(
    report: ImportReport, directory: Directory, kind: str, columns: Sequence[str]
) -> None:
    """A row that was there already and says something else than the file is a problem."""
    old = ", ".join(f"t.{name}" for name in columns)
    new = ", ".join(f"s.{name}" for name in columns)
    found = fetch(
        f"""SELECT s.file, s.line, s.external_id FROM staged_{kind} s
              JOIN studio_{kind} t ON t.project_id = %s AND t.external_id = s.external_id
             WHERE ({old}) IS DISTINCT FROM ({new}) ORDER BY s.file, s.line""",
        [directory.project.pk],
    )
    for file, line, name in found:
        report.unchanged[kind] -= 1
        message = f"{kind} {name!r} exists with other content"
        report.problem(Place(file, line), "id", message, _OTHER_CONTENT)


def write_rubric(record: RubricRecord, directory: Directory, report: ImportReport) -> None:
    """Add a rubric, or a version of one, unless a version with this content is there."""
    try:
        task = directory.task(record.task) if record.task is not None else None
    except Unknown as unknown:
        report.problem(record.place, unknown.field, unknown.message, unknown.hint)
        return
    rubric = Rubric.objects.filter(project=directory.project, external_id=record.id).first()
    if rubric is None:
        version = create_rubric(
            project=directory.project,
            name=record.name or record.id,
            by=directory.by,
            value=record.rubric,
            task=Task.objects.get(pk=task) if task is not None else None,
            external_id=record.id,
        )
    elif _has_content(rubric, record):
        report.unchanged["rubric"] += 1
        return
    elif any(version.is_draft for version in rubric.versions.all()):
        message = f"rubric {record.id!r} has a draft with other content"
        report.problem(record.place, "id", message, "Publish or discard the draft first.")
        return
    else:
        version = start_draft(rubric=rubric, by=directory.by)
        write_criteria(version=version, value=record.rubric)
    if record.published:
        try:
            publish(version=version, by=directory.by, note="imported")
        except UnableToPublish as error:
            report.problem(record.place, "criteria", str(error), "Correct it in the file.")
            return
        directory.forget_rubric(record.id)
    report.added["rubric"] += 1


def _has_content(rubric: Rubric, record: RubricRecord) -> bool:
    wanted = rubric_hashes(record.rubric).content
    return any(
        (version.content_hash or rubric_hashes(version.as_rubric()).content) == wanted
        and version.is_draft != record.published
        for version in rubric.versions.all()
    )


_PREFERENCE_COLUMNS = (
    *_PLACE,
    *(("round_id", "bigint"), ("rater_id", "bigint"), ("task_id", "bigint")),
    *(("response_a_id", "bigint"), ("response_b_id", "bigint"), ("status", "text")),
    *(("preferred", "text"), ("strength", "double precision"), ("rationale", "text")),
    *(("provenance", "jsonb"), ("created_at", "timestamptz")),
)


def write_preferences(
    batch: Sequence[PreferenceRecord], directory: Directory, report: ImportReport
) -> None:
    """Add preferences; one that was given before with another answer is a problem."""
    rows = []
    for record in batch:
        try:
            rows.append(_preference_row(record, directory))
        except Unknown as unknown:
            report.problem(record.place, unknown.field, unknown.message, unknown.hint)
    stage("staged_preference", _PREFERENCE_COLUMNS, rows)
    names = ", ".join(name for name, _ in _PREFERENCE_COLUMNS[2:-1])
    added = execute(
        f"""INSERT INTO studio_preference ({names}, created_at)
            SELECT {names}, coalesce(created_at, now()) FROM staged_preference
            ON CONFLICT DO NOTHING"""
    )
    report.count("preference", added, len(rows))
    if added == len(rows):
        return
    found = fetch(
        """SELECT s.file, s.line FROM staged_preference s
             JOIN studio_preference p USING (response_a_id, response_b_id, rater_id, round_id)
            WHERE (p.status, p.preferred) IS DISTINCT FROM (s.status, s.preferred)
            ORDER BY s.file, s.line"""
    )
    for file, line in found:
        report.unchanged["preference"] -= 1
        message = "this rater gave another preference here before"
        report.problem(Place(file, line), "preferred", message, "Use another session or run.")


def _preference_row(record: PreferenceRecord, directory: Directory) -> tuple[Any, ...]:
    round_ = directory.round(record.round_kind.value, record.round)
    task = directory.task(record.task)
    first, second = directory.response(record.response_a), directory.response(record.response_b)
    if first[0] == second[0]:
        raise Unknown("b", "both responses are the same one", "Name two responses of the task.")
    if first[1] != task or second[1] != task:
        hint = "Both responses must answer the task that the line names."
        raise Unknown("task", "the responses belong to another task", hint)
    provenance = dict(record.provenance)
    if record.raw_reply:
        provenance["raw_reply"] = record.raw_reply
    return (
        *(record.place.file, record.place.line, round_.pk),
        *(directory.rater(record.rater_kind, record.rater), task, first[0], second[0]),
        *(record.status.value, record.preferred.value if record.preferred else None),
        *(record.strength, record.rationale, _json(provenance) if provenance else None),
        record.created_at,
    )


def _json(value: Any) -> str:
    """Most lists and objects of a file are empty, and encoding them costs as much as a message."""
    return _ENCODE(value) if value else _EMPTY[type(value)]
