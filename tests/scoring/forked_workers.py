"""Workers that begin at once, to be killed often: forked from a process that has loaded all.

`python -m tests.scoring.forked_workers` obeys a line at a time: the number of a run begins a
child that works it; "kill" ends the child as a power cut would, "wait" waits for its end. Each
is answered by "done". It has one thread, so that a fork copies no lock that another held.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from scoring.models import Run

ROOT = Path(__file__).resolve().parents[2]


class Forker:
    """Begins and ends workers, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self, run: Run) -> None:
        self._tell(str(run.pk))

    def kill(self) -> None:
        self._tell("kill")

    def wait(self) -> None:
        self._tell("wait")

    def _tell(self, order: str) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer == "done", "the process that begins workers has died"


@contextmanager
def forker(**environ: str) -> Iterator[Forker]:
    """A process that begins workers, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scoring.forked_workers"],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Forker(process)
    finally:
        process.communicate()


def main() -> None:
    import django

    django.setup()
    load_model_client()
    child = 0
    for line in sys.stdin:
        order = line.strip()
        if order == "kill":
            os.kill(child, signal.SIGKILL)  # nobody has waited for it yet: the number is its own
        if order in ("kill", "wait"):
            os.waitpid(child, 0)
        else:
            child = os.fork() or _work(int(order))
        print("done", flush=True)


def load_model_client() -> None:
    """Have LiteLLM import what a call needs, which it does as it goes: once, before the forks."""
    from scoring.llm_models import litellm

    asked = [{"role": "user", "content": "?"}]
    call = litellm().acompletion(model="openai/m", messages=asked, mock_response="!")
    asyncio.run(call)


def _work(run_id: int) -> NoReturn:
    """Work a run and leave; a lost database is met again, as a worker of Celery would."""
    from django.db import InterfaceError, OperationalError, connection

    from scoring.actions.here import work_here
    from scoring.models import Run

    try:
        while True:
            try:
                work_here(run=Run.objects.get(pk=run_id), pause=lambda _: None)
                break
            except (OperationalError, InterfaceError):
                connection.close()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
