"""What the import pages show of the jobs of a project."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from rubricstudio.import_progress import import_progress
from rubricstudio.models import ImportJob, Project

IMPORT_LOCK = 4_711_001
"""The first key of the advisory lock that whoever carries an import out holds."""


@dataclass(frozen=True)
class JobProgress:
    """How far an unfinished job is.

    `carried_out`: whether a worker holds it at this moment. `writing`: all is read, the rest
    is the database's.
    """

    bytes_read: int
    total_bytes: int
    records: int
    carried_out: bool

    @property
    def writing(self) -> bool:
        return self.records > 0 and self.bytes_read >= self.total_bytes


def recent_imports(project: Project, *, limit: int = 10) -> list[ImportJob]:
    """The last imports of a project, the newest first, without their long texts."""
    rows = ImportJob.objects.filter(project=project).select_related("project", "created_by")
    return list(rows.defer("mapping", "preview").order_by("-pk")[:limit])


def job_progress(job: ImportJob) -> JobProgress:
    """How far the job is, and whether it is being carried out."""
    told = import_progress(job.pk)
    return JobProgress(told.bytes_read, job.total_bytes, told.records, _is_carried_out(job))


def _is_carried_out(job: ImportJob) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT 1 FROM pg_locks l
                 JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
                WHERE l.locktype = 'advisory' AND l.classid = %s AND l.objid = %s
                  AND l.objsubid = 2 AND l.granted)""",
            [IMPORT_LOCK, job.pk % 2**31],
        )
        return bool(cursor.fetchone()[0])
