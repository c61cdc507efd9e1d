"""Runs of a judge that compares: both orders asked, preferences stored once, money exact."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Sum

from annotations.models import CriterionPreference
from rubricstudio.models import Preference, Response, Verdict
from scoring.actions import preferences
from scoring.actions.batches import judge_batch
from scoring.actions.here import work_here
from scoring.actions.ledger import CallLedger
from scoring.actions.pair_runs import start_pair_run
from scoring.actions.runs import (
    NothingToJudge,
    Spending,
    WrongJudge,
    cancel_run,
    resume_run,
    start_run,
)
from scoring.judges import JudgeBusy
from scoring.llm_calls import ChatReply, Intent
from scoring.models import CallState, Endpoint, ModelCall, Run, RunStatus
from tests.conftest import Cast, Data
from tests.scoring.paired import asked_by, herons, pair_judge, pair_run, prefer, shown
from tests.scripted_server import Answer, Call, ScriptedServer, fail, say

pytestmark = pytest.mark.django_db

CALLS = 12  # two pairs by three criteria in two orders


def said(run: Run) -> list[Preference]:
    return list(Preference.objects.filter(round_id=run.pk).order_by("response_a", "sample"))


def parts(run: Run) -> dict[str, list[tuple[str, int | None]]]:
    rows = CriterionPreference.objects.filter(preference__round=run.pk).order_by("preference")
    found: dict[str, list[tuple[str, int | None]]] = {}
    for key, status, strength in rows.values_list("criterion__key", "status", "strength"):
        found.setdefault(key, []).append((status, strength))
    return found


def test_both_orders_are_asked_and_make_one_preference(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    server.script = herons

    run = work_here(run=pair_run(cast, data, pair_judge(cast, server, price_in=1.0, price_out=2.0)))

    assert run.status == RunStatus.DONE
    assert len(server.calls) == CALLS
    asked = {(asked_by(call), *shown(call)) for call in server.calls}
    assert len(asked) == CALLS // 2  # the same texts answer both tasks
    assert {(text, second, first) for text, first, second in asked} == asked
    one, two = said(run)
    herons_first = [row.response_a.source == "heron" for row in (one, two)]
    assert [row.preferred for row in (one, two)] == ["a" if h else "b" for h in herons_first]
    assert [row.strength for row in (one, two)] == [-1.0 if h else 1.0 for h in herons_first]
    assert one.rater_id == run.judge_id and one.sample == 0
    sides = [("ok", -1 if h else 1) for h in herons_first]
    assert parts(run) == {"warns": sides, "invents": sides, "clarity": sides}
    assert not Verdict.objects.filter(round_id=run.pk).exists()
    kept: Any = one.provenance
    assert kept["orders"] == {"agree": 3, "half": 0, "contradict": 0}
    assert (kept["criteria"], kept["answered"], kept["weight_share"]) == (3, 3, 1.0)
    assert [(each["criterion"], each["order"]) for each in kept["answers"][:2]] == [
        ("warns", "ab"),
        ("warns", "ba"),
    ]
    paid = ModelCall.objects.aggregate(Sum("cost"))["cost__sum"]
    costs: list[Any] = [row.provenance for row in said(run)]
    assert sum(each["cost"] for each in costs) == pytest.approx(float(paid))
    assert run.budget.spent_cost == paid


def test_a_judge_that_always_takes_the_first_prefers_nothing(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    server.script = lambda call: prefer("A")

    run = work_here(run=pair_run(cast, data, pair_judge(cast, server)))

    assert [(row.preferred, row.strength) for row in said(run)] == [("tie", 0.0)] * 2
    kept: Any = said(run)[0].provenance
    assert kept["orders"] == {"agree": 0, "half": 0, "contradict": 3}
    assert {each["side"] for each in kept["answers"]} == {-1, 1}


def test_weights_decide_and_an_unanswered_order_leaves_its_criterion_out(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    """By what warns (5) wren's is better; of clarity (3) one order gives no verdict."""

    def script(call: Call) -> Answer:
        first_is_herons = "heron" in shown(call)[0]
        if asked_by(call).startswith("Warns"):
            return prefer("B" if first_is_herons else "A")
        if asked_by(call).startswith("How clear") and first_is_herons:
            return Answer(content="Hard to say.")
        return prefer("A" if first_is_herons else "B")

    server.script = script

    run = work_here(run=pair_run(cast, data, pair_judge(cast, server)))

    one = said(run)[0]
    wrens = 1 if one.response_a.source == "heron" else -1
    # (5 - 4) / 9 for wren's: the pitfall (-4) counts by its size, clarity not at all.
    assert one.strength == pytest.approx(wrens / 9)
    assert one.preferred == ("b" if wrens == 1 else "a")
    assert parts(run)["clarity"][0] == ("parse_error", None)
    kept: Any = one.provenance
    assert (kept["answered"], kept["criteria"]) == (2, 3)
    assert kept["weight_share"] == pytest.approx(9 / 12)


def test_no_answer_at_all_is_no_preference(cast: Cast, data: Data, server: ScriptedServer) -> None:
    server.script = lambda call: say("met")  # the word of another mode

    run = work_here(run=pair_run(cast, data, pair_judge(cast, server)))

    assert [(row.status, row.preferred, row.strength) for row in said(run)] == [
        ("parse_error", None, None)
    ] * 2
    assert set(sum(parts(run).values(), [])) == {("parse_error", None)}


def test_a_pair_without_a_text_asks_nobody(cast: Cast, data: Data, server: ScriptedServer) -> None:
    server.script = herons
    Response.objects.filter(pk=data.responses[0].pk).update(text=None)

    run = work_here(run=pair_run(cast, data, pair_judge(cast, server)))

    assert [row.status for row in said(run)] == ["cannot_assess", "ok"]
    assert len(server.calls) == CALLS // 2


def test_samples_are_preferences_of_their_own(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    server.script = herons

    run = work_here(run=pair_run(cast, data, pair_judge(cast, server), samples=2))

    assert [row.sample for row in said(run)] == [0, 1, 0, 1]
    assert len(server.calls) == 2 * CALLS


# -- nothing is paid for twice


class Interrupted(BaseException):
    """Ends a worker where it stands."""


def test_a_worker_that_ends_before_it_stores_has_paid_once(
    cast: Cast, data: Data, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = herons
    run = pair_run(cast, data, pair_judge(cast, server))
    with monkeypatch.context() as patch:
        patch.setattr(preferences, "_store", lambda *_: (_ for _ in ()).throw(Interrupted))
        with pytest.raises(Interrupted):
            work_here(run=run)
    assert (said(run), len(server.calls)) == ([], CALLS)

    work_here(run=run)

    assert len(said(run)) == 2
    assert len(server.calls) == CALLS
    assert ModelCall.objects.filter(run=run, state=CallState.ANSWERED).count() == CALLS


def test_a_batch_that_is_delivered_again_changes_nothing(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    server.script = herons
    run = work_here(run=pair_run(cast, data, pair_judge(cast, server)))
    before = said(run)
    run.batches.update(finished_at=None)
    Run.objects.filter(pk=run.pk).update(status="running", finished_at=None)

    judge_batch(run=run, number=0)

    assert said(run) == before
    assert CriterionPreference.objects.count() == 6
    assert len(server.calls) == CALLS


def test_storing_what_is_there_keeps_the_first(
    cast: Cast, data: Data, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers that both came to an answer, which the lock should never allow."""
    server.script = herons
    run = pair_run(cast, data, pair_judge(cast, server))
    store = preferences._store
    seen: list[Any] = []

    def watched(*given: Any) -> None:
        seen.append(given)
        store(*given)

    monkeypatch.setattr(preferences, "_store", watched)
    work_here(run=run)
    before = (said(run), parts(run))

    for given in seen:
        store(*given)

    assert (said(run), parts(run)) == before


def test_calls_under_way_when_a_worker_died_are_counted_as_lost(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    server.script = herons
    run = pair_run(cast, data, pair_judge(cast, server))
    ledger = CallLedger(judge=run.judge, run=run, batch=run.batches.get())
    sent = Intent(
        cell="c" * 64,
        key="c" * 64,
        endpoint=server.origin,
        model="m",
        attempt=1,
        expected_tokens=10,
        most_tokens=20,
        most_cost=None,
    )
    (permit,) = ledger.write([sent], [])
    assert isinstance(permit, int)

    work_here(run=run)

    assert len(said(run)) == 2
    assert ModelCall.objects.filter(run=run, state=CallState.LOST).count() == 1
    ledger.write([], [(permit, ChatReply(text="late"))])
    assert ModelCall.objects.filter(run=run, state=CallState.LOST).count() == 1


def test_a_busy_server_leaves_whole_pairs_and_asks_only_what_is_missing(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    busy = fail(429, Retry_After="0")
    server.script = lambda call: busy if call.index == CALLS - 3 else herons(call)
    run = pair_run(cast, data, pair_judge(cast, server, concurrency=1))

    with pytest.raises(JudgeBusy):
        judge_batch(run=run, number=0)
    stored = len(said(run))
    Endpoint.objects.update(closed_until=run.round.created_at)  # the time is over
    judge_batch(run=run, number=0)

    assert (stored, len(said(run))) == (1, 2)
    assert len(server.calls) == CALLS + 1


def test_a_budget_stops_a_run_that_goes_on_with_more(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    server.script = herons
    judge = pair_judge(cast, server, max_tokens=100, concurrency=1)
    run = work_here(run=pair_run(cast, data, judge, limits=Spending(tokens=6_000)))
    assert run.status in (RunStatus.PARTIAL, RunStatus.FAILED)
    asked = len(server.calls)
    assert 0 < asked < CALLS

    resume_run(run=run, by=cast.author, limits=Spending(tokens=1_000_000), enqueue=False)
    run = work_here(run=run)

    assert (run.status, len(said(run)), len(server.calls)) == (RunStatus.DONE, 2, CALLS)


def test_a_cancelled_run_asks_nothing_and_goes_on_when_resumed(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    server.script = herons
    run = pair_run(cast, data, pair_judge(cast, server))
    cancel_run(run=run, by=cast.author)
    work_here(run=run)
    assert (said(run), server.calls) == ([], [])

    resume_run(run=run, by=cast.author, enqueue=False)
    work_here(run=run)

    assert (len(said(run)), len(server.calls)) == (2, CALLS)


# -- who may compare what


def test_pairs_are_of_one_task_and_judged_once(
    cast: Cast, data: Data, server: ScriptedServer
) -> None:
    one, two, three, _four = (response.pk for response in data.responses)
    judge = pair_judge(cast, server)
    given = {"version": data.version, "name": "x", "by": cast.author, "enqueue": False}

    run = start_pair_run(judge=judge, pairs=[(two, one), (one, two), (one, three)], **given)  # type: ignore[arg-type]

    assert [batch.pairs for batch in run.batches.all()] == [[[one, two]]]
    assert run.batches.get().response_ids == [one, two]
    with pytest.raises(NothingToJudge):
        start_pair_run(judge=judge, pairs=[(one, three), (one, one)], **given)  # type: ignore[arg-type]


def test_each_judge_has_its_own_kind_of_run(
    cast: Cast, data: Data, server: ScriptedServer, hosted: Any
) -> None:
    one, two, *_ = (response.pk for response in data.responses)
    given = {"version": data.version, "name": "x", "by": cast.author}

    with pytest.raises(WrongJudge, match="judge pairs"):
        start_run(judge=pair_judge(cast, server), response_ids=[one], **given)  # type: ignore[arg-type]
    with pytest.raises(WrongJudge, match="mode pairwise"):
        start_pair_run(judge=hosted(), pairs=[(one, two)], **given)  # type: ignore[arg-type]
