"""A hosted run whose server counts the calls, and what must hold of it after any fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from rubricstudio.actions.tasks import add_response
from rubricstudio.models import Response, Verdict
from scoring.actions.runs import start_run
from scoring.models import ModelCall, Run, RunBudget, RunStatus
from tests.conftest import Cast, Data
from tests.scoring.hosted import hosted_judge, verdict
from tests.scripted_server import Answer, Call, ScriptedServer

CRITERIA = 3


@dataclass
class Slowly:
    """Answers every call with a verdict after so many seconds."""

    delay: float

    def __call__(self, call: Call) -> Answer:
        return Answer(content=verdict(call).content, delay=self.delay)


def priced_run(
    cast: Cast, data: Data, server: ScriptedServer, responses: int, concurrency: int
) -> Run:
    """A run over so many responses, each call of which has a price; nobody works on it yet."""
    for n in range(responses - len(data.responses)):
        add_response(task=data.tasks[n % 2], external_id=f"more-{n}", source="wren", text=f"#{n}.")
    judge = hosted_judge(
        cast,
        server,
        reply="json_schema",
        attempts=4,
        concurrency=concurrency,
        price_in=1.0,
        price_out=1.0,
    )
    return start_run(
        judge=judge,
        version=data.version,
        response_ids=list(Response.objects.values_list("pk", flat=True)),
        name="through all faults",
        by=cast.author,
        enqueue=False,
    )


def assert_money_is_exact(run: Run, server: ScriptedServer, cells: int) -> None:
    """The run is done: each cell has one verdict, and each call is in the books for what it was."""
    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    _assert_every_cell_once(run, cells)
    _assert_no_answer_paid_twice(run, cells)
    _assert_the_books_hold_every_call(run, server)


def _assert_every_cell_once(run: Run, expected: int) -> None:
    cells = Verdict.objects.filter(round=run.pk).values_list("response", "criterion", "sample")
    assert len(cells) == len(set(cells)) == expected


def _assert_no_answer_paid_twice(run: Run, expected: int) -> None:
    """Each cell was answered once, and nothing was sent for it after that."""
    calls = ModelCall.objects.filter(run=run)
    answered = dict(calls.filter(state="answered").values_list("cell", "ended_at"))
    assert len(answered) == calls.filter(state="answered").count() == expected
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
