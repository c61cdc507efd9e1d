"""A hundred sudden ends: each verdict comes once, and nothing that was answered is paid again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from scoring.models import Run, RunBatch
from tests.conftest import Cast, Data
from tests.scoring.exact_money import CRITERIA, Slowly, assert_money_is_exact, priced_run
from tests.scoring.forked_workers import Forker, forker
from tests.scoring.real_workers import database_address, until
from tests.scripted_server import ScriptedServer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ENDS = 100
RESPONSES = 240
LATENCY = 0.1  # seconds; with four calls at once a worker needs eighteen seconds for all
LONGEST_LIFE = 0.3  # seconds a worker has from its first call to its end


@pytest.fixture
def server(settings: Settings) -> Iterator[ScriptedServer]:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    with ScriptedServer(Slowly(LATENCY)) as started:
        yield started


@pytest.fixture
def run(cast: Cast, data: Data, server: ScriptedServer) -> Run:
    return priced_run(cast, data, server, responses=RESPONSES, concurrency=4)


@pytest.fixture
def forkers() -> Iterator[tuple[Forker, Forker]]:
    given = {"DATABASE_URL": database_address(), "JUDGE_ALLOW_PRIVATE_HOSTS": "1"}
    with ExitStack() as stack:
        yield stack.enter_context(forker(**given)), stack.enter_context(forker(**given))


def _cut_connections() -> None:
    """End every other connection to this database, as a restart of it does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _end_suddenly(
    run: Run, forkers: tuple[Forker, Forker], server: ScriptedServer, chance: random.Random
) -> None:
    """Have one worker or two at once begin; a random moment after the first call they are killed.

    One time in five the database drops all its connections first, and they go on without
    for a moment.
    """
    called = len(server.calls)
    at_work = forkers[: chance.choice((1, 1, 1, 2))]
    for each in at_work:
        each.begin(run)
    until(lambda: len(server.calls) > called, "the first call")
    time.sleep(chance.uniform(0.0, LONGEST_LIFE))  # the moment of the end, which is random
    if chance.random() < 0.2:
        _cut_connections()
        time.sleep(chance.uniform(0.0, LATENCY))  # as long as they go on without, at random
    for each in at_work:
        each.kill()


def test_after_a_hundred_sudden_ends_everything_is_there_once(
    run: Run, forkers: tuple[Forker, Forker], server: ScriptedServer
) -> None:
    chance = random.Random(20_260)
    for _ in range(ENDS):
        _end_suddenly(run, forkers, server, chance)
    left = RunBatch.objects.filter(run=run, finished_at__isnull=True).count()
    forkers[0].begin(run)
    forkers[0].wait()

    assert left > 0
    assert_money_is_exact(run, server, cells=RESPONSES * CRITERIA)
