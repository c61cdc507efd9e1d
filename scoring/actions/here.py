"""A run judged in the calling process, for whoever has no worker or does not want one."""

from __future__ import annotations

import time
from collections.abc import Callable

from scoring.actions.batches import TRY_AGAIN, judge_batch
from scoring.actions.verdicts import Told
from scoring.models import Run
from scoring.states import UNFINISHED

LONGEST_PAUSE = 60.0


def work_here(
    *, run: Run, told: Told = lambda: None, pause: Callable[[float], None] = time.sleep
) -> Run:
    """Judge the open batches of a run until it is finished, and return it.

    `told` is called whenever verdicts were stored. While every open batch has to be tried
    again (a busy judge, a worker that is at it), waits with `pause`, twice as long each
    time and at most a minute; a batch is given up after as many attempts as with workers.
    """
    wait = 1.0
    while numbers := _open_batches(run):
        ended = [_tried(run, number, told) for number in numbers]
        if any(ended):
            wait = 1.0
        else:
            pause(wait)
            wait = min(wait * 2, LONGEST_PAUSE)
    return run


def _open_batches(run: Run) -> list[int]:
    run.refresh_from_db(fields=["status", "error", "started_at", "finished_at"])
    if run.status not in UNFINISHED:
        return []
    rows = run.batches.filter(finished_at__isnull=True).order_by("number")
    return list(rows.values_list("number", flat=True))


def _tried(run: Run, number: int, told: Told) -> bool:
    """Whether the batch came to an end."""
    try:
        judge_batch(run=run, number=number, told=told)
    except TRY_AGAIN:
        return False
    return True
