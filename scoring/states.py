"""Which run states lead where; tests assert that the table is total."""

from __future__ import annotations

from scoring.models import RunStatus

RUN_STEPS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset(
        {RunStatus.RUNNING, RunStatus.CANCELLED, RunStatus.FAILED, RunStatus.DONE}
    ),
    RunStatus.RUNNING: frozenset(
        {RunStatus.DONE, RunStatus.PARTIAL, RunStatus.FAILED, RunStatus.CANCELLED}
    ),
    RunStatus.PARTIAL: frozenset({RunStatus.QUEUED}),
    RunStatus.FAILED: frozenset({RunStatus.QUEUED}),
    RunStatus.CANCELLED: frozenset({RunStatus.QUEUED}),
    RunStatus.DONE: frozenset(),
}
UNFINISHED = (RunStatus.QUEUED, RunStatus.RUNNING)
CAN_RESUME = tuple(status for status in RunStatus if RunStatus.QUEUED in RUN_STEPS[status])
