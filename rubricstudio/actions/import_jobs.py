"""Imports from the browser: keep the files, preview them, carry the import out, cancel it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext
from kombu.exceptions import OperationalError as BrokerError

from rubricstudio.actions.imports import (
    ImportCancelled,
    ImportRefused,
    ImportReport,
    import_records,
)
from rubricstudio.actions.imports.files import DataFile, Meter, Reading, read_files, told
from rubricstudio.actions.imports.preview import preview_import, problems_as_json
from rubricstudio.domain.formats.lines import clean_json
from rubricstudio.domain.formats.mapping import parse_mapping
from rubricstudio.import_progress import ImportProgress, report_progress
from rubricstudio.models import ImportJob, ImportState, Project, User
from rubricstudio.queries.imports import IMPORT_LOCK

QUEUE = "default"
TASK = "rubricstudio.tasks.run_import"
UNPACKED = 10
"""How many times UPLOAD_LIMIT_MB one file may hold once it is unpacked."""
KEPT = timedelta(days=1)
"""How long an upload that nobody started is kept."""
_TELL_SECONDS = 1.0
log = logging.getLogger(__name__)


class QueueUnreachable(RuntimeError):
    """The import could not be handed to a worker; it can be started again."""


class Upload(NamedTuple):
    """A file as it was sent: its name and its content, piece by piece."""

    name: str
    chunks: Iterable[bytes]


def create_import(
    *,
    project: Project,
    uploads: Sequence[Upload],
    by: User,
    mapping: str = "",
    mapping_name: str = "",
    kind: str = "",
    keep_good: bool = False,
) -> ImportJob:
    """Keep the files and preview them; nothing is imported before `start_import`.

    mapping: the text of a mapping file. Raises InvalidMapping, with no file kept.
    """
    discard_old_imports()
    reading = _reading(mapping, kind)
    files = [_keep(upload) for upload in uploads]
    try:
        preview = preview_import(project=project, files=_data_files(files), reading=reading, by=by)
        return ImportJob.objects.create(
            project=project,
            created_by=by,
            files=files,
            mapping=mapping,
            mapping_name=mapping_name,
            kind=kind,
            keep_good=keep_good,
            preview=preview,
        )
    except BaseException:
        _remove(files)
        raise


def start_import(*, job: ImportJob, by: User, keep_good: bool | None = None) -> bool:
    """Hand a previewed import to a worker; False where that was done before.

    keep_good: import what has no problem, in place of what was chosen at the upload.
    Raises QueueUnreachable.
    """
    changes: dict[str, Any] = {} if keep_good is None else {"keep_good": keep_good}
    with transaction.atomic():
        started = _move(job, (ImportState.READY,), ImportState.QUEUED, **changes)
        if started:
            transaction.on_commit(partial(_enqueue, job))
    return started


def restart_import(*, job: ImportJob, by: User) -> None:
    """Queue an unfinished import again, as after a killed worker. Safe where it still runs."""
    if ImportJob.objects.filter(
        pk=job.pk, state__in=(ImportState.QUEUED, ImportState.RUNNING)
    ).exists():
        transaction.on_commit(partial(_enqueue, job))


def _enqueue(job: ImportJob) -> None:
    try:
        current_app.send_task(TASK, kwargs={"job_id": job.pk}, queue=QUEUE, retry=False)
    except BrokerError as error:
        _move(job, (ImportState.QUEUED,), ImportState.READY)
        raise QueueUnreachable(
            gettext("The queue cannot be reached, so nothing was started. Try again later.")
        ) from error


def cancel_import(*, job: ImportJob, by: User) -> bool:
    """End an import that is not finished: nothing of it is kept. False where it has finished."""
    open_ = (ImportState.READY, ImportState.QUEUED, ImportState.RUNNING)
    cancelled = _move(job, open_, ImportState.CANCELLED, finished_at=timezone.now())
    if cancelled:
        _remove(job.files)
    return cancelled


def run_import(*, job: ImportJob) -> None:
    """Carry the import out, once: a second call while one runs, or after it, does nothing.

    All of it and its state are one transaction, so a killed worker leaves nothing behind
    and the job can be started again.
    """
    with _alone(job) as alone:
        unfinished = (ImportState.QUEUED, ImportState.RUNNING)
        now = timezone.now()
        if alone and _move(job, unfinished, ImportState.RUNNING, started_at=now):
            _carry_out(job)
            _remove(job.files)


def _carry_out(job: ImportJob) -> None:
    try:
        with transaction.atomic():
            report = _import(job)
            if not _finish(job, ImportState.DONE, report):
                raise ImportCancelled
    except ImportRefused as refused:
        _finish(job, ImportState.FAILED, refused.report)
    except ImportCancelled:
        log.info("import %s was cancelled", job.pk)
    except Exception:
        log.exception("import %s failed", job.pk)
        error = gettext(
            "The import failed on our side and nothing was imported; the server's log says why."
        )
        _finish(job, ImportState.FAILED, None, error=error)


def _import(job: ImportJob) -> ImportReport:
    meter = Meter()
    reading = _reading(job.mapping, job.kind)
    records = read_files(_data_files(job.files), reading, meter)
    return import_records(
        project=job.project,
        records=told(records, partial(_tell, job, meter), every=_TELL_SECONDS),
        by=job.created_by,
        keep_good=job.keep_good,
    )


def _tell(job: ImportJob, meter: Meter, records: int) -> None:
    """Say how far it is, and look whether somebody cancelled it. Raises ImportCancelled."""
    report_progress(job.pk, ImportProgress(meter.bytes_read, records))
    if not ImportJob.objects.filter(pk=job.pk, state=ImportState.RUNNING).exists():
        raise ImportCancelled


def _finish(
    job: ImportJob, state: ImportState, report: ImportReport | None, *, error: str = ""
) -> bool:
    plain = None
    if report is not None:
        plain = clean_json({**report.as_dict(), "problems": problems_as_json(report)})
    return _move(
        job,
        (ImportState.RUNNING,),
        state,
        report=plain,
        error=error,
        finished_at=timezone.now(),
    )


def _move(
    job: ImportJob, sources: Sequence[ImportState], target: ImportState, **values: Any
) -> bool:
    """Change the state where it is one of `sources`; whether it was. Claims without a lock."""
    changed = ImportJob.objects.filter(pk=job.pk, state__in=sources).update(state=target, **values)
    if changed:
        job.refresh_from_db()
    return bool(changed)


@contextmanager
def _alone(job: ImportJob) -> Iterator[bool]:
    """Whether nobody else carries this job out; ends with the connection, however it ends."""
    key = [IMPORT_LOCK, job.pk % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def discard_old_imports() -> int:
    """Cancel uploads that nobody started within a day; how many."""
    old = ImportJob.objects.filter(state=ImportState.READY, created_at__lt=timezone.now() - KEPT)
    return sum(cancel_import(job=job, by=job.created_by) for job in old.select_related())


def _reading(mapping: str, kind: str) -> Reading:
    most = UNPACKED * settings.UPLOAD_LIMIT_MB * 1_000_000
    return Reading(parse_mapping(mapping) if mapping else None, kind, most)


def _folder() -> Path:
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _keep(upload: Upload) -> dict[str, Any]:
    stored = secrets.token_hex(16)
    path = _folder() / stored
    with path.open("xb") as target:
        for chunk in upload.chunks:
            target.write(chunk)
    return {"name": upload.name, "stored": stored, "size": path.stat().st_size}


def _data_files(files: Sequence[dict[str, Any]]) -> list[DataFile]:
    return [DataFile(file["name"], _folder() / file["stored"]) for file in files]


def _remove(files: Sequence[dict[str, Any]]) -> None:
    for file in files:
        (_folder() / file["stored"]).unlink(missing_ok=True)
