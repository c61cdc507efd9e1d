"""Whether anybody is there to do what waits in a queue."""

from __future__ import annotations

from rubricstudio.workers import worker_status
from scoring.wording import no_worker


def waits_for(queue: str) -> str:
    """What to say where nobody serves the queue; empty where somebody does."""
    return "" if queue in worker_status().queues else no_worker(queue)
