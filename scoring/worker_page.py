"""The workers as their page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rubricstudio.workers import QUEUES, WorkerNode, queue_lengths, worker_nodes
from scoring.queries.workers import verdict_rates


@dataclass(frozen=True)
class QueueRow:
    """A queue: who serves it now, what waits (None: not known), verdicts a second."""

    name: str
    workers: int
    waiting: int | None
    rate: float


@dataclass(frozen=True)
class WorkerRow:
    """A worker. at: when it was last asked what it computes on, None where it never was."""

    node: WorkerNode
    since: datetime
    seen: datetime
    at: datetime | None

    @property
    def share(self) -> float | None:
        """The part of the device's memory that is used, in [0, 1]."""
        total = self.node.facts.get("memory_total")
        return self.node.facts["memory_used"] / total if total else None


@dataclass(frozen=True)
class WorkerPage:
    queues: list[QueueRow]
    workers: list[WorkerRow]


def worker_page() -> WorkerPage:
    """Queues and workers as they are now."""
    nodes, waiting, rates = worker_nodes(), queue_lengths(), verdict_rates()
    queues = [
        QueueRow(
            name,
            workers=_alive(nodes, name),
            waiting=None if waiting is None else waiting[name],
            rate=rates.get(name, 0.0),
        )
        for name in QUEUES
    ]
    return WorkerPage(queues, [_row(node) for node in nodes])


def _alive(nodes: Sequence[WorkerNode], queue: str) -> int:
    return sum(node.is_alive and queue in node.queues for node in nodes)


def _row(node: WorkerNode) -> WorkerRow:
    at = node.facts.get("at")
    moments = (node.since, node.seen)
    since, seen = (datetime.fromtimestamp(each, UTC) for each in moments)
    return WorkerRow(node, since, seen, datetime.fromtimestamp(at, UTC) if at else None)
