"""Real Celery workers on the test database, to be killed as a power cut would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.db import connection

from rubricstudio.celery import app
from tests import waiting

PATIENCE = 90.0
until = partial(waiting.until, patience=PATIENCE)
QUEUES = ("llm", "gpu")

Worker = subprocess.Popen[bytes]
Start = Callable[..., Worker]


@contextmanager
def worker_starter(program: str = "celery") -> Iterator[Start]:
    """Starts workers: `start(queue="llm", host="test", **environ)`; all are killed in the end."""
    started: list[Worker] = []

    def start(queue: str = "llm", host: str = "test", **environ: str) -> Worker:
        command = [sys.executable, "-m", program, "-A", "rubricstudio", "worker"]
        width = "2" if queue == "llm" else "1"
        options = ["-n", f"{queue}@{host}", "-Q", queue, "--concurrency", width]
        worker = subprocess.Popen(
            [*command, *options, "--loglevel", "ERROR"],
            env={
                **os.environ,
                "DATABASE_URL": database_address(),
                "PYTHONWARNINGS": "ignore",
                **environ,
            },
            start_new_session=True,
        )
        started.append(worker)
        return worker

    _forget_queues()
    yield start
    for worker in started:
        kill(worker)
    _forget_queues()


def database_address() -> str:
    """The address of the database this test uses, for another process."""
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def _forget_queues() -> None:
    """Drop what workers left: messages, unacknowledged ones, and their sign of life."""
    with app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        channel.client.delete(*QUEUES, "unacked", "unacked_index")
    cache.delete_many([f"worker:{queue}" for queue in QUEUES])


def kill(worker: Worker) -> None:
    """End a worker and its processes at once, as a power cut would."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(PATIENCE)


def children(worker: Worker) -> list[int]:
    """The processes of a worker that do its tasks."""
    text = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text()
    return [int(pid) for pid in text.split()]
