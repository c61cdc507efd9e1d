"""Celery's way in: ids only, one action each."""

from __future__ import annotations

from functools import partial
from typing import Any

from celery import shared_task

from rubricstudio.models import RubricVersion
from scoring.actions import batches, checks, preview, reviews, runs, strays, trainings, vectors
from scoring.models import Judge, PreviewRun, RubricReview, Run, Training

# The action counts the attempts and gives the work up; Celery only waits and tries again.
_tried_again = partial(
    shared_task,
    acks_late=True,
    ignore_result=True,
    autoretry_for=batches.TRY_AGAIN,
    retry_backoff=True,
    max_retries=None,
)


@_tried_again(retry_backoff_max=300)
def judge_batch(*, run_id: int, number: int, **_: object) -> None:
    run = Run.objects.select_related("judge", "round__version").get(pk=run_id)
    batches.judge_batch(run=run, number=number)


@_tried_again(retry_backoff_max=60)
def judge_preview(*, preview_id: int, **_: object) -> None:
    rows = PreviewRun.objects.select_related(
        "judge__rater", "rubric__project", "response__task", "version"
    )
    preview.judge_preview(run=rows.get(pk=preview_id))


@_tried_again()
def review_rubric(*, review_id: int, **_: object) -> None:
    rows = RubricReview.objects.select_related("judge__rater", "rubric__project")
    reviews.carry_out_review(review=rows.get(pk=review_id))


@_tried_again(retry_backoff_max=300)
def train_judge(*, training_id: int, **_: object) -> None:
    rows = Training.objects.select_related("project", "created_by")
    trainings.carry_out_training(training=rows.get(pk=training_id))


@shared_task(ignore_result=True)
def check_judge(*, judge_id: int, version_id: int | None, **call: Any) -> None:
    judge = Judge.objects.get(pk=judge_id)
    version = RubricVersion.objects.get(pk=version_id) if version_id else None
    checks.check_judge(judge=judge, version=version, **call)


# A worker may be there before its database is: nobody else would take up what was left.
@_tried_again(retry_backoff_max=60)
def requeue_unfinished(*, queue: str, **_: object) -> None:
    strays.write_off_strays()
    runs.requeue_unfinished(queue=queue)
    preview.requeue_unfinished(queue=queue)
    reviews.requeue_unfinished(queue=queue)
    trainings.requeue_unfinished(queue=queue)


@shared_task(acks_late=True, ignore_result=True)
def embed_texts(*, texts: list[str], **_: object) -> None:
    vectors.embed_texts(texts=texts)


# A piece at a time, so that judging waits for no more than one.
@shared_task(acks_late=True, ignore_result=True)
def index_library(*, after: tuple[int, int] | None = None, **_: object) -> None:
    place = vectors.index_library(after=after)
    if place is not None:
        index_library.apply_async(kwargs={"after": place}, queue="gpu")
    else:
        prune_vectors.apply_async(queue="gpu")


@shared_task(acks_late=True, ignore_result=True)
def prune_vectors(*, after: str = "", **_: object) -> None:
    _count, last = vectors.prune_vectors(after=after)
    if last is not None:
        prune_vectors.apply_async(kwargs={"after": last}, queue="gpu")
