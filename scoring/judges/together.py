"""Several pieces of work at once, while the thread that wants them done keeps the books.

Who waits for servers can wait in a thread of its own. But the database connection, and the lock
on the work, belong to the thread that asked: what the others want written is done in that one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Generic, TypeVar

from scoring.llm_calls import ChatFailure, ChatReply, Intent, Ledger, Limits, Permit, Result
from scoring.llm_errors import Trouble

Given = TypeVar("Given")
Work = Callable[[], None]


class CallerLeft(Exception):
    """The thread that wanted the work done is gone: nobody keeps the books any more."""


@dataclass(frozen=True, slots=True)
class _Job(Generic[Given]):
    """Something to be done by the caller's thread, and where the other waits for what it gives."""

    do: Callable[[], Given]
    given: Future[Given]

    def carry_out(self) -> None:
        try:
            self.given.set_result(self.do())
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        self.given.set_exception(CallerLeft())


class Caller:
    """The thread that asked, as the threads that work for it see it."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._door = threading.Lock()
        self._gone = False

    def have(self, do: Callable[[], Given]) -> Given:
        """What `do` gives, done by the caller's thread; called from another. Raises CallerLeft."""
        given: Future[Given] = Future()
        with self._door:
            if self._gone:
                raise CallerLeft
            self._jobs.put(_Job(do, given))  # type: ignore[arg-type]
        return given.result()

    def wait_for(self, works: Sequence[Work]) -> None:
        """Do each of `works` in a thread of its own, and here what they want done, until all end.

        They raise nothing but CallerLeft. What a job raises here ends the waiting, and the works
        at their next wish.
        """
        left = len(works)
        try:
            for work in works:
                threading.Thread(target=self._work, args=(work,), daemon=True).start()
            while left:
                job = self._jobs.get()
                if job is None:
                    left -= 1
                else:
                    job.carry_out()
        finally:
            self._leave()

    def _work(self, work: Work) -> None:
        try:
            work()
        except CallerLeft:
            pass
        finally:
            self._jobs.put(None)

    def _leave(self) -> None:
        with self._door:
            self._gone = True
        while not self._jobs.empty():
            if job := self._jobs.get():
                job.drop()


@dataclass(slots=True)
class FarLedger:
    """A ledger that is kept by the caller's thread; once `halted` it lets no call begin."""

    ledger: Ledger
    caller: Caller
    halted: bool = field(default=False)

    def known(self, wanted: Mapping[str, str], *, elsewhere: bool) -> Mapping[str, ChatReply]:
        return self.caller.have(partial(self.ledger.known, wanted, elsewhere=elsewhere))

    def pace(self, intents: Sequence[Intent], limits: Limits) -> Sequence[float]:
        return self.caller.have(partial(self.ledger.pace, intents, limits))

    def write(
        self, intents: Sequence[Intent], ended: Sequence[tuple[Permit, Result]]
    ) -> Sequence[Permit | ChatFailure]:
        if not self.halted:
            return self.caller.have(partial(self.ledger.write, intents, ended))
        self.caller.have(partial(self.ledger.write, (), ended))
        halt = ChatFailure(trouble=Trouble.STOPPED, message="Another judge failed.", unsent=True)
        return [halt] * len(intents)

    def shut(self, endpoint: str, seconds: float, why: str) -> None:
        self.caller.have(partial(self.ledger.shut, endpoint, seconds, why))
