"""A run whose judge asks all criteria of a response in one call."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from rubricstudio.models import Verdict
from scoring.actions.batches import judge_batch
from scoring.actions.judges import create_judge
from scoring.judges import JudgeBusy
from scoring.models import Endpoint, Run
from scoring.queries.runs import run_figures
from tests.conftest import Cast, Data
from tests.scoring.judged import queued
from tests.scoring.judges.conftest import asked_in, entry, say_all
from tests.scripted_server import Answer, Call, ScriptedServer, fail


def run_at(server: ScriptedServer, cast: Cast, data: Data, **params: Any) -> Run:
    config = {"model": "hosted_vllm/m", "api_base": server.url, "mode": "rubric", "attempts": 1}
    judge = create_judge(
        project=cast.project, name="J", kind="llm", params=config | params, by=cast.owner
    )
    return queued(cast, data, judge)


def answered(call: Call) -> Answer:
    """Met, or the best level; the last criterion of each call is forgotten."""
    asked = list(asked_in(call).items())
    return say_all(*(entry(n, text, "met") for n, text in asked[:-1]))


def work(run: Run) -> None:
    for batch in run.batches.order_by("number"):
        judge_batch(run=run, number=batch.number)


def paid(server: ScriptedServer) -> int:
    """The prompt tokens of all calls, as the server counts them."""
    return sum(len(call.text) // 4 for call in server.calls)


@pytest.mark.django_db
def test_it_pays_for_each_response_once_and_stores_every_verdict(
    cast: Cast, data: Data, settings: Settings
) -> None:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    with ScriptedServer(answered) as server:
        run = run_at(server, cast, data, price_in=1.0, price_out=1.0)
        work(run)
        calls, tokens = len(server.calls), paid(server)

    figures = run_figures(run.round)
    assert calls == len(data.responses) == 4
    assert figures.stored == 12
    # One of three criteria is forgotten in each call, and one has levels, of which met is none.
    assert dict(figures.by_status)["parse_error"] >= 4
    assert figures.tokens_in.total == tokens
    assert figures.tokens_in.n == 12


@pytest.mark.django_db
def test_after_a_failure_only_responses_without_verdicts_are_asked_again(
    cast: Cast, data: Data, settings: Settings
) -> None:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True

    def script(call: Call) -> Answer:
        return fail(429, Retry_After="0") if call.index == 3 else answered(call)

    with ScriptedServer(script) as server:
        run = run_at(server, cast, data, concurrency=1)
        with pytest.raises(JudgeBusy):
            work(run)
        before = Verdict.objects.filter(round_id=run.pk).count()
        Endpoint.objects.update(closed_until=run.round.created_at)  # the time is over
        work(run)
        calls = [len(asked_in(call)) for call in server.calls]

    assert before == 9
    assert Verdict.objects.filter(round_id=run.pk).count() == 12
    assert calls == [3, 3, 3, 3, 3]
