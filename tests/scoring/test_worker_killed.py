"""Real workers, killed without warning: no verdict is lost, none is stored twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from django.db import connection

from rubricstudio.actions.tasks import add_response
from rubricstudio.models import Response, Verdict
from scoring.actions import runs as run_actions
from scoring.actions.judges import create_judge
from scoring.actions.runs import cancel_run, resume_run, start_run
from scoring.models import Judge, Run, RunStatus
from tests.conftest import Cast, Data
from tests.scoring.real_workers import Start, children, kill, until, worker_starter

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

RESPONSES, CRITERIA = 40, 3
EXPECTED = RESPONSES * CRITERIA
# 36 verdicts a batch are one chunk of 32 and a rest, so that a batch can be killed between.
BATCH = 12
DELAY = 0.05


@pytest.fixture
def start_worker() -> Iterator[Start]:
    with worker_starter() as start:
        yield start


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
    until(lambda: _stored(run) > 0, "the first verdicts")
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

    kill(killed)
    left = _stored(run)
    start_worker()
    until(lambda: _is(run, RunStatus.DONE), "the run to be done")

    assert left < EXPECTED
    _assert_every_cell_once(run)


def test_a_killed_process_of_a_worker_loses_nothing_and_a_cancelled_run_resumes(
    run: Run, start_worker: Start, cast: Cast
) -> None:
    worker = start_worker()
    _wait_until_half_done(run)

    for child in children(worker):
        os.kill(child, signal.SIGKILL)
    killed_at = _stored(run)
    until(lambda: _stored(run) > killed_at, "the worker to go on")
    cancel_run(run=run, by=cast.author)
    until(lambda: _batches_in_work() == 0, "the worker to stop")
    cancelled_at = _stored(run)
    resume_run(run=run, by=cast.author)
    until(lambda: _is(run, RunStatus.DONE), "the run to be done")

    assert killed_at < cancelled_at < EXPECTED
    _assert_every_cell_once(run)
