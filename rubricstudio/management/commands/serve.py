"""Start the web server and the workers together; Ctrl-C ends them all."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from honcho.manager import Manager

BIN = os.path.dirname(sys.executable)


def processes(*, bind: str) -> dict[str, list[str]]:
    """The command of each process by name. docker-compose.yml runs the same ones."""
    worker = [f"{BIN}/celery", "--quiet", "-A", "rubricstudio", "worker", "--loglevel", "WARNING"]
    return {
        "web": [
            *(f"{BIN}/gunicorn", "rubricstudio.wsgi", "--bind", bind),
            *("--worker-class", "gthread", "--threads", str(settings.WEB_THREADS)),
            *("--graceful-timeout", "5", "--timeout", "120", "--log-level", "warning"),
        ],
        "llm": [
            *(*worker, "-n", "llm@%h", "-Q", "llm,default"),
            *("--concurrency", str(settings.LLM_WORKERS)),
        ],
        "gpu": [*worker, "-n", "gpu@%h", "-Q", "gpu", "--concurrency", "1"],
    }


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default=settings.WEB_BIND, help="address:port to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        # Celery warns a root user on every start; who runs a demo as root knows.
        quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
        manager = Manager()
        for name, command in processes(bind=options["bind"]).items():
            manager.add_process(name, shlex.join(command), env={**quiet, **os.environ})
        manager.loop()
        # A negative code is the signal that ended a process, which is how Ctrl-C ends them.
        sys.exit(max(manager.returncode or 0, 0))
