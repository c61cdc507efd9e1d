"""Celery's way in: ids only, one action each."""

from __future__ import annotations

from celery import shared_task

from scoring.actions import batches, runs
from scoring.models import Run


# The action counts the attempts and gives a batch up; Celery only waits and tries again.
@shared_task(
    acks_late=True,
    ignore_result=True,
    autoretry_for=batches.TRY_AGAIN,
    retry_backoff=True,
    retry_backoff_max=300,
    max_retries=None,
)
def judge_batch(*, run_id: int, number: int, **_: object) -> None:
    run = Run.objects.select_related("judge", "round__version").get(pk=run_id)
    batches.judge_batch(run=run, number=number)


@shared_task(acks_late=True, ignore_result=True)
def requeue_unfinished(*, queue: str, **_: object) -> None:
    runs.requeue_unfinished(queue=queue)
