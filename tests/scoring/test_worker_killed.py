"""Real workers, killed without warning: no verdict is lost, none is stored twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.db import connection

from rubricstudio.actions.tasks import add_response
from rubricstudio.celery import app
from rubricstudio.models import Response, Verdict
from scoring.actions import runs as run_actions
from scoring.actions.judges import create_judge
from scoring.actions.runs import cancel_run, resume_run, start_run
from scoring.models import Judge, Run, RunStatus
from tests.conftest import Cast, Data

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

RESPONSES, CRITERIA = 40, 3
EXPECTED = RESPONSES * CRITERIA
# 36 verdicts a batch are one chunk of 32 and a rest, so that a batch can be killed between.
BATCH = 12
DELAY = 0.05
PATIENCE = 90.0

Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker() -> Iterator[Start]:
    """Starts real workers on the test database; whatever still lives is killed in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "rubricstudio", "worker"]
        options = ["-n", "llm@test", "-Q", "llm", "--concurrency", "2", "--loglevel", "ERROR"]
        worker = subprocess.Popen(
            [*command, *options],
            env={**os.environ, "DATABASE_URL": _test_database(), "PYTHONWARNINGS": "ignore"},
            start_new_session=True,
        )
        started.append(worker)
        return worker

    _forget_queue()
    yield start
    for worker in started:
        _kill(worker)
    _forget_queue()


def _test_database() -> str:
    """The address of the database this test uses, for another process."""
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def _forget_queue() -> None:
    """Drop what workers left: messages, unacknowledged ones, and their sign of life."""
    with app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        channel.client.delete("llm", "unacked", "unacked_index")
    cache.delete("worker:llm")


def _kill(worker: subprocess.Popen[bytes]) -> None:
    """End a worker and its processes at once, as a power cut would."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(PATIENCE)


def _children(worker: subprocess.Popen[bytes]) -> list[int]:
    text = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text()
    return [int(pid) for pid in text.split()]


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g} s for: {what}"
        time.sleep(0.02)  # another process does the work; a deadline above ends in a failure


@pytest.fixture
def judge(cast: Cast) -> Judge:
    return create_judge(
        project=cast.project,
        name="Slow rules",
        kind="scripted",
        params={"otherwise": "not_applicable", "delay": DELAY},
        by=cast.author,
    )


@pytest.fixture
def run(cast: Cast, data: Data, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> Run:
    for n in range(RESPONSES - len(data.responses)):
        add_response(task=data.tasks[n % 2], external_id=f"more-{n}", source="wren", text="Ask.")
    monkeypatch.setattr(run_actions, "BATCH_RESPONSES", BATCH)
    return start_run(
        judge=judge,
        version=data.version,
        response_ids=list(Response.objects.values_list("pk", flat=True)),
        name="to be killed",
        by=cast.author,
    )


def _stored(run: Run) -> int:
    return Verdict.objects.filter(round=run.pk).count()


def _is(run: Run, status: RunStatus) -> bool:
    return Run.objects.filter(pk=run.pk, status=status).exists()


def _wait_until_half_done(run: Run) -> None:
    _until(lambda: _stored(run) > 0, "the first verdicts")
    assert _stored(run) < EXPECTED
    assert _is(run, RunStatus.RUNNING)


def _assert_every_cell_once(run: Run) -> None:
    cells = Verdict.objects.filter(round=run.pk).values_list("response", "criterion", "sample")
    assert len(cells) == len(set(cells)) == EXPECTED
    assert not run.batches.filter(finished_at__isnull=True).exists()


def _batches_in_work() -> int:
    """How many batches some worker of this database holds now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return int(cursor.fetchone()[0])


def test_a_run_whose_worker_was_killed_is_finished_by_the_next_one(
    run: Run, start_worker: Start
) -> None:
    killed = start_worker()
    _wait_until_half_done(run)

    _kill(killed)
    left = _stored(run)
    start_worker()
    _until(lambda: _is(run, RunStatus.DONE), "the run to be done")

    assert left < EXPECTED
    _assert_every_cell_once(run)


def test_a_killed_process_of_a_worker_loses_nothing_and_a_cancelled_run_resumes(
    run: Run, start_worker: Start, cast: Cast
) -> None:
    worker = start_worker()
    _wait_until_half_done(run)

    for child in _children(worker):
        os.kill(child, signal.SIGKILL)
    killed_at = _stored(run)
    _until(lambda: _stored(run) > killed_at, "the worker to go on")
    cancel_run(run=run, by=cast.author)
    _until(lambda: _batches_in_work() == 0, "the worker to stop")
    cancelled_at = _stored(run)
    resume_run(run=run, by=cast.author)
    _until(lambda: _is(run, RunStatus.DONE), "the run to be done")

    assert killed_at < cancelled_at < EXPECTED
    _assert_every_cell_once(run)
