"""Money is exact: every call is written down before and after, and no limit is passed."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from rubricstudio.models import Verdict
from scoring.actions import batches
from scoring.actions.here import work_here
from scoring.actions.ledger import CallLedger, write_off
from scoring.actions.runs import NO_LIMIT, Spending, cancel_run, resume_run
from scoring.actions.verdicts import Shelf
from scoring.judges import JudgeBusy
from scoring.llm_calls import ChatFailure, ChatReply, Intent, Limits
from scoring.llm_errors import Trouble
from scoring.models import CallState, Endpoint, ModelCall, Run, RunBudget, RunStatus
from tests.conftest import Cast, Data
from tests.scoring.hosted import begun, verdict
from tests.scripted_server import ScriptedServer, fail

pytestmark = pytest.mark.django_db

CELLS = 12  # four responses by three criteria


def states(run: Run) -> dict[str, int]:
    rows = list(ModelCall.objects.filter(run=run).values_list("state", flat=True))
    return {state: rows.count(state) for state in sorted(set(rows))}


def provenances(run: Run) -> list[Any]:
    return list(Verdict.objects.filter(round=run.pk).values_list("provenance", flat=True))


def verdicts(run: Run) -> int:
    return Verdict.objects.filter(round=run.pk).count()


# -- a run


def test_each_call_has_a_row_that_says_what_it_took(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    run = work_here(run=begun(cast, data, hosted(price_in=1.0, price_out=2.0)))

    assert run.status == RunStatus.DONE
    assert states(run) == {"answered": CELLS}
    assert len(server.calls) == CELLS
    sums = ModelCall.objects.aggregate(Sum("cost"), Sum("tokens_in"), Sum("tokens_out"))
    paid = sums["tokens_in__sum"] * Decimal("1e-6") + sums["tokens_out__sum"] * Decimal("2e-6")
    assert sums["cost__sum"] == paid
    budget = run.budget
    assert (budget.spent_cost, budget.held_cost) == (paid, Decimal(0))
    assert budget.spent_tokens == sums["tokens_in__sum"] + sums["tokens_out__sum"]
    costs = [str(said["cost"]) for said in provenances(run)]
    assert float(sum(map(Decimal, costs))) == pytest.approx(float(paid))


def test_failed_attempts_are_calls_too(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    server.script = lambda call: fail(500) if call.index == 0 else verdict(call)

    run = work_here(run=begun(cast, data, hosted(attempts=2, backoff=0)))

    assert states(run) == {"answered": CELLS, "failed": 1}
    assert len(server.calls) == CELLS + 1
    assert ModelCall.objects.get(state="failed").trouble == Trouble.BROKEN
    assert run.budget.held_tokens == 0


def test_an_answer_that_became_no_verdict_is_not_paid_for_again(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(cast, data, hosted())
    store = Shelf._store
    # So that the first write comes when all have answered, however slow the machine is.
    monkeypatch.setattr("scoring.actions.verdicts.LONGEST_UNSEEN", math.inf)
    monkeypatch.setattr(Shelf, "_store", lambda _: (_ for _ in ()).throw(Interrupted))
    with pytest.raises(Interrupted):
        work_here(run=run)
    assert (verdicts(run), states(run)) == (0, {"answered": CELLS})

    monkeypatch.setattr(Shelf, "_store", store)
    work_here(run=run)

    assert verdicts(run) == CELLS
    assert len(server.calls) == CELLS
    assert states(run) == {"answered": CELLS}


class Interrupted(BaseException):
    """Ends a worker where it stands."""


def test_calls_under_way_when_a_worker_died_are_lost_and_made_again(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    run = begun(cast, data, hosted())
    batch = run.batches.get()
    ledger = CallLedger(judge=run.judge, run=run, batch=batch)
    sent, answered = ledger.write([intent("a"), intent("b")], [])
    assert isinstance(sent, int) and isinstance(answered, int)
    ledger.write([], [(answered, ChatReply(text="x", tokens_in=3, tokens_out=2))])

    work_here(run=run)

    assert states(run) == {"answered": CELLS + 1, "lost": 1}
    budget = RunBudget.objects.get(run=run)
    assert budget.held_tokens == 0
    assert budget.spent_tokens == _taken(run) + MOST  # the lost one at its bound


def _taken(run: Run) -> int:
    rows = ModelCall.objects.filter(run=run, state="answered")
    sums = rows.aggregate(Sum("tokens_in"), Sum("tokens_out"))
    return int(sums["tokens_in__sum"] + sums["tokens_out__sum"])


def test_a_budget_is_a_hard_stop_and_a_larger_one_goes_on(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    judge = hosted(price_in=1000.0, price_out=1000.0, max_tokens=16, concurrency=4)
    run = work_here(run=begun(cast, data, judge, Spending(cost=Decimal(2))))

    run.refresh_from_db()
    assert run.status == RunStatus.PARTIAL
    assert 0 < verdicts(run) < CELLS
    assert run.budget.spent_cost <= 2
    assert run.budget.held_cost == 0
    assert len(server.calls) == verdicts(run)
    assert "budget of $2 is used up" in run.error

    resume_run(run=run, by=cast.author, limits=NO_LIMIT, enqueue=False)
    work_here(run=run)

    assert run.status == RunStatus.DONE
    assert verdicts(run) == len(server.calls) == CELLS


def test_a_budget_of_tokens_needs_no_price(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    run = work_here(run=begun(cast, data, hosted(max_tokens=16), Spending(tokens=1_500)))

    run.refresh_from_db()
    assert run.status == RunStatus.PARTIAL
    assert 0 < len(server.calls) < CELLS
    assert run.budget.spent_tokens <= 1_500


def test_a_budget_in_dollars_without_a_price_calls_nobody(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    run = work_here(run=begun(cast, data, hosted(), Spending(cost=Decimal(5))))

    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "price_in" in run.error
    assert server.calls == []


def test_a_cancelled_run_sends_nothing_more(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    run = begun(cast, data, hosted(concurrency=1))
    ledger = CallLedger(judge=run.judge, run=run, batch=run.batches.get())
    cancel_run(run=run, by=cast.author)

    refused = ledger.write([intent("a")], [])

    assert isinstance(refused[0], ChatFailure)
    assert (refused[0].trouble, refused[0].unsent) == (Trouble.STOPPED, True)
    assert not ModelCall.objects.exists()


def test_a_run_cancelled_while_it_calls_keeps_what_was_answered(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(cast, data, hosted(concurrency=1))
    write = CallLedger.write

    def cancels(self: CallLedger, intents: Any, ended: Any) -> Any:
        if ModelCall.objects.count() == 5:
            Run.objects.filter(pk=run.pk, status="running").update(
                status="cancelled", finished_at=run.round.created_at
            )
        return write(self, intents, ended)

    monkeypatch.setattr(CallLedger, "write", cancels)
    work_here(run=run)

    assert (verdicts(run), len(server.calls)) == (5, 5)
    assert run.status == RunStatus.CANCELLED


# -- answers that are there already


def test_the_same_question_is_asked_once_where_the_judge_may_reuse(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    judge = hosted(reuse=True, price_in=1.0, price_out=1.0)
    work_here(run=begun(cast, data, judge))
    again = work_here(run=begun(cast, data, judge, name="again"))

    assert len(server.calls) == CELLS
    assert verdicts(again) == CELLS
    for said in provenances(again):
        assert (said["cost"], said["parameters"]["reused"]) == (0.0, True)
    assert again.budget.spent_cost == 0


def test_without_that_each_run_asks_for_itself(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    judge = hosted()
    work_here(run=begun(cast, data, judge))
    work_here(run=begun(cast, data, judge, name="again"))

    assert len(server.calls) == 2 * CELLS


# -- the books themselves

MOST = 100


def intent(cell: str, **others: Any) -> Intent:
    given: dict[str, Any] = {
        "cell": cell * 64,
        "key": "f" * 64,
        "endpoint": "here",
        "model": "m",
        "attempt": 1,
        "expected_tokens": 50,
        "most_tokens": MOST,
        "most_cost": 0.25,
    }
    return Intent(**given | others)


@pytest.fixture
def ledger(cast: Cast, data: Data, hosted: Any) -> CallLedger:
    run = begun(cast, data, hosted(), Spending(cost=Decimal(1)))
    return CallLedger(judge=run.judge, run=run, batch=run.batches.get())


def test_bounds_are_held_while_calls_are_under_way(ledger: CallLedger) -> None:
    permits = ledger.write([intent(cell) for cell in "abcde"], [])

    assert [isinstance(each, int) for each in permits] == [True] * 4 + [False]
    ledger.write([], [(permits[0], ChatReply(text="x", cost=0.05, tokens_in=1, tokens_out=1))])  # type: ignore[list-item]
    assert isinstance(ledger.write([intent("e")], [])[0], ChatFailure)  # 0.05 + 0.75 + 0.25 > 1
    ledger.write([], [(permits[1], ChatReply(text="x", cost=0.1, tokens_in=1, tokens_out=1))])  # type: ignore[list-item]
    assert isinstance(ledger.write([intent("e")], [])[0], int)


@pytest.mark.parametrize(
    ("result", "spent"),
    [
        (ChatReply(text="x", cost=0.1, tokens_in=3, tokens_out=4), ("0.1", 7)),
        (ChatReply(text="x", cost=None, tokens_in=3, tokens_out=None), ("0.25", MOST)),
        (ChatFailure(trouble=Trouble.BUSY, message="later"), ("0", 0)),
        (ChatFailure(trouble=Trouble.TIMEOUT, message="no", maybe_paid=True), ("0.25", MOST)),
    ],
    ids=["known", "unknown counts at its bound", "never answered", "perhaps answered"],
)
def test_what_a_call_took(ledger: CallLedger, result: Any, spent: tuple[str, int]) -> None:
    (permit,) = ledger.write([intent("a")], [])
    assert isinstance(permit, int)
    ledger.write([], [(permit, result)])

    budget = RunBudget.objects.get(run=ledger.run)
    assert (budget.spent_cost, budget.spent_tokens) == (Decimal(spent[0]), spent[1])
    assert (budget.held_cost, budget.held_tokens) == (Decimal(0), 0)


def test_a_call_written_off_stays_lost_when_its_answer_comes_after_all(ledger: CallLedger) -> None:
    (permit,) = ledger.write([intent("a")], [])
    assert isinstance(permit, int)
    assert ledger.batch is not None and write_off(ledger.batch) == 1
    ledger.write([], [(permit, ChatReply(text="late", cost=0.1))])

    assert ModelCall.objects.get().state == CallState.LOST
    assert RunBudget.objects.get(run=ledger.run).spent_cost == Decimal("0.25")


def test_what_no_column_takes_is_kept_readable(ledger: CallLedger) -> None:
    (permit,) = ledger.write([intent("a")], [])
    assert isinstance(permit, int)
    ledger.write([], [(permit, ChatReply(text="nul \x00 and \ud800", model="m"))])

    known = ledger.known({"a" * 64: "f" * 64}, elsewhere=False)
    assert json.dumps(known["a" * 64].text) == json.dumps("nul \N{REPLACEMENT CHARACTER} and ?")


def test_turns_are_spaced_for_all_who_call_one_place(ledger: CallLedger) -> None:
    minute = [ledger.pace([intent("a"), intent("b")], Limits(requests=30)) for _ in range(2)]

    first, second = minute
    assert first[0] == pytest.approx(0, abs=0.5)
    assert first[1] - first[0] == pytest.approx(2.0)
    assert second[0] - first[1] == pytest.approx(2.0, abs=0.5)
    tokens = ledger.pace([intent("a", endpoint="there")] * 2, Limits(tokens=100))
    assert tokens[1] == pytest.approx(30.0)  # 50 of 100 tokens are half a minute


def test_a_place_that_stayed_busy_is_left_alone_by_everybody(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer
) -> None:
    server.script = lambda _: fail(429, "not now")
    judge = hosted()
    run = begun(cast, data, judge)
    with pytest.raises(JudgeBusy):
        batches.judge_batch(run=run, number=0)
    asked = len(server.calls)
    other = begun(cast, data, judge, name="other")
    with pytest.raises(JudgeBusy, match="not now"):
        batches.judge_batch(run=other, number=0)

    assert 0 < len(server.calls) == asked
    Endpoint.objects.update(closed_until=other.round.created_at)  # the time is over
    server.script = verdict
    batches.judge_batch(run=other, number=0)
    assert verdicts(other) == CELLS
