"""Whether a worker serves a queue, from the sign of life each worker leaves in the cache.

A worker node is named for its queue, as in `llm@host`; the `llm` worker also serves
the queue `default`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.utils.translation import gettext
from redis.exceptions import RedisError

QUEUES = ("default", "llm", "gpu")
ALIVE_SECONDS = 12
_SERVED_BY = {"default": "llm", "llm": "llm", "gpu": "gpu"}


@dataclass(frozen=True)
class WorkerStatus:
    """Which queues have a live worker."""

    queues: frozenset[str]

    @property
    def alive(self) -> bool:
        return bool(self.queues)

    @property
    def missing(self) -> list[str]:
        return [queue for queue in QUEUES if queue not in self.queues]

    @property
    def detail(self) -> str:
        """What it means for the person: which work is done, which waits."""
        if not self.missing:
            return gettext("Workers serve every queue.")
        facts = {"queues": ", ".join(self.missing)}
        waits = gettext("Nothing serves %(queues)s: such work waits.") % facts
        if self.alive:
            return waits
        return f"{waits} {gettext('Start workers with manage.py serve.')}"


def report_heartbeat(*, node: str) -> None:
    """Note that the worker `node` ("llm@host") lives."""
    cache.set(f"worker:{node.partition('@')[0]}", node, timeout=ALIVE_SECONDS)


def worker_status() -> WorkerStatus:
    """The queues that a live worker serves now; none where the cache cannot be reached."""
    kinds = sorted(set(_SERVED_BY.values()))
    try:
        found = cache.get_many([f"worker:{kind}" for kind in kinds])
    except RedisError:
        found = {}
    alive = {kind for kind in kinds if f"worker:{kind}" in found}
    return WorkerStatus(frozenset(q for q, kind in _SERVED_BY.items() if kind in alive))
