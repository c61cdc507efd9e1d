"""Runs: batches by a scripted judge, cancelled, resumed, repeated."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import IntegrityError, connection, transaction

from rubricstudio.models import Verdict
from scoring.actions import batches
from scoring.actions import runs as run_actions
from scoring.actions.alone import Taken
from scoring.actions.judges import JudgeNameTaken, create_judge
from scoring.actions.runs import (
    NothingToJudge,
    RunNameTaken,
    RunNotPossible,
    cancel_run,
    resume_run,
    start_run,
)
from scoring.judges import (
    InvalidJudgeConfig,
    JudgeBusy,
    JudgeError,
    JudgeRequest,
    Outcome,
    Provenance,
    Scored,
)
from scoring.models import Judge, Run, RunStatus
from scoring.states import RUN_STEPS
from tests.conftest import Cast, Data


@pytest.fixture
def judge(cast: Cast) -> Judge:
    return create_judge(
        project=cast.project, name="Rules", kind="scripted", params={}, by=cast.author
    )


class CountingJudge:
    """Says the lowest value to everything and counts; fails when told to."""

    queue = "llm"

    def __init__(self) -> None:
        self.asked: list[JudgeRequest] = []
        self.failure: JudgeError | None = None

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        if self.failure is not None:
            raise self.failure
        self.asked += requests
        return [
            Scored(value=r.criterion.scale.low, provenance=Provenance(model="count"))
            for r in requests
        ]


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> CountingJudge:
    judge = CountingJudge()
    monkeypatch.setattr(batches, "build", lambda *_: judge)
    return judge


def _start(cast: Cast, data: Data, judge: Judge, *, samples: int = 1) -> Run:
    return start_run(
        judge=judge,
        version=data.version,
        response_ids=[response.pk for response in data.responses],
        name="first",
        by=cast.author,
        samples=samples,
    )


def _work(run: Run) -> Run:
    for batch in run.batches.order_by("number"):
        batches.judge_batch(run=run, number=batch.number)
    run.refresh_from_db()
    return run


def test_every_state_has_its_steps() -> None:
    assert set(RUN_STEPS) == set(RunStatus)


def test_it_judges_every_cell_once(
    cast: Cast, data: Data, judge: Judge, counting: CountingJudge
) -> None:
    run = _work(_start(cast, data, judge, samples=2))

    assert run.status == RunStatus.DONE
    # 4 responses x 3 criteria x 2 samples
    assert Verdict.objects.filter(round=run.pk).count() == len(counting.asked) == 24


def test_a_repeated_batch_asks_for_nothing(
    cast: Cast, data: Data, judge: Judge, counting: CountingJudge
) -> None:
    run = _work(_start(cast, data, judge))
    asked = len(counting.asked)

    _work(run)

    assert len(counting.asked) == asked
    assert Verdict.objects.count() == 12


def test_a_cancelled_run_keeps_its_verdicts_and_resumes_with_the_rest(
    cast: Cast,
    data: Data,
    judge: Judge,
    counting: CountingJudge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_actions, "BATCH_RESPONSES", 2)
    run = _start(cast, data, judge)
    batches.judge_batch(run=run, number=0)
    cancel_run(run=run, by=cast.author)
    _work(run)
    assert Verdict.objects.count() == 6

    resume_run(run=run, by=cast.author)
    _work(run)

    assert run.status == RunStatus.DONE
    assert Verdict.objects.count() == len(counting.asked) == 12


def test_a_busy_judge_is_tried_again_and_given_up_in_the_end(
    cast: Cast, data: Data, judge: Judge, counting: CountingJudge
) -> None:
    run = _start(cast, data, judge)
    counting.failure = JudgeBusy("Too many requests.")
    for _ in range(batches.MAX_ATTEMPTS - 1):
        with pytest.raises(JudgeBusy):
            batches.judge_batch(run=run, number=0)
    assert run.batches.get().finished_at is None

    batches.judge_batch(run=run, number=0)

    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert run.error == "Given up after 8 attempts: Too many requests."


def test_what_was_judged_before_a_failure_is_stored_and_paid_once(
    cast: Cast, data: Data, judge: Judge, counting: CountingJudge
) -> None:
    run = _start(cast, data, judge)
    paid = Scored(value=1.0, provenance=Provenance(model="count"))
    counting.failure = JudgeError("Unknown model.", finished=[paid, *[None] * 11])
    _work(run)
    assert run.status == RunStatus.PARTIAL

    counting.failure = None
    resume_run(run=run, by=cast.author)
    _work(run)

    assert run.status == RunStatus.DONE
    assert len(counting.asked) == 11


def test_one_worker_at_a_time_has_a_batch(
    cast: Cast, data: Data, judge: Judge, counting: CountingJudge
) -> None:
    run = _start(cast, data, judge)
    batch = run.batches.get()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [(0x524E << 48) | batch.pk])
        with pytest.raises(Taken):
            batches.judge_batch(run=run, number=0)
        assert counting.asked == []
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()

    batches.judge_batch(run=run, number=0)

    assert len(counting.asked) == 12


def test_a_value_off_the_scale_is_an_error_not_a_verdict(
    cast: Cast,
    data: Data,
    judge: Judge,
    counting: CountingJudge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wild = Scored(value=7.0, provenance=Provenance(model="wild"))
    monkeypatch.setattr(counting, "judge", lambda requests: [wild] * len(requests))
    run = _work(_start(cast, data, judge))

    assert run.status == RunStatus.FAILED
    assert "7.0" in run.error
    assert Verdict.objects.count() == 0


def test_what_cannot_start_says_why(cast: Cast, data: Data, judge: Judge) -> None:
    with pytest.raises(NothingToJudge):
        start_run(judge=judge, version=data.version, response_ids=[], name="none", by=cast.author)
    _start(cast, data, judge)
    with pytest.raises(RunNameTaken):
        _start(cast, data, judge)
    with pytest.raises(JudgeNameTaken):
        create_judge(project=cast.project, name="Rules", kind="scripted", params={}, by=cast.author)
    with pytest.raises(InvalidJudgeConfig):
        create_judge(project=cast.project, name="X", kind="oracle", params={}, by=cast.author)


def test_a_judge_that_ran_is_frozen(cast: Cast, data: Data, judge: Judge) -> None:
    Judge.objects.filter(pk=judge.pk).update(model="free")
    _start(cast, data, judge)

    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Judge.objects.filter(pk=judge.pk).update(model="other")


def test_a_finished_run_is_neither_cancelled_nor_resumed(
    cast: Cast, data: Data, judge: Judge, counting: CountingJudge
) -> None:
    run = _work(_start(cast, data, judge))

    with pytest.raises(RunNotPossible):
        cancel_run(run=run, by=cast.author)
    with pytest.raises(RunNotPossible):
        resume_run(run=run, by=cast.author)
