"""Celery's way in: ids only, one action each."""

from __future__ import annotations

from celery import shared_task

from rubricstudio.models import ImportJob


@shared_task(acks_late=True, ignore_result=True)
def run_import(*, job_id: int, **_: object) -> None:
    from rubricstudio.actions import import_jobs

    job = ImportJob.objects.select_related("project", "created_by").get(pk=job_id)
    import_jobs.run_import(job=job)
