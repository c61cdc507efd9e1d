"""What a worker does with one batch of a run: judge what has no verdict yet, and store it.

Outcomes are stored as they come, or a chunk before the next is asked for, so a killed worker
loses little; what a hosted model answered it never loses (see ledger.py). A verdict exists once
per (run, response, criterion, sample): the database ignores a second one, and a lock keeps two
workers off one batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from rubricstudio.models import Criterion, Preference, Response, Verdict
from scoring.actions.alone import BATCHES, Taken, alone_on
from scoring.actions.heard import note_heard, with_heard
from scoring.actions.judges import site
from scoring.actions.ledger import CallLedger, write_off
from scoring.actions.pair_batches import judge_pairs
from scoring.actions.suspects import note_suspects
from scoring.actions.verdicts import CHUNK, Cell, Shelf, Told
from scoring.judges import (
    Judge,
    JudgeBusy,
    JudgeError,
    JudgeStopped,
    Outcome,
    build,
    check_outcomes,
)
from scoring.judges.protocol import TellingJudge
from scoring.models import Run, RunBatch, RunStatus
from scoring.queries.plans import judged_criteria
from scoring.queries.requests import requests_for
from scoring.states import UNFINISHED

MAX_ATTEMPTS = 8

log = logging.getLogger(__name__)


# What is worth another try of the same work: the caller waits and calls again.
TRY_AGAIN = (JudgeBusy, Taken, OperationalError, InterfaceError)


def judge_batch(*, run: Run, number: int, told: Told = lambda: None) -> None:
    """Judge the cells of a batch that have no verdict. Safe to repeat, also concurrently.

    `told` is called whenever verdicts were stored. Raises one of TRY_AGAIN when the same
    batch is worth trying again later: JudgeBusy up to MAX_ATTEMPTS times, Taken while
    another worker has it. Any other failure is recorded on the batch and ends it.
    """
    batch = run.batches.get(number=number)
    with alone_on(BATCHES, batch.pk) as mine:
        if not mine and _is_open(batch):
            raise Taken(f"Another worker has batch {number} of run {run.pk}.")
        if not mine or not _begin(run, batch):
            return
        try:
            whole = _judge_all(run, batch, told)
        except JudgeBusy as busy:
            if batch.attempts < MAX_ATTEMPTS:
                raise
            _finish(run, batch, error=f"Given up after {batch.attempts} attempts: {busy}")
        except JudgeError as error:
            _finish(run, batch, error=str(error))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # A run must end in words, not hang, when a judge has a fault of its own.
            log.exception("batch %s of run %s failed", number, run.pk)
            _finish(run, batch, error=f"Unexpected {type(error).__name__}: {error}"[:2000])
        else:
            if whole:
                _finish(run, batch)


def _is_open(batch: RunBatch) -> bool:
    return RunBatch.objects.filter(
        pk=batch.pk, finished_at__isnull=True, run__status__in=UNFINISHED
    ).exists()


def _judge_all(run: Run, batch: RunBatch, told: Told) -> bool:
    """Judge a batch chunk by chunk; False when the run was cancelled meanwhile."""
    ledger = CallLedger(judge=run.judge, run=run, batch=batch)
    judge = build(run.judge.kind, run.judge.params, site(ledger))
    if run.judge.compares:
        return judge_pairs(run, batch, judge, told)
    cells = _open_cells(run, batch)
    note_suspects({response for response, _criterion, _sample in cells})
    # A judge that tells as it goes needs no pieces: it would wait for the last call of each. One
    # that computes here does: what it has computed and not told is lost with its worker.
    whole = isinstance(judge, TellingJudge) and judge.queue == "llm"
    size = len(cells) if whole else CHUNK
    for start in range(0, len(cells), size or 1):
        if not Run.objects.filter(pk=run.pk, status__in=UNFINISHED).exists():
            return False
        try:
            _judge_cells(batch, judge, cells[start : start + size], told)
        except JudgeStopped:
            return False
        finally:
            told()
    return True


def _begin(run: Run, batch: RunBatch) -> bool:
    """Whether there is something to do; counts the attempt and marks the run as running."""
    Run.objects.filter(pk=run.pk, status=RunStatus.QUEUED).update(
        status=RunStatus.RUNNING, started_at=timezone.now()
    )
    run.refresh_from_db()
    batch.refresh_from_db()
    if run.status not in UNFINISHED or batch.finished_at is not None:
        return False
    write_off(batch)
    batch.attempts += 1
    batch.save(update_fields=["attempts"])
    return True


def _open_cells(run: Run, batch: RunBatch) -> list[Cell]:
    """The (response, criterion, sample) cells without a verdict, response by response."""
    version = run.round.version
    if version is None:
        raise JudgeError("The run has no rubric version.")
    judged = judged_criteria(version, run.judge.kind)
    rows = Criterion.objects.select_related("parent").in_bulk(judged)
    criteria = sorted(rows.values(), key=lambda row: row.position)
    responses = Response.objects.select_related("task").in_bulk(batch.response_ids)
    done = set(
        Verdict.objects.filter(
            round_id=run.pk, rater_id=run.judge_id, response_id__in=batch.response_ids
        ).values_list("response_id", "criterion_id", "sample")
    )
    return [
        (responses[pk], criterion, sample)
        for pk in batch.response_ids
        if pk in responses
        for criterion in criteria
        for sample in range(run.samples)
        if (pk, criterion.pk, sample) not in done
    ]


def _judge_cells(batch: RunBatch, judge: Judge, cells: Sequence[Cell], told: Told) -> None:
    run = batch.run
    requests = with_heard(batch, cells, requests_for(judge, run.round.project, cells))
    shelf = Shelf(run, requests, cells, told)
    try:
        if isinstance(judge, TellingJudge):
            outcomes: Sequence[Outcome | None] = judge.judge_telling(requests, shelf.add)
        else:
            outcomes = judge.judge(requests)
    except JudgeError as error:
        finished = error.finished or (None,) * len(cells)
        shelf.put_away(finished)
        note_heard(batch, cells, error.heard)
        raise
    check_outcomes(requests, [outcome for outcome in outcomes if outcome is not None])
    shelf.put_away(outcomes)
    note_heard(batch, cells, ())


@transaction.atomic
def _finish(run: Run, batch: RunBatch, error: str = "") -> None:
    # Holding the run's row makes one of two last batches see that it is the last.
    Run.objects.select_for_update().get(pk=run.pk)
    batch.finished_at, batch.error = timezone.now(), error
    batch.save(update_fields=["finished_at", "error"])
    if run.batches.filter(finished_at__isnull=True).exists():
        return
    failed = list(run.batches.exclude(error="").order_by("number").values_list("error", flat=True))
    if not failed:
        status = RunStatus.DONE
    elif any(
        said.filter(round_id=run.pk).exists() for said in (Verdict.objects, Preference.objects)
    ):
        status = RunStatus.PARTIAL
    else:
        status = RunStatus.FAILED
    Run.objects.filter(pk=run.pk, status__in=UNFINISHED).update(
        status=status, finished_at=timezone.now(), error=failed[0] if failed else ""
    )
