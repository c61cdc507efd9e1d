"""Uploads as jobs: previewed, started once, cancelled, taken up again after a killed worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import IntegrityError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from rubricstudio import tasks
from rubricstudio.actions import import_jobs
from rubricstudio.actions.import_jobs import (
    QueueUnreachable,
    Upload,
    cancel_import,
    create_import,
    discard_old_imports,
    restart_import,
    run_import,
    start_import,
)
from rubricstudio.actions.imports import ImportReport, preview
from rubricstudio.import_progress import ImportProgress, import_progress, report_progress
from rubricstudio.models import IMPORT_STEPS, ImportJob, ImportState, Task
from rubricstudio.queries.imports import IMPORT_LOCK, job_progress
from tests.conftest import Cast

GOOD = b"""{"type": "task", "id": "t1", "prompt": "Why?"}
{"type": "response", "id": "r1", "task": "t1", "source": "heron", "text": "Because."}
"""
BAD = GOOD + b'{"type": "response", "id": "r2", "task": "t9", "text": "So."}\n'


@pytest.fixture
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What was handed to the queue."""
    calls: list[dict[str, object]] = []

    def send_task(name: str, **options: object) -> None:
        calls.append({"name": name, **options})

    monkeypatch.setattr(current_app, "send_task", send_task)
    return calls


@pytest.fixture
def elsewhere(db: None) -> Iterator[BaseDatabaseWrapper]:
    """A second connection, as another worker has one."""
    other = connection.copy()
    yield other
    other.close()


@pytest.fixture
def job(cast: Cast, uploads: Path) -> ImportJob:
    return _create(cast, GOOD)


def _create(cast: Cast, content: bytes, **options: object) -> ImportJob:
    return create_import(
        project=cast.project,
        uploads=[Upload("data.jsonl", [content[:20], content[20:]])],
        by=cast.author,
        **options,  # type: ignore[arg-type]
    )


def test_an_upload_is_kept_under_a_random_name_and_nothing_is_imported(
    job: ImportJob, uploads: Path
) -> None:
    [file] = uploads.iterdir()

    assert file.read_bytes() == GOOD
    assert file.name == job.files[0]["stored"] and "data" not in file.name
    assert job.state == ImportState.READY
    assert not Task.objects.exists()


def test_the_preview_counts_shows_the_first_rows_and_names_problems(
    cast: Cast, uploads: Path
) -> None:
    found = _create(cast, BAD).preview

    assert found["whole"] is True
    assert found["found"] == {"task": 1, "response": 2}
    assert found["added"] == {"task": 1, "response": 1}
    assert found["samples"]["task"] == {
        "columns": ["id", "prompt", "tags"],
        "rows": [["t1", "Why?", ""]],
    }
    [problem] = found["problems"]
    assert (problem["file"], problem["line"], problem["field"]) == ("data.jsonl", 3, "task")


def test_of_a_large_file_only_the_first_lines_are_previewed(
    cast: Cast, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "WHOLE_BYTES", 10)
    monkeypatch.setattr(preview, "FIRST_LINES", 1)

    found = _create(cast, BAD).preview

    assert found["whole"] is False
    assert found["found"] == {"task": 1}
    assert found["n_problems"] == 0 and found["added"] == {}


def test_an_import_is_started_once(
    job: ImportJob,
    cast: Cast,
    sent: list[dict[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert start_import(job=job, by=cast.author)
        assert not start_import(job=job, by=cast.author)

    assert sent == [
        {
            "name": "rubricstudio.tasks.run_import",
            "kwargs": {"job_id": job.pk},
            "queue": "default",
            "retry": False,
        }
    ]


def test_a_queue_that_cannot_be_reached_leaves_the_import_ready(
    job: ImportJob,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", fail)

    with (
        pytest.raises(QueueUnreachable, match="nothing was started"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        start_import(job=job, by=cast.author)

    job.refresh_from_db()
    assert job.state == ImportState.READY


def _queued(job: ImportJob, cast: Cast, **options: bool) -> ImportJob:
    start_import(job=job, by=cast.author, **options)
    return job


def test_the_task_imports_reports_and_removes_the_files(
    job: ImportJob, cast: Cast, uploads: Path
) -> None:
    _queued(job, cast)

    tasks.run_import(job_id=job.pk)

    job.refresh_from_db()
    assert job.state == ImportState.DONE
    assert job.report and job.report["added"] == {"task": 1, "response": 1}
    assert Task.objects.get().project == cast.project
    assert list(uploads.iterdir()) == []
    assert import_progress(job.pk) == ImportProgress(len(GOOD), 2)


def test_a_second_delivery_does_nothing(job: ImportJob, cast: Cast) -> None:
    _queued(job, cast)
    run_import(job=job)
    first = ImportJob.objects.get(pk=job.pk)

    tasks.run_import(job_id=job.pk)

    assert ImportJob.objects.get(pk=job.pk).finished_at == first.finished_at
    assert Task.objects.count() == 1


def test_an_import_that_nobody_started_is_not_carried_out(job: ImportJob) -> None:
    run_import(job=job)

    assert not Task.objects.exists()
    assert job.state == ImportState.READY


def test_with_problems_it_fails_and_names_them(cast: Cast, uploads: Path) -> None:
    job = _queued(_create(cast, BAD), cast)

    run_import(job=job)

    assert job.state == ImportState.FAILED
    assert job.report and job.report["problems"][0]["line"] == 3
    assert not Task.objects.exists()
    assert list(uploads.iterdir()) == []


def test_what_is_good_can_be_kept_after_all(cast: Cast, uploads: Path) -> None:
    job = _queued(_create(cast, BAD), cast, keep_good=True)

    run_import(job=job)

    assert job.state == ImportState.DONE
    assert job.report and job.report["n_problems"] == 1
    assert Task.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_cancelling_while_it_runs_keeps_nothing(
    job: ImportJob,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    uploads: Path,
    sent: list[dict[str, object]],
    elsewhere: BaseDatabaseWrapper,
) -> None:
    _queued(job, cast)
    told = import_jobs._tell

    def tell_after_cancel(job: ImportJob, *rest: Any) -> None:
        with elsewhere.cursor() as cursor:
            cursor.execute("UPDATE studio_import_job SET state = 'cancelled', finished_at = now()")
        told(job, *rest)

    monkeypatch.setattr(import_jobs, "_tell", tell_after_cancel)
    run_import(job=job)

    job.refresh_from_db()
    assert job.state == ImportState.CANCELLED
    assert not Task.objects.exists()
    assert list(uploads.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_at_the_last_moment_wins_or_comes_too_late(
    job: ImportJob,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    sent: list[dict[str, object]],
    elsewhere: BaseDatabaseWrapper,
) -> None:
    _queued(job, cast)

    def import_then_cancel(job: ImportJob) -> ImportReport:
        report = carried_out(job)
        with elsewhere.cursor() as cursor:
            cursor.execute("UPDATE studio_import_job SET state = 'cancelled', finished_at = now()")
        return report

    carried_out = import_jobs._import
    monkeypatch.setattr(import_jobs, "_import", import_then_cancel)
    run_import(job=job)

    assert not Task.objects.exists()
    assert not start_import(job=job, by=cast.author)


def test_a_finished_import_cannot_be_cancelled(job: ImportJob, cast: Cast) -> None:
    _queued(job, cast)
    run_import(job=job)

    assert not cancel_import(job=job, by=cast.author)
    assert job.state == ImportState.DONE


def test_a_job_that_a_killed_worker_left_running_is_taken_up_again(
    job: ImportJob,
    cast: Cast,
    sent: list[dict[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _queued(job, cast)
    # What a killed worker leaves: the state, no rows, no lock.
    ImportJob.objects.filter(pk=job.pk).update(state=ImportState.RUNNING)
    assert not job_progress(job).carried_out

    with django_capture_on_commit_callbacks(execute=True):
        restart_import(job=job, by=cast.author)
    run_import(job=job)

    assert len(sent) == 1
    assert job.state == ImportState.DONE
    assert Task.objects.count() == 1


def test_a_finished_job_is_not_queued_again(
    job: ImportJob, cast: Cast, sent: list[dict[str, object]]
) -> None:
    cancel_import(job=job, by=cast.author)

    restart_import(job=job, by=cast.author)

    assert sent == []


def test_two_workers_never_carry_out_the_same_import(
    job: ImportJob, cast: Cast, elsewhere: BaseDatabaseWrapper
) -> None:
    _queued(job, cast)
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [IMPORT_LOCK, job.pk])
        assert job_progress(job).carried_out
        run_import(job=job)
        assert not Task.objects.exists()

        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [IMPORT_LOCK, job.pk])
    run_import(job=job)

    assert Task.objects.count() == 1


def test_a_failure_on_our_side_is_said_and_keeps_nothing(
    job: ImportJob, cast: Cast, uploads: Path
) -> None:
    _queued(job, cast)
    next(uploads.iterdir()).unlink()

    run_import(job=job)

    assert job.state == ImportState.FAILED
    assert "on our side" in job.error
    assert not Task.objects.exists()


def test_uploads_that_nobody_started_are_removed_after_a_day(job: ImportJob, uploads: Path) -> None:
    assert discard_old_imports() == 0
    ImportJob.objects.update(created_at=timezone.now() - timedelta(days=2))

    assert discard_old_imports() == 1
    job.refresh_from_db()
    assert job.state == ImportState.CANCELLED
    assert list(uploads.iterdir()) == []


def test_states_lead_on_and_finished_ones_nowhere() -> None:
    assert set(IMPORT_STEPS) == set(ImportState)
    ends = {state for state, next_ in IMPORT_STEPS.items() if not next_}
    assert ends == {ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED}


@pytest.mark.parametrize("values", [{"state": "odd"}, {"state": "done"}, {"finished_at": "now"}])
def test_the_database_refuses_states_that_make_no_sense(
    job: ImportJob, values: dict[str, object]
) -> None:
    given = {key: timezone.now() if value == "now" else value for key, value in values.items()}

    with pytest.raises(IntegrityError), transaction.atomic():
        ImportJob.objects.filter(pk=job.pk).update(**given)


def test_progress_is_nothing_where_nobody_told() -> None:
    report_progress(0, ImportProgress(3, 1))

    assert import_progress(0) == ImportProgress(3, 1)
    assert import_progress(-1) == ImportProgress()
