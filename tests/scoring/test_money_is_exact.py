"""A hundred sudden ends: each verdict comes once, and nothing that was answered is paid again."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from pytest_django.fixtures import Settings

from rubricstudio.actions.tasks import add_response
from rubricstudio.models import Response, Verdict
from scoring.actions.judges import create_judge
from scoring.actions.runs import start_run
from scoring.models import ModelCall, Run, RunBatch, RunBudget, RunStatus
from tests.conftest import Cast, Data
from tests.scoring.forked_workers import Forker, forker
from tests.scoring.real_workers import database_address, until
from tests.scripted_server import Answer, Call, ScriptedServer, say

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ENDS = 100
RESPONSES, CRITERIA = 240, 3
CELLS = RESPONSES * CRITERIA
LATENCY = 0.1  # seconds; with four calls at once a worker needs eighteen seconds for all
LONGEST_LIFE = 0.3  # seconds a worker has from its first call to its end


def _slowly(call: Call) -> Answer:
    verdict = "3" if 'Verdicts offered:\n- "1"' in call.text else "met"
    return Answer(content=say(verdict).content, delay=LATENCY)


@pytest.fixture
def server(settings: Settings) -> Iterator[ScriptedServer]:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    with ScriptedServer(_slowly) as started:
        yield started


@pytest.fixture
def run(cast: Cast, data: Data, server: ScriptedServer) -> Run:
    for n in range(RESPONSES - len(data.responses)):
        add_response(task=data.tasks[n % 2], external_id=f"more-{n}", source="wren", text=f"#{n}.")
    judge = create_judge(
        project=cast.project,
        name="Hosted",
        kind="llm",
        params={
            "model": "hosted_vllm/m",
            "api_base": server.url,
            "concurrency": 4,
            "price_in": 1.0,
            "price_out": 1.0,
        },
        by=cast.author,
    )
    return start_run(
        judge=judge,
        version=data.version,
        response_ids=list(Response.objects.values_list("pk", flat=True)),
        name="ended a hundred times",
        by=cast.author,
        enqueue=False,
    )


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

    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    assert left > 0
    _assert_every_cell_once(run)
    _assert_no_answer_paid_twice(run)
    _assert_the_books_hold_every_call(run, server)


def _assert_every_cell_once(run: Run) -> None:
    cells = Verdict.objects.filter(round=run.pk).values_list("response", "criterion", "sample")
    assert len(cells) == len(set(cells)) == CELLS


def _assert_no_answer_paid_twice(run: Run) -> None:
    """Each cell was answered once, and nothing was sent for it after that."""
    calls = ModelCall.objects.filter(run=run)
    answered = dict(calls.filter(state="answered").values_list("cell", "ended_at"))
    assert len(answered) == calls.filter(state="answered").count() == CELLS
    others = calls.exclude(state="answered").values_list("cell", "sent_at")
    assert [cell for cell, sent_at in others if sent_at > (answered[cell] or sent_at)] == []


def _assert_the_books_hold_every_call(run: Run, server: ScriptedServer) -> None:
    """No call reached the server without a row; the lost ones are those nobody answered for."""
    states = Counter(ModelCall.objects.filter(run=run).values_list("state", flat=True))
    assert states["sent"] == 0
    assert states["lost"] > 0
    assert states["answered"] <= len(server.calls) <= sum(states.values())
    budget = RunBudget.objects.get(run=run)
    assert (budget.held_tokens, budget.held_cost) == (0, Decimal(0))
    kept = ModelCall.objects.filter(run=run, state="answered").aggregate(paid=Sum("cost"))
    lost = ModelCall.objects.filter(run=run, state="lost").aggregate(most=Sum("most_cost"))
    assert budget.spent_cost == kept["paid"] + lost["most"]
