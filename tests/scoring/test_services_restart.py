"""Celery's workers, their broker and their database end without warning, again and again."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from rubricstudio.celery import app
from scoring.actions import runs as run_actions
from scoring.judges.llm import LlmJudge
from scoring.models import Run, RunBatch, RunStatus
from scoring.tasks import judge_batch
from tests.conftest import Cast, Data
from tests.own_services import OwnServices, own_services
from tests.scoring.exact_money import CRITERIA, Slowly, assert_money_is_exact, priced_run
from tests.scoring.real_workers import (
    Start,
    Worker,
    children,
    database_address,
    kill,
    until,
    worker_starter,
)
from tests.scripted_server import ScriptedServer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

RESPONSES = 120
BATCH = 6  # responses: twenty batches, so that there are always some to take up and to repeat
LATENCY = 0.4  # seconds; too slow for the run to end before the last fault
LONGEST_QUIET = 0.4  # seconds from a sign of work to the next fault
HOSTS = ("one", "two")


@pytest.fixture
def pace(settings: Settings) -> Slowly:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    return Slowly(LATENCY)


@pytest.fixture
def server(pace: Slowly) -> Iterator[ScriptedServer]:
    with ScriptedServer(pace) as started:
        yield started


@pytest.fixture
def run(cast: Cast, data: Data, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(run_actions, "BATCH_RESPONSES", BATCH)
    monkeypatch.setattr(LlmJudge, "batch_cells", 0)
    return priced_run(cast, data, server, responses=RESPONSES, concurrency=2)


@pytest.fixture
def own(run: Run) -> Iterator[OwnServices]:
    """Services with a copy of the run, which this test may end as it likes."""
    with own_services() as started, started.holding(database_address()):
        yield started


@pytest.fixture
def start_worker() -> Iterator[Start]:
    with worker_starter("tests.scoring.loaded_worker") as start:
        yield start


@dataclass
class Faults:
    """What may happen to two workers and to what they need; each leaves things to recover."""

    run: Run
    own: OwnServices
    start: Start
    chance: random.Random
    workers: dict[str, Worker] = field(default_factory=dict)

    def begin_worker(self, host: str) -> None:
        given = self.own.environ | {"JUDGE_ALLOW_PRIVATE_HOSTS": "1"}
        self.workers[host] = self.start("llm", host, **given)

    def replace_worker(self) -> None:
        """One worker is killed with all its processes, another takes its place."""
        host = self.chance.choice(HOSTS)
        kill(self.workers[host])
        self.begin_worker(host)

    def kill_processes(self) -> None:
        """The processes of a worker that do the work are killed; it makes others."""
        for child in children(self.workers[self.chance.choice(HOSTS)]):
            os.kill(child, signal.SIGKILL)

    def restart_broker(self) -> None:
        self.own.restart_broker(empty=self.chance.random() < 0.5)

    def restart_database(self) -> None:
        connection.close()
        self.own.restart_database()

    def deliver_again(self) -> None:
        """Every batch comes once more, also those that are done or at work."""
        with app.connection_for_write(self.own.broker_url) as broker:
            for number in self.run.batches.values_list("number", flat=True):
                call = {"run_id": self.run.pk, "number": number}
                judge_batch.apply_async(kwargs=call, queue="llm", connection=broker)


def _in_any_order(faults: Faults) -> list[Callable[[], None]]:
    drawn = (
        [faults.kill_processes] * 8
        + [faults.restart_broker] * 5
        + [faults.restart_database] * 5
        + [faults.replace_worker] * 3
        + [faults.deliver_again] * 3
    )
    faults.chance.shuffle(drawn)
    return drawn


def _wait_for_a_call(server: ScriptedServer) -> None:
    called = len(server.calls)
    until(lambda: len(server.calls) > called, "a call")


def test_restarts_of_workers_broker_and_database_lose_no_verdict_and_no_money(
    run: Run, own: OwnServices, start_worker: Start, server: ScriptedServer, pace: Slowly
) -> None:
    chance = random.Random(20_261)
    faults = Faults(run, own, start_worker, chance)
    for host in HOSTS:
        faults.begin_worker(host)
    for happen in _in_any_order(faults):
        _wait_for_a_call(server)
        time.sleep(chance.uniform(0.0, LONGEST_QUIET))  # the moment of the fault, at random
        happen()
    left = RunBatch.objects.filter(run=run, finished_at__isnull=True).count()
    pace.delay = 0.0
    until(lambda: Run.objects.filter(pk=run.pk, status=RunStatus.DONE).exists(), "the run's end")

    assert left > 0
    assert_money_is_exact(run, server, cells=RESPONSES * CRITERIA)
