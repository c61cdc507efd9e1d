"""The two threads of a batch of calls: one loop speaks to servers, the caller keeps the books.

The caller's thread would only wait, and it is the one that holds the database connection
and the lock on its work. So it serves a desk: what the loop wants written is handed to it,
all that has come up meanwhile in one go.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from functools import cache, partial
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from scoring.llm_calls import ChatFailure, Intent, Ledger, Limits, Permit, Result

# Seconds in which calls gather before they are written down together: each costs the database
# a tenth of what it would alone, and a call of a hosted model takes far longer.
GATHERING, SETTLING = 0.002, 0.05

Job = Callable[[], None]
Wanted = TypeVar("Wanted")
Given = TypeVar("Given")


class Desk:
    """Jobs for the thread that asked for the calls: those that a call waits for come first."""

    def __init__(self) -> None:
        self._bell: SimpleQueue[bool] = SimpleQueue()  # rung for each job, and False at the end
        self._pressing: deque[Job] = deque()
        self._patient: deque[Job] = deque()

    def put(self, job: Job, *, pressing: bool = False) -> None:
        """Have `job` done by the caller's thread; from any thread."""
        (self._pressing if pressing else self._patient).append(job)
        self._bell.put(True)

    def clear(self) -> None:
        """Do the jobs that are left when the work has ended."""
        while self._pressing or self._patient:
            self._do_next()

    def _do_next(self) -> None:
        waiting = self._pressing or self._patient
        if waiting:
            waiting.popleft()()

    def serve(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` in the process's loop for calls, and the jobs it puts here, until both end.

        What interrupts the caller, or a job that fails, cancels the work.
        """
        with _starting:  # members of a panel call at once
            loop = _loop(os.getpid())
        future = asyncio.run_coroutine_threadsafe(work, loop)
        future.add_done_callback(lambda _: self._bell.put(False))
        try:
            while self._bell.get():
                self._do_next()
            future.result()
        except BaseException:
            future.cancel()
            raise


_starting = threading.Lock()


@cache
def _loop(pid: int) -> asyncio.AbstractEventLoop:
    """One loop for all calls of the process `pid`, on a thread of its own.

    LiteLLM keeps its connections for the loop that made them: a loop for each batch would
    leave them open, batch after batch. A forked worker has another pid and gets another loop.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="llm-calls", daemon=True).start()
    return loop


class Gathering(Generic[Wanted, Given]):
    """Wishes of many coroutines, granted together by one job at the desk."""

    def __init__(self, desk: Desk, grant: Callable[[Sequence[Wanted]], Sequence[Given]]) -> None:
        self._desk, self._grant = desk, grant
        self._lock = threading.Lock()
        self._wishes: list[tuple[Wanted, asyncio.Future[Given]]] = []

    async def ask(self, wish: Wanted) -> Given:
        """What is given for `wish`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Given] = loop.create_future()
        with self._lock:
            self._wishes.append((wish, future))
            first = len(self._wishes) == 1
        if first:
            loop.call_later(GATHERING, partial(self._desk.put, self._serve, pressing=True))
        return await future

    def _serve(self) -> None:
        with self._lock:
            wishes, self._wishes = self._wishes, []
        given = self._grant([wish for wish, _ in wishes])
        pairs = [(future, each) for (_, future), each in zip(wishes, given, strict=True)]
        wishes[0][1].get_loop().call_soon_threadsafe(_resolve, pairs)


def _resolve(pairs: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, given in pairs:
        if not future.done():
            future.set_result(given)


class Books:
    """The ledger as the loop sees it: what many calls want written goes down at once."""

    def __init__(self, desk: Desk, ledger: Ledger | None, limits: Limits) -> None:
        self._ledger, self._limits = ledger, limits
        self._ended: SimpleQueue[tuple[Permit, Result]] = SimpleQueue()
        self._telling: SimpleQueue[Job] = SimpleQueue()
        self._desk, self._settling = desk, False
        self._opening: Gathering[Intent, Permit | ChatFailure] = Gathering(desk, self._write)
        self._pacing: Gathering[Intent, float] = Gathering(desk, self._pace)

    async def turn(self, intent: Intent) -> float:
        """Seconds until the call may be sent."""
        if self._ledger is None or self._limits == Limits():
            return 0.0
        return await self._pacing.ask(intent)

    async def open(self, intent: Intent) -> Permit | ChatFailure:
        """Write the call down before it is sent; a failure where it must not be."""
        return 0 if self._ledger is None else await self._opening.ask(intent)

    def close(self, permit: Permit, result: Result) -> None:
        """Have it written down how the call ended, soon."""
        if self._ledger is None:
            return
        self._ended.put((permit, result))
        self._settle_soon()

    def tell(self, job: Job) -> None:
        """Have `job` done once all that was closed before is written down.

        A verdict that is stored while its call is not yet booked would outlive the worker that
        dies in between, and the call be counted as lost.
        """
        if self._ledger is None:
            self._desk.put(job)
            return
        self._telling.put(job)
        self._settle_soon()

    def _settle_soon(self) -> None:
        if not self._settling:
            self._settling = True
            asyncio.get_running_loop().call_later(SETTLING, self._desk.put, self.settle)

    def shut(self, endpoint: str, seconds: float, why: str) -> None:
        """Have nobody call an endpoint for a while: it gave up on a call."""
        if self._ledger is not None:
            self._desk.put(partial(self._ledger.shut, endpoint, seconds, why))

    def settle(self) -> None:
        """Write down what has ended and is not written yet; in the caller's thread."""
        self._settling = False
        if not (self._ended.empty() and self._telling.empty()):
            self._write([])

    def _write(self, intents: Sequence[Intent]) -> Sequence[Permit | ChatFailure]:
        assert self._ledger is not None
        # In this order: what is told of was closed before.
        telling = [self._telling.get() for _ in range(self._telling.qsize())]
        ended = [self._ended.get() for _ in range(self._ended.qsize())]
        written = self._ledger.write(intents, ended)
        for job in telling:
            self._desk.put(job)
        return written

    def _pace(self, intents: Sequence[Intent]) -> Sequence[float]:
        assert self._ledger is not None
        return self._ledger.pace(intents, self._limits)
