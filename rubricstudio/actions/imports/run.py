"""The import itself: one transaction, batches by kind, what came too early again at the end."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from rubricstudio.actions.imports import writers
from rubricstudio.actions.imports.directory import Directory
from rubricstudio.actions.imports.images import write_image
from rubricstudio.actions.imports.report import ImportRefused, ImportReport
from rubricstudio.actions.imports.staging import refresh_statistics
from rubricstudio.actions.imports.verdicts import write_verdicts
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

BATCH = 50_000
# So many new rows make the database's own idea of its tables wrong, and its plans with it.
_MANY = 5_000
# These do not wait for a batch: pictures may be megabytes each.
_AT_ONCE = (Problem, ImageRecord)
_STATISTICS = {
    "studio_task": ("id", "project_id"),
    "studio_response": ("id", "project_id", "task_id"),
    "studio_verdict": ("id", "round_id", "response_id", "criterion_id", "rater_id", "revision"),
}
Progress = Callable[[int], None]
Writer = Callable[[Sequence[Any], Directory, ImportReport], None]


def _write_rubrics(
    batch: Sequence[RubricRecord], directory: Directory, report: ImportReport
) -> None:
    for record in batch:
        writers.write_rubric(record, directory, report)


# In the order in which they need each other.
_WRITERS: dict[type[Any], Writer] = {
    TaskRecord: writers.write_tasks,
    ResponseRecord: writers.write_responses,
    RubricRecord: _write_rubrics,
    PreferenceRecord: writers.write_preferences,
    VerdictRecord: write_verdicts,
}


def add_writer(kind: type[Any], write: Writer) -> None:
    """Let an app above store a kind of record that it alone has a table for.

    Written last, when everything else of a batch is there. Called once, as the app starts.
    """
    _WRITERS[kind] = write


def _can_be_written(record: Record, directory: Directory) -> bool:
    """Whether everything the record names is there by now."""
    if isinstance(record, VerdictRecord | GoldRecord):
        return record.response in directory.responses and directory.has_rubric(record.rubric)
    if isinstance(record, PreferenceRecord):
        pair = (record.response_a, record.response_b)
        return all(name in directory.responses for name in pair)
    task = None if isinstance(record, TaskRecord | ImageRecord) else record.task
    return task is None or task in directory.tasks


def import_records(
    *,
    project: Project,
    records: Iterable[Record | Problem],
    by: User,
    keep_good: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import records into a project and report what was added.

    With a problem anywhere nothing is kept and ImportRefused is raised, unless `keep_good`
    asks to keep the good records. `dry_run` reports the same and keeps nothing.
    `progress` is called with the number of records read after each batch; what it raises
    ends the import with nothing kept.
    """
    with transaction.atomic(), _few_collections():
        report = _Import(project, by, progress).run(records)
        refused = report.n_problems > 0 and not keep_good
        if refused or dry_run:
            transaction.set_rollback(True)
    if refused and not dry_run:
        raise ImportRefused(report)
    if not dry_run and report.added.total() >= _MANY:
        refresh_statistics(_STATISTICS)
    return report


@contextmanager
def _few_collections() -> Iterator[None]:
    """Records wait by the ten thousand and hold no cycles: looking for some takes a tenth."""
    usual = gc.get_threshold()
    gc.set_threshold(BATCH, usual[1], usual[2])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Import:
    """Collects records by kind and writes them when a batch is full."""

    def __init__(self, project: Project, by: User, progress: Progress | None) -> None:
        self.directory = Directory(project, by)
        self.report = ImportReport()
        self.progress = progress
        self.waiting: dict[type[Any], list[Any]] = {kind: [] for kind in _WRITERS}

    def run(self, records: Iterable[Record | Problem]) -> ImportReport:
        n_read = 0
        for n_read, record in enumerate(records, 1):
            if isinstance(record, _AT_ONCE):
                self._note(record)
            else:
                self.waiting[type(record)].append(record)
            if n_read % BATCH == 0:
                self._write(last=False)
                self._tell(n_read)
        self._write(last=True)
        self._tell(n_read)
        self.directory.settle_rounds()
        return self.report

    def _note(self, record: Problem | ImageRecord) -> None:
        if isinstance(record, Problem):
            self.report.note(record)
        else:
            write_image(record, self.directory, self.report)

    def _tell(self, n_read: int) -> None:
        if self.progress is not None:
            self.progress(n_read)

    def _write(self, *, last: bool) -> None:
        """Write what waits; before the end, what names rows not yet seen goes on waiting."""
        for kind, write in _WRITERS.items():
            ready, self.waiting[kind] = self.waiting[kind], []
            if not last:
                ready, self.waiting[kind] = _split(ready, self.directory)
            if ready:
                write(ready, self.directory, self.report)


def _split(records: Sequence[Any], directory: Directory) -> tuple[list[Any], list[Any]]:
    """The records that can be written by now, and those that have to wait."""
    ready: list[Any] = []
    later: list[Any] = []
    for record in records:
        (ready if _can_be_written(record, directory) else later).append(record)
    return ready, later
