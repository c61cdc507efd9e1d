"""What a worker does each time it has connected to its broker."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from redis.exceptions import ConnectionError as BrokerLost

from rubricstudio.celery import PatientChannel, TakeUpWhatWasLeft, app


def test_open_batches_are_queued_again_whenever_a_worker_has_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(app, "send_task", lambda name, **options: sent.append((name, options)))
    consumer = SimpleNamespace(hostname="llm@host")

    # Celery starts the steps of a consumer again after each lost connection.
    assert TakeUpWhatWasLeft in app.steps["consumer"]
    step = TakeUpWhatWasLeft(consumer)
    step.start(consumer)
    step.start(consumer)

    expected = ("scoring.tasks.requeue_unfinished", {"kwargs": {"queue": "llm"}, "queue": "llm"})
    assert sent == [expected, expected]


def test_a_worker_with_the_model_also_indexes_what_the_library_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(app, "send_task", lambda name, **options: sent.append((name, options)))

    TakeUpWhatWasLeft(SimpleNamespace()).start(SimpleNamespace(hostname="gpu@host"))

    assert sent[1:] == [("scoring.tasks.index_library", {"queue": "gpu"})]


def test_a_channel_without_its_connection_says_that_the_broker_is_lost() -> None:
    channel: Any = PatientChannel.__new__(PatientChannel)
    channel.connection = SimpleNamespace(client=None)

    # Any other error would end the worker: tests/scoring/test_services_restart.py.
    with pytest.raises(BrokerLost):
        channel._connparams()
