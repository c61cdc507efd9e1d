"""Trials, previews and reviews call models too: nothing is paid twice, what is lost is counted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import Mock

import pytest
from django.utils import timezone

from scoring.actions.judges import create_judge
from scoring.actions.ledger import CallLedger
from scoring.actions.preview import judge_preview
from scoring.actions.trials import start_trial
from scoring.models import CallState, Judge, ModelCall, PreviewRun
from scoring.queries.copying import copy_of
from tests.conftest import Cast, Data
from tests.scoring.test_ledger import Interrupted, intent
from tests.scripted_server import ScriptedServer

pytestmark = pytest.mark.django_db


def _trial(cast: Cast, data: Data, judge: Judge) -> PreviewRun:
    return start_trial(
        judge=judge,
        version=data.version,
        response_id=data.responses[0].pk,
        by=cast.author,
        enqueue=False,
    )


def test_a_trial_whose_worker_died_pays_for_no_answer_again_and_a_new_one_asks_anew(
    cast: Cast, data: Data, hosted: Any, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = _trial(cast, data, hosted())
    with monkeypatch.context() as patch:
        patch.setattr("scoring.actions.preview._store", Mock(side_effect=Interrupted))
        with pytest.raises(Interrupted):
            judge_preview(run=trial)
    assert (len(server.calls), trial.verdicts.count()) == (3, 0)

    judge_preview(run=trial)
    assert (len(server.calls), trial.verdicts.count()) == (3, 3)
    judge_preview(run=_trial(cast, data, trial.judge))
    assert len(server.calls) == 6


def test_a_call_without_a_run_is_lost_once_nobody_can_wait_for_it(
    cast: Cast, data: Data, hosted: Any
) -> None:
    slow = hosted("Slow", timeout=3000.0)
    panel = create_judge(
        project=cast.project,
        name="Panel",
        kind="panel",
        params={"members": [copy_of(slow), copy_of(hosted("Quick", timeout=1.0))]},
        by=cast.author,
    )
    old, ledgers = timezone.now() - timedelta(seconds=200), {}
    for judge in (slow, panel, hosted("Usual")):  # 120 seconds where nothing is said
        ledgers[judge.rater.name] = CallLedger(judge=judge)
        ledgers[judge.rater.name].write([intent("a"), intent("b")], [])
    early = ModelCall.objects.filter(cell="a" * 64)
    early.update(sent_at=old)

    judge_preview(run=_trial(cast, data, slow))

    lost = ModelCall.objects.get(state=CallState.LOST)
    assert (lost.judge.rater.name, lost.cell, lost.most_cost) == (
        "Usual",
        "a" * 64,
        Decimal("0.25"),
    )
