"""Panels and cascades in runs and commands: stored, resumed, paid once, copied by name."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from rubricstudio.models import Verdict
from scoring.actions import batches, verdicts
from scoring.actions.here import work_here
from scoring.actions.judges import create_judge
from scoring.actions.runs import resume_run
from scoring.judges import InvalidJudgeConfig, JudgeBusy
from scoring.models import CallState, Endpoint, Judge, ModelCall, RunStatus
from scoring.queries.copying import copy_of, originals_of
from scoring.queries.runs import run_figures
from tests.conftest import Cast, Data
from tests.scoring.judged import queued, rules
from tests.scoring.member_models import Model, stand_in
from tests.scripted_server import Answer, Call, ScriptedServer, fail, say


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, Model]:
    return stand_in(monkeypatch)


def _panel(cast: Cast, *names: str, **params: Any) -> Judge:
    members = [copy_of(rules(cast, name)) for name in names]
    return create_judge(
        project=cast.project,
        name="Panel",
        kind="panel",
        params={"members": members, **params},
        by=cast.author,
    )


def test_a_busy_member_costs_the_others_nothing(
    cast: Cast, data: Data, models: dict[str, Model]
) -> None:
    run = queued(cast, data, _panel(cast, "A", "B"))
    models |= {"A": Model(1), "B": Model(1, fail_at=5)}

    with pytest.raises(JudgeBusy, match="B: Too many"):
        batches.judge_batch(run=run, number=0)
    batch = run.batches.get()
    assert (Verdict.objects.count(), len(batch.heard)) == (5, 7)

    work_here(run=run)

    batch.refresh_from_db()
    assert (run.status, batch.heard) == (RunStatus.DONE, {})
    # 4 responses x 3 criteria, each asked of each member once and paid once
    assert [len(models[name].asked) for name in "AB"] == [12, 12]
    figures = run_figures(run.round)
    assert figures.cost.total == pytest.approx(0.24)
    assert (figures.cost.n, figures.tokens_in.total) == (12, 240)
    stored = Verdict.objects.first()
    assert stored and stored.provenance and stored.confidence == 1
    assert [each["name"] for each in stored.provenance["made_of"]["members"]] == ["A", "B"]


def test_a_member_that_fails_for_good_stops_the_run_and_resumes_with_what_is_missing(
    cast: Cast, data: Data, models: dict[str, Model]
) -> None:
    run = queued(cast, data, _panel(cast, "A", "B"))
    models |= {"A": Model(1), "B": Model(1, fail_at=0, busy=False)}
    work_here(run=run)
    assert (run.status, run.error) == (RunStatus.FAILED, "B: No key.")

    resume_run(run=run, by=cast.author, enqueue=False)
    work_here(run=run)

    assert run.status == RunStatus.DONE
    assert [len(models[name].asked) for name in "AB"] == [12, 12]


def _twins(cast: Cast, server: ScriptedServer, **params: Any) -> Judge:
    """A panel of two members with the same settings, whose calls have a price."""
    hosted = {"model": "hosted_vllm/m", "api_base": server.url, "attempts": 1}
    priced = hosted | {"price_in": 1000.0, "price_out": 0.0} | params
    members = [{"name": name, "kind": "llm", "params": priced} for name in "AB"]
    return create_judge(
        project=cast.project,
        name="Twins",
        kind="panel",
        params={"members": members},
        by=cast.author,
    )


def test_two_hosted_members_alike_are_two_calls_each_paid_once(
    cast: Cast, data: Data, settings: Settings
) -> None:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True

    def answer(call: Call) -> Answer:
        return fail(503) if call.index == 15 else say("cannot_assess")

    def over_at_once(_: float) -> None:
        """The pause in which a busy server is left alone."""
        Endpoint.objects.update(closed_until=None)

    with ScriptedServer(answer) as server:
        run = work_here(run=queued(cast, data, _twins(cast, server)), pause=over_at_once)

    # 4 responses x 3 criteria x 2 members, and the one call that failed
    assert (run.status, len(server.calls)) == (RunStatus.DONE, 25)
    answered = ModelCall.objects.filter(run=run, state=CallState.ANSWERED)
    assert answered.count() == 24
    paid = sum(float(call.cost or 0) for call in answered)
    assert paid > 0
    assert run_figures(run.round).cost.total == pytest.approx(paid)


class PowerCut(BaseException):
    """Nothing that ends a worker asks it first."""


def test_a_panel_whose_worker_ends_pays_for_no_answer_of_its_members_again(
    cast: Cast, data: Data, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    monkeypatch.setattr(verdicts, "LONGEST_UNSEEN", 0.0)

    def cut() -> None:
        raise PowerCut

    with ScriptedServer(lambda _: say("cannot_assess")) as server:
        run = queued(cast, data, _twins(cast, server, concurrency=1))
        with pytest.raises(PowerCut):
            batches.judge_batch(run=run, number=0, told=cut)
        assert 0 < Verdict.objects.count() < 12
        run = work_here(run=run)

    assert (run.status, Verdict.objects.count()) == (RunStatus.DONE, 12)
    calls = ModelCall.objects.filter(run=run)
    assert calls.filter(state=CallState.ANSWERED).count() == 24
    assert len(server.calls) <= calls.count()
    assert not calls.filter(state=CallState.SENT).exists()


def test_a_judge_is_linked_to_what_its_members_were_copied_from(cast: Cast) -> None:
    judge = _panel(cast, "A", "B")
    changed = copy_of(rules(cast, "C")) | {"params": {"otherwise": "met"}}
    judge.params["members"][1:] = [changed, {**changed, "name": "gone"}]

    found = originals_of(judge)

    assert [original and original.rater.name for _, original in found] == ["A", None, None]
    assert originals_of(Judge.objects.get(rater__name="A")) == []


def test_a_panel_refuses_what_a_member_refuses(cast: Cast) -> None:
    wrong = {"name": "X", "kind": "llm", "params": {"model": "https://x.example/v1"}}
    with pytest.raises(InvalidJudgeConfig, match="judge 'X': .*api_base"):
        create_judge(
            project=cast.project,
            name="Panel",
            kind="panel",
            params={"members": [wrong, copy_of(rules(cast))]},
            by=cast.author,
        )


# -- on the command line


def _call(*options: str) -> Any:
    out = StringIO()
    command = ("run_judge", "demo", "--here", "--format", "json", *options)
    call_command(*command, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def test_the_command_makes_a_panel_of_judges_it_is_told_by_name(cast: Cast, data: Data) -> None:
    first, _ = rules(cast, "A"), rules(cast, "B")
    making = ("--judge", "Both", "--kind", "panel", "--param", 'members=["A", "B"]')

    shown = _call(*making)

    assert (shown["status"], shown["by_status"]) == ("done", {"ok": 11, "refused": 1})
    assert Judge.objects.get(rater__name="Both").params["members"][0] == copy_of(first)
    assert _call(*making, "--name", "again")["status"] == "done"  # the same judge
    with pytest.raises(CommandError, match="objects with name, kind.* not 'Nobody'"):
        _call("--judge", "Z", "--kind", "panel", "--param", 'members=["A", "Nobody"]')


def test_the_command_makes_a_cascade(cast: Cast, data: Data) -> None:
    rules(cast, "cheap"), rules(cast, "strong", otherwise="met")

    shown = _call(
        *("--judge", "Two", "--kind", "cascade"),
        *("--param", 'first="cheap"', "--param", 'second="strong"'),
    )

    # the cheap judge's one refusal goes to the strong one
    assert shown["by_status"] == {"ok": 12}
