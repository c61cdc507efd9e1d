"""Responses are pinned beside a rubric, and a judge is let loose on them by its draft's words.

What a judge says here is no verdict: the words may change with the next key press. It is
kept apart, by the words it was said on, and is stored as it comes in, so that a worker that
dies, or a second click, pays for nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from rubricstudio.domain.verdict import Quote
from rubricstudio.models import Pin, Rubric, User
from scoring.actions.alone import PREVIEWS, Taken, alone_on
from scoring.actions.judges import site
from scoring.actions.ledger import CallLedger
from scoring.actions.strays import write_off_strays
from scoring.judges import (
    JUDGES,
    Judge,
    JudgeBusy,
    JudgeError,
    Outcome,
    Scored,
    build,
    check_outcomes,
    queue_of,
)
from scoring.judges.stored import evidence_of
from scoring.models import LONGEST_SAID, PreviewRun, PreviewVerdict, RunStatus
from scoring.models import Judge as JudgeRow
from scoring.preview_cells import varied
from scoring.queries.pinnable import FEW, candidates, responses_about
from scoring.queries.preview import (
    MOST_PINS,
    OpenCell,
    open_cells,
    open_cells_of,
    open_preview_run,
    pins_of,
)
from scoring.queries.requests import requests_for
from scoring.states import UNFINISHED
from scoring.storable import storable

CHUNK = 16
"""Cells that are asked for at once and stored before the next: what progress moves by."""
MAX_ATTEMPTS = 6
MOST_QUOTES, LONGEST_QUOTE = 6, 500  # of one cell, and characters of each
_SAID = ("status", "value", "rationale", "reason", "quotes", "raw_reply")

log = logging.getLogger(__name__)


class TooManyPins(ValueError):
    """A rubric has as many pinned responses as stand beside it at once."""


class NotPinnable(LookupError):
    """The response is of another project, or to a task that the rubric is not about."""


class PreviewNotPossible(ValueError):
    """There is nothing to judge, or a judge is at work; the message says which."""


# -- pins


@transaction.atomic
def pin_response(*, rubric: Rubric, response_id: int, by: User) -> Pin:
    """Pin a response beside a rubric; the pin there is, where it is pinned already.

    Raises NotPinnable, TooManyPins.
    """
    # Holding the rubric's row keeps two people from pinning the eighth at once.
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    response = responses_about(rubric).filter(pk=response_id).first()
    if response is None:
        raise NotPinnable(gettext("This rubric is not about that response."))
    known = pins_of(rubric).filter(response=response).first()
    if known is not None:
        return known
    if pins_of(rubric).count() >= MOST_PINS:
        raise TooManyPins(
            gettext("%(n)d responses are pinned, which is the most. Take one off first.")
            % {"n": MOST_PINS}
        )
    return Pin.objects.create(rubric=rubric, response=response, pinned_by=by)


@transaction.atomic
def unpin_response(*, rubric: Rubric, response_id: int, by: User) -> None:
    """Take a response off. What a judge said of it in a preview stays."""
    Pin.objects.filter(rubric=rubric, response=response_id).delete()


@transaction.atomic
def pin_varied(*, rubric: Rubric, by: User) -> int:
    """Fill the pins up to a few that differ in source, score and task; how many came to it."""
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    pinned = set(pins_of(rubric).values_list("response_id", flat=True))
    known = candidates(rubric, by)
    chosen = [one for one in known if one.response in pinned]
    others = [one for one in known if one.response not in pinned]
    picked = varied(others, FEW - len(pinned), chosen=chosen)
    Pin.objects.bulk_create(Pin(rubric=rubric, response_id=pk, pinned_by=by) for pk in picked)
    return len(picked)


# -- a judge on them


@transaction.atomic
def start_preview(*, rubric: Rubric, judge: JudgeRow, by: User, enqueue: bool = True) -> PreviewRun:
    """Let a judge say what is stale or missing of it on the pinned responses.

    The one at work, where the same judge is at it already. Raises PreviewNotPossible.
    """
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    check_judge(rubric, judge)
    at_work = open_preview_run(rubric)
    if at_work is not None and at_work.judge_id == judge.pk:
        return at_work
    if at_work is not None:
        raise PreviewNotPossible(
            gettext("%(judge)s is judging them now: wait for it, or cancel it.")
            % {"judge": at_work.judge}
        )
    cells = open_cells(rubric, judge)
    if not cells:
        raise PreviewNotPossible(_nothing_open(rubric, judge))
    run = PreviewRun.objects.create(rubric=rubric, judge=judge, expected=len(cells), created_by=by)
    if enqueue:
        enqueue_preview(run)
    return run


def check_judge(rubric: Rubric, judge: JudgeRow) -> None:
    """Raise PreviewNotPossible for a judge that is not the project's, archived or unknown."""
    unfit = judge.kind not in JUDGES or judge.archived_at is not None
    if unfit or judge.rater.project_id != rubric.project_id:
        raise PreviewNotPossible(gettext("This judge cannot be asked."))
    if judge.compares:
        raise PreviewNotPossible(
            gettext("This judge compares two responses: let it judge a pair in a run instead.")
        )


def _nothing_open(rubric: Rubric, judge: JudgeRow) -> str:
    if not pins_of(rubric).exists():
        return gettext("No response is pinned yet.")
    return gettext(
        "Nothing to ask: %(judge)s has judged each pinned response by these words, or the"
        " criteria are not for such a judge."
    ) % {"judge": judge}


@transaction.atomic
def cancel_preview(*, run: PreviewRun, by: User) -> bool:
    """Stop at the next few cells; what was said stays. False where it is finished already."""
    rows = PreviewRun.objects.filter(pk=run.pk, status__in=UNFINISHED)
    return bool(rows.update(status=RunStatus.CANCELLED, finished_at=timezone.now()))


def judge_preview(*, run: PreviewRun) -> None:
    """Ask the judge of the open cells and store what it says. Safe to repeat.

    The draft's words are read as they are when each few cells are asked for, and what is
    said is kept by those words. Raises one of batches.TRY_AGAIN where it is worth trying
    again later. Any other failure ends the preview in words.
    """
    with alone_on(PREVIEWS, run.pk) as mine:
        if not mine and PreviewRun.objects.filter(pk=run.pk, status__in=UNFINISHED).exists():
            raise Taken(f"Another worker has preview {run.pk}.")
        if not mine or not _begin(run):
            return
        try:
            _judge_all(run)
        except JudgeBusy as busy:
            if run.attempts < MAX_ATTEMPTS:
                raise
            _finish(run, RunStatus.FAILED, _given_up(run, busy))
        except JudgeError as error:
            _finish(run, RunStatus.FAILED, str(error))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # A preview must end in words, not hang, when a judge has a fault of its own.
            log.exception("preview %s failed", run.pk)
            _finish(run, RunStatus.FAILED, f"Unexpected {type(error).__name__}: {error}"[:2000])
        else:
            _finish(run, RunStatus.DONE)


def _given_up(run: PreviewRun, busy: JudgeBusy) -> str:
    words = ngettext(
        "Given up after %(n)d attempt: %(why)s",
        "Given up after %(n)d attempts: %(why)s",
        run.attempts,
    )
    return words % {"n": run.attempts, "why": busy}


def _begin(run: PreviewRun) -> bool:
    """Whether there is something to do; counts the attempt and marks the preview as running."""
    run.refresh_from_db()
    if run.status not in UNFINISHED:
        return False
    run.attempts += 1
    rows = PreviewRun.objects.filter(pk=run.pk, status__in=UNFINISHED)
    return bool(rows.update(status=RunStatus.RUNNING, attempts=run.attempts))


def _judge_all(run: PreviewRun) -> None:
    write_off_strays()
    ledger = CallLedger(judge=run.judge, since=run.created_at)
    judge = build(run.judge.kind, run.judge.params, site(ledger))
    asked: set[tuple[int, str, str]] = set()
    while PreviewRun.objects.filter(pk=run.pk, status__in=UNFINISHED).exists():
        cells = [cell for cell in open_cells_of(run) if _name(cell) not in asked]
        if not cells:
            return
        # Words that are edited meanwhile are asked for too.
        PreviewRun.objects.filter(pk=run.pk).update(expected=run.verdicts.count() + len(cells))
        asked.update(_name(cell) for cell in cells[:CHUNK])
        _judge_chunk(run, judge, cells[:CHUNK])


def _name(cell: OpenCell) -> tuple[int, str, str]:
    return cell.response.pk, cell.criterion.key, cell.judging_hash


def _judge_chunk(run: PreviewRun, judge: Judge, cells: Sequence[OpenCell]) -> None:
    asked = [(cell.response, cell.criterion, 0) for cell in cells]
    requests = requests_for(judge, run.rubric.project, asked)
    try:
        outcomes: Sequence[Outcome | None] = judge.judge(requests)
    except JudgeError as error:
        _store(run, cells, error.finished or (None,) * len(cells))
        raise
    check_outcomes(requests, [outcome for outcome in outcomes if outcome is not None])
    _store(run, cells, outcomes)


def _store(run: PreviewRun, cells: Sequence[OpenCell], outcomes: Sequence[Outcome | None]) -> None:
    rows = [
        _row(run, cell, outcome)
        for cell, outcome in zip(cells, outcomes, strict=True)
        if outcome is not None
    ]
    # A cell that was asked again, because nothing was heard before, has a row already.
    PreviewVerdict.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["rubric", "response", "criterion_key", "judging_hash", "judge"],
        update_fields=[*_SAID, "run", "cost", "latency", "created_at"],
    )


def _row(run: PreviewRun, cell: OpenCell, outcome: Outcome) -> PreviewVerdict:
    scored = outcome if isinstance(outcome, Scored) else None
    return PreviewVerdict(
        run=run,
        rubric=run.rubric,
        judge=run.judge,
        response=cell.response,
        criterion_key=cell.criterion.key,
        judging_hash=cell.judging_hash,
        status=outcome.status.value,
        value=scored.value if scored else None,
        rationale=storable(outcome.rationale, LONGEST_SAID),
        reason=storable(getattr(outcome, "reason", ""), LONGEST_SAID),
        quotes=_kept(outcome.quotes),
        raw_reply=storable(outcome.provenance.raw_reply, LONGEST_SAID),
        cost=outcome.provenance.cost,
        latency=outcome.provenance.latency,
    )


def _kept(quotes: Sequence[Quote]) -> list[dict[str, Any]]:
    """The first few quotes, cut where they are long: JSON spells a character in six at most."""
    return [
        quote | {"text": storable(quote["text"], LONGEST_QUOTE)}
        for quote in evidence_of(quotes[:MOST_QUOTES])
    ]


def _finish(run: PreviewRun, status: RunStatus, error: str = "") -> None:
    rows = PreviewRun.objects.filter(pk=run.pk, status__in=UNFINISHED)
    rows.update(status=status, finished_at=timezone.now(), error=storable(error))


# -- the queue


def requeue_unfinished(*, queue: str) -> int:
    """Enqueue the previews that a worker of this queue left open; how many."""
    runs = PreviewRun.objects.filter(status__in=UNFINISHED).select_related("judge")
    mine = [run for run in runs if run.judge.kind in JUDGES and _queue(run) == queue]
    for run in mine:
        enqueue_preview(run)
    return len(mine)


def _queue(run: PreviewRun) -> str:
    return queue_of(run.judge.kind, run.judge.params)


def enqueue_preview(run: PreviewRun) -> None:
    """Hand it to the workers once this transaction is done.

    Where the queue cannot be reached it stays as it is: the worker that starts next takes it up.
    """
    queue, pk = _queue(run), run.pk

    def send() -> None:
        # Imported here: the tasks call actions.
        from scoring.tasks import judge_preview as task

        task.apply_async(kwargs={"preview_id": pk}, queue=queue)

    transaction.on_commit(send, robust=True)
