"""Chat completions from hosted models, many at once, in their turn and within bounds.

It knows nothing of judging, nor how a model is reached: see `llm_provider` and `llm_server`.
A call gives a `ChatReply` or a `ChatFailure` that says what kind of trouble it was, so that
whoever pays can decide what to store, retry or stop.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, Self

from rubricstudio.safe_address import AddressGuard, origin
from scoring.llm_calls import (
    ChatCall,
    ChatFailure,
    ChatReply,
    Intent,
    Ledger,
    Limits,
    Result,
    intent_of,
)
from scoring.llm_desk import Books, Desk
from scoring.llm_errors import Explained, Trouble, explain
from scoring.llm_models import listed_price
from scoring.llm_provider import Provider
from scoring.llm_server import OwnServer

LONGEST_WAIT = 60.0  # seconds; a provider that asks for more is left alone for now
SHUT = 30.0  # seconds for which nobody calls a service that stayed busy
GRACE = 5.0  # seconds beyond the timeout, in which LiteLLM may import and end a call itself
# Routes on which a caller's own address may be used: both speak OpenAI's protocol.
OPEN_ROUTES = ("openai/", "hosted_vllm/")


RETRIED = (Trouble.BUSY, Trouble.BROKEN)
STOPPING = (Trouble.BUSY, Trouble.FATAL, Trouble.BUDGET, Trouble.STOPPED)
OnResult = Callable[[int, Result], None]


class Route(Protocol):
    """How a model is reached, open while it is entered."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def ask(self, call: ChatCall) -> ChatReply:
        """The reply to one attempt of a call, or an exception that `explain` can tell."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmClient:
    """A model and how to call it.

    timeout: seconds for one attempt. attempts: at most this many for one call.
    backoff: seconds before the second attempt, doubling after it; Retry-After wins.
    concurrency: calls under way at once. price: dollars per token in and out, where the
    caller knows it. limits: what the endpoint takes a minute, of which the ledger keeps
    count. ledger: writes every attempt down; without one nothing is. reuse: whether
    answers that were given for something else may be taken. pause: how to wait, for tests.
    """

    model: str
    api_base: str | None = None
    api_key: str | None = field(default=None, repr=False)
    options: Mapping[str, object] = field(default_factory=dict)
    timeout: float = 120.0
    attempts: int = 4
    backoff: float = 1.0
    concurrency: int = 16
    allow_private: bool = False
    price: tuple[float, float] | None = None
    limits: Limits = Limits()
    ledger: Ledger | None = None
    reuse: bool = False
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    def chat(
        self, calls: Sequence[ChatCall], told: OnResult = lambda _i, _result: None
    ) -> list[Result | None]:
        """One result per call, in order.

        None where a call was never made, because by then another had shown that none can
        work (fatal), that the service is overloaded (busy) or that no more are wanted.
        `told` hears of each result as it comes, in this thread.
        """
        results: list[Result | None] = [None] * len(calls)

        def keep(i: int, result: Result) -> None:
            results[i] = result
            told(i, result)

        waiting = self._unanswered(calls, keep)
        if waiting:
            desk = Desk()
            books = Books(desk, self.ledger, self.limits)
            desk.serve(self._chat(waiting, books, partial(_hand_over, books, keep)))
            books.settle()
            desk.clear()
        return results

    @property
    def endpoint(self) -> str:
        """Whose limits a call counts against: a server of one's own, or the provider."""
        return origin(self.api_base) if self.api_base else self.model.partition("/")[0]

    def _unanswered(self, calls: Sequence[ChatCall], keep: OnResult) -> list[_Asked]:
        """The calls that were not answered before; the answers of the others are kept."""
        price = self.price or (listed_price(self.model) if self.ledger else None)
        asked = [
            _Asked(
                i,
                call,
                intent_of(
                    call,
                    {**self.options, **call.options},
                    model=self.model,
                    endpoint=self.endpoint,
                    price=price,
                ),
            )
            for i, call in enumerate(calls)
        ]
        if self.ledger is None:
            return asked
        wanted = {each.intent.cell: each.intent.key for each in asked}
        known = self.ledger.known(wanted, elsewhere=self.reuse)
        for each in asked:
            if each.intent.cell in known:
                keep(each.number, known[each.intent.cell])
        return [each for each in asked if each.intent.cell not in known]

    async def _chat(self, calls: Sequence[_Asked], books: Books, keep: OnResult) -> None:
        waiting = iter(calls)
        stopped = False
        guard = AddressGuard(self.allow_private)

        async def work(route: Route) -> None:
            nonlocal stopped
            for asked in waiting:
                result = await self._call(route, asked, books, guard)
                keep(asked.number, result)
                stopped = stopped or _stops(result)
                if stopped:
                    return

        async with self._route(guard) as route, asyncio.TaskGroup() as group:
            for _ in range(min(self.concurrency, len(calls))):
                group.create_task(work(route))

    def _route(self, guard: AddressGuard) -> Route:
        if self.api_base is None:
            return Provider(
                model=self.model,
                api_key=self.api_key,
                options=self.options,
                timeout=self.timeout,
                price=self.price,
            )
        return OwnServer(
            model=self.model,
            api_base=self.api_base,
            api_key=self.api_key,
            options=self.options,
            timeout=self.timeout,
            price=self.price,
            guard=guard,
        )

    async def _call(self, route: Route, asked: _Asked, books: Books, guard: AddressGuard) -> Result:
        """One call with its retries: the last result, with the number of attempts made."""
        for attempt in range(1, self.attempts + 1):
            intent = replace(asked.intent, attempt=attempt)
            result = await self._booked(route, asked.call, intent, books, guard)
            if isinstance(result, ChatReply) or result.trouble not in RETRIED or result.unsent:
                return result
            wait = self._wait(attempt, result.retry_after)
            if attempt == self.attempts or wait > LONGEST_WAIT:
                if result.trouble is Trouble.BUSY:
                    books.shut(intent.endpoint, max(wait, SHUT), result.message)
                return result
            await self.pause(wait)
        raise AssertionError("a client makes at least one attempt")

    async def _booked(
        self,
        route: Route,
        call: ChatCall,
        intent: Intent,
        books: Books,
        guard: AddressGuard,
    ) -> Result:
        """One attempt, in its turn, written down before and after."""
        turn = await books.turn(intent)
        if turn:
            await self.pause(turn)
        permit = await books.open(intent)
        if isinstance(permit, ChatFailure):
            return permit
        result = await self._attempt(route, call, intent.attempt, guard)
        books.close(permit, result)
        return result

    def _wait(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before the next attempt; spread out, so that callers do not return at once."""
        if retry_after is not None:
            return retry_after
        spread = 0.75 + random.random() / 2  # noqa: S311 - not a secret
        return float(min(self.backoff * 2 ** (attempt - 1), LONGEST_WAIT) * spread)

    async def _attempt(
        self, route: Route, call: ChatCall, attempt: int, guard: AddressGuard
    ) -> Result:
        begun = time.perf_counter()
        try:
            # A route's own timeout is for silence; this one is for a server that dribbles.
            async with asyncio.timeout(self.timeout + GRACE):
                reply = await route.ask(call)
        except Exception as error:
            found = explain(error, model=self.model, where=self.api_base, timeout=self.timeout)
            if found.unreached and guard.refusals:
                found = Explained(Trouble.FATAL, guard.refusals[-1])
            return ChatFailure(
                trouble=found.trouble,
                message=self._without_key(found.message),
                retry_after=found.retry_after,
                latency=time.perf_counter() - begun,
                attempts=attempt,
                maybe_paid=found.trouble is Trouble.TIMEOUT or found.unheard,
            )
        return replace(reply, latency=time.perf_counter() - begun, attempts=attempt)

    def _without_key(self, message: str) -> str:
        """Providers repeat a key they refuse, and messages reach pages and logs."""
        return message.replace(self.api_key, "***") if self.api_key else message


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call, its place among the calls, and what is written down of it."""

    number: int
    call: ChatCall
    intent: Intent


def _hand_over(books: Books, keep: OnResult, i: int, result: Result) -> None:
    books.tell(partial(keep, i, result))


def _stops(result: Result) -> bool:
    return isinstance(result, ChatFailure) and result.trouble in STOPPING
