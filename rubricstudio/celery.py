"""The Celery application, and the sign of life that the page header shows."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rubricstudio.settings")

app = Celery("rubricstudio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def report_alive(sender: Any, **_: object) -> None:
    """Record the worker's sign of life every time it sends one (every 2 s)."""
    from rubricstudio.workers import report_heartbeat

    report_heartbeat(node=str(sender.eventer.hostname))


@worker_ready.connect
def take_up_what_was_left(sender: Any, **_: object) -> None:
    """A worker that was killed took its messages along: queue its open batches again."""
    queue = str(sender.hostname).partition("@")[0]
    app.send_task("scoring.tasks.requeue_unfinished", kwargs={"queue": queue}, queue=queue)
