"""Whether a worker serves a queue, from the sign of life each worker leaves in the cache.

A worker node is named for its queue, as in `llm@host`; the `llm` worker also serves
the queue `default`. Several workers of a queue differ in what follows the @.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.utils.translation import gettext
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

QUEUES = ("default", "llm", "gpu")
ALIVE_SECONDS = 12
REMEMBERED = 24 * 3600
"""Seconds for which a worker that went away is still listed."""
LISTED_EVERY = 30.0
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


@dataclass(frozen=True)
class WorkerNode:
    """One worker that reports, or that did within a day.

    since, seen: when it started and when it was last heard of, seconds since the epoch.
    facts: what it computes on (`scoring.judges.local_device`) as its last piece of work left
    it, with the time `at`; empty for a worker that has not used a model.
    """

    name: str
    since: float
    seen: float
    facts: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return self.name.partition("@")[0]

    @property
    def is_alive(self) -> bool:
        return time.time() - self.seen <= ALIVE_SECONDS

    @property
    def queues(self) -> list[str]:
        return [queue for queue, kind in _SERVED_BY.items() if kind == self.kind]


@dataclass
class _Started:
    """When this process was first heard of, and when it last put itself on the list."""

    at: float = 0.0
    listed: float = float("-inf")


_started = _Started()


def report_heartbeat(*, node: str) -> None:
    """Note that the worker `node` ("llm@host") lives."""
    cache.set(f"worker:{node.partition('@')[0]}", node, timeout=ALIVE_SECONDS)
    now = time.time()
    _started.at = _started.at or now
    cache.set(f"worker-seen:{node}", (_started.at, now), timeout=REMEMBERED)
    if now - _started.listed > LISTED_EVERY:
        # Two workers may write at once; who is lost is back within half a minute.
        known = set(cache.get("worker-nodes") or ())
        cache.set("worker-nodes", sorted(known | {node}), timeout=REMEMBERED)
        _started.listed = now


def report_facts(*, node: str, facts: Mapping[str, Any]) -> None:
    """Note what the worker `node` computes on."""
    cache.set(f"worker-facts:{node}", {**facts, "at": time.time()}, timeout=REMEMBERED)


def worker_nodes() -> list[WorkerNode]:
    """The workers that report, by name, and those that were heard of within a day."""
    names = sorted(cache.get("worker-nodes") or ())
    kinds = ("worker-seen", "worker-facts")
    found = cache.get_many([f"{kind}:{name}" for kind in kinds for name in names])
    nodes = []
    for name in names:
        if f"worker-seen:{name}" in found:
            since, seen = found[f"worker-seen:{name}"]
            facts = found.get(f"worker-facts:{name}", {})
            # What a process of this name found that has ended since says nothing of this one.
            nodes.append(
                WorkerNode(name, since, seen, facts if facts.get("at", 0) >= since else {})
            )
    return nodes


def queue_lengths() -> dict[str, int] | None:
    """The messages that wait in each queue for a worker to take them; None where nobody can say."""
    try:
        with current_app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
            channel: Any = connection.default_channel
            return {queue: int(channel.client.llen(queue)) for queue in QUEUES}
    except (OperationalError, RedisError, OSError):
        return None


def worker_status() -> WorkerStatus:
    """The queues that a live worker serves now; none where the cache cannot be reached."""
    kinds = sorted(set(_SERVED_BY.values()))
    try:
        found = cache.get_many([f"worker:{kind}" for kind in kinds])
    except RedisError:
        found = {}
    alive = {kind for kind in kinds if f"worker:{kind}" in found}
    return WorkerStatus(frozenset(q for q, kind in _SERVED_BY.items() if kind in alive))
