"""Texts on their way to a vector: a worker with the model computes it, the page waits.

The web process never loads the model. Nothing here fails because the broker is away: what
was not handed over is found by the worker that starts next (scoring.tasks.index_library).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from rubricstudio.domain.library import text_digest
from rubricstudio.models import RubricVersion
from rubricstudio.queries.library import vector_of
from rubricstudio.queries.library_texts import texts_of
from rubricstudio.workers import worker_status

QUEUE = "gpu"
TASK = "scoring.tasks.embed_texts"
AT_ONCE = 128
"""Texts in one task: some seconds of a worker's time."""
MOST_WAITS = 30
"""How often a page asks again, about once a second."""
ASKED_SECONDS = 60
"""For how long a text that was handed over is not handed over again."""

log = logging.getLogger(__name__)


class Meaning(StrEnum):
    """Whether a text can be looked for by what it means."""

    NOTHING = "nothing"  # there is no text
    READY = "ready"
    WAITING = "waiting"  # a worker was asked
    LATE = "late"  # a worker was asked and has not answered for long
    NO_WORKER = "no_worker"


@dataclass(frozen=True)
class Asked:
    """What is known of a text's meaning; `vector` only where it is READY."""

    meaning: Meaning
    vector: list[float] | None = None


@dataclass
class _Due:
    """The versions that one transaction publishes; an import may publish thousands."""

    pks: list[int]

    def __call__(self) -> None:
        if QUEUE in worker_status().queues:
            hand_over(texts_of(self.pks))


def index_on_commit(version: RubricVersion) -> None:
    """Have the texts of a version indexed once this transaction is done.

    Where no worker with the model is alive nothing is handed over: the one that starts
    next looks for what is missing.
    """
    for _, due, _ in transaction.get_connection().run_on_commit:
        if isinstance(due, _Due):
            due.pks.append(version.pk)
            return
    transaction.on_commit(_Due([version.pk]), robust=True)


def index_texts_on_commit(texts: Sequence[str]) -> None:
    """Have texts indexed once this transaction is done, where a worker is alive."""

    def send() -> None:
        if QUEUE in worker_status().queues:
            hand_over(texts)

    transaction.on_commit(send, robust=True)


def hand_over(texts: Sequence[str]) -> bool:
    """Ask a worker for the vectors of texts; whether the broker took it."""
    try:
        for start in range(0, len(texts), AT_ONCE):
            piece = list(texts[start : start + AT_ONCE])
            current_app.send_task(TASK, kwargs={"texts": piece}, queue=QUEUE, retry=False)
    except (BrokerError, RedisError, OSError):
        log.warning("The broker is away: %d texts are indexed when a worker starts", len(texts))
        return False
    return True


def ask_meaning(*, text: str, waits: int = 0) -> Asked:
    """The vector of a text, or how long to wait for it: `waits` counts the times asked before."""
    if not text.strip():
        return Asked(Meaning.NOTHING)
    digest = text_digest(text)
    vector = vector_of(digest)
    if vector is not None:
        return Asked(Meaning.READY, vector)
    if QUEUE not in worker_status().queues:
        return Asked(Meaning.NO_WORKER)
    if waits >= MOST_WAITS:
        return Asked(Meaning.LATE)
    if _first_to_ask(digest) and not hand_over([text]):
        return Asked(Meaning.NO_WORKER)
    return Asked(Meaning.WAITING)


def _first_to_ask(digest: str) -> bool:
    try:
        return bool(cache.add(f"meaning:{digest}", 1, timeout=ASKED_SECONDS))
    except RedisError:
        return True
