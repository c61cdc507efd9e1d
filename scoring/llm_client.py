"""Chat completions from hosted models, many at once: the only module that knows LiteLLM.

It knows nothing of judging. A call gives a `ChatReply` or a `ChatFailure` that says what
kind of trouble it was, so that whoever pays can decide what to store, retry or stop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from aiohttp import ClientSession

LONGEST_WAIT = 60.0  # seconds; a provider that asks for more is left alone for now
SHUT = 30.0  # seconds for which nobody calls a service that stayed busy
GRACE = 5.0  # seconds beyond the timeout, in which LiteLLM may import and end a call itself
# Routes on which a caller's own address may be used: both speak OpenAI's protocol.
OPEN_ROUTES = ("openai/", "hosted_vllm/")


RETRIED = (Trouble.BUSY, Trouble.BROKEN)
STOPPING = (Trouble.BUSY, Trouble.FATAL, Trouble.BUDGET, Trouble.STOPPED)
OnResult = Callable[[int, "Result"], None]


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
        price = self.price or (_listed_price(self.model) if self.ledger else None)
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

        async def work(complete: partial[Any]) -> None:
            nonlocal stopped
            for asked in waiting:
                result = await self._call(complete, asked, books, guard)
                keep(asked.number, result)
                stopped = stopped or _stops(result)
                if stopped:
                    return

        async with _own_client(self, guard) as client:
            complete = self._complete(client)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.concurrency, len(calls))):
                    group.create_task(work(complete))

    def _complete(self, client: object | None) -> partial[Any]:
        _know(self.model)
        settings: dict[str, object] = {"timeout": self.timeout, **self.options}
        if self.api_base:
            # An explicit key, if only a placeholder: LiteLLM would else send the provider's
            # own key from the environment to this address.
            settings |= {"api_base": self.api_base, "api_key": self.api_key or "none"}
            settings["client"] = client
        elif self.api_key:
            settings["api_key"] = self.api_key
        return partial(
            _litellm().acompletion, model=self.model, max_retries=0, num_retries=0, **settings
        )

    async def _call(
        self, complete: partial[Any], asked: _Asked, books: Books, guard: AddressGuard
    ) -> Result:
        """One call with its retries: the last result, with the number of attempts made."""
        for attempt in range(1, self.attempts + 1):
            intent = replace(asked.intent, attempt=attempt)
            result = await self._booked(complete, asked.call, intent, books, guard)
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
        complete: partial[Any],
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
        result = await self._attempt(complete, call, intent.attempt, guard)
        books.close(permit, result)
        return result

    def _wait(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before the next attempt; spread out, so that callers do not return at once."""
        if retry_after is not None:
            return retry_after
        spread = 0.75 + random.random() / 2  # noqa: S311 - not a secret
        return float(min(self.backoff * 2 ** (attempt - 1), LONGEST_WAIT) * spread)

    async def _attempt(
        self, complete: partial[Any], call: ChatCall, attempt: int, guard: AddressGuard
    ) -> Result:
        begun = time.perf_counter()
        try:
            # LiteLLM's timeout is for silence; this one is for a server that dribbles.
            async with asyncio.timeout(self.timeout + GRACE):
                response = await complete(messages=list(call.messages), **call.options)
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
        listed = _listed_price(self.model) is not None
        return _reply(response, self.price, listed, time.perf_counter() - begun, attempt)

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


def _reply(
    response: Any,
    price: tuple[float, float] | None,
    listed: bool,
    latency: float,
    attempts: int,
) -> ChatReply:
    if not response.choices:
        return ChatReply(text="", latency=latency, attempts=attempts)
    choice = response.choices[0]
    usage = getattr(response, "usage", None)
    tokens_in = getattr(usage, "prompt_tokens", None)
    tokens_out = getattr(usage, "completion_tokens", None)
    cost = response._hidden_params.get("response_cost") if listed else None
    if price and tokens_in is not None and tokens_out is not None:
        cost = tokens_in * price[0] + tokens_out * price[1]
    extra = getattr(choice.message, "provider_specific_fields", None) or {}
    return ChatReply(
        text=choice.message.content or "",
        finish_reason=choice.finish_reason or "",
        refusal=extra.get("refusal") or "",
        model=response.model or "",
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost,
        latency=latency,
        attempts=attempts,
    )


# -- LiteLLM itself ------------------------------------------------------------------------


@cache
def _litellm() -> ModuleType:
    """LiteLLM, imported on first use: it is heavy, and unasked it fetches a price list."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    for name in ("LiteLLM", "httpx", "httpcore", "openai", "aiohttp"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return litellm


@cache
def _listed_price(model: str) -> tuple[float, float] | None:
    """LiteLLM's price of a model in dollars a token, in and out; None where it lists none."""
    try:
        known = _litellm().get_model_info(model)
    except Exception:  # LiteLLM raises a plain Exception for a model that it does not list
        return None
    priced = known.get("input_cost_per_token"), known.get("output_cost_per_token")
    return (float(priced[0]), float(priced[1])) if None not in priced else None


@cache
def _know(model: str) -> None:
    """Have LiteLLM know a model that it does not list: it looks for one long, at every call.

    It is told a price of nothing, which `_reply` knows not to take for one.
    """
    if _listed_price(model) is not None:
        return
    provider = model.partition("/")[0]
    free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    _litellm().register_model({model: {"litellm_provider": provider, "mode": "chat", **free}})


def _own_client(
    client: LlmClient, guard: AddressGuard
) -> AbstractAsyncContextManager[object | None]:
    """The HTTP client for a caller's own address; None leaves a provider's to LiteLLM.

    It follows no redirects, and `guard` sees every address it is about to connect to,
    after the name was resolved: neither can lead it elsewhere.
    """
    if not client.api_base:
        return nullcontext(None)
    return _GuardedClient(client, client.api_base, guard)


class _GuardedClient:
    def __init__(self, client: LlmClient, api_base: str, guard: AddressGuard) -> None:
        self._model, self._key, self._base = client.model, client.api_key, api_base
        self._guard = guard

    async def __aenter__(self) -> object:
        _litellm()
        from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

        self._transport = LiteLLMAiohttpTransport(client=self._session)
        if not self._model.startswith("openai/"):
            return AsyncHTTPHandler(transport=self._transport, follow_redirects=False)
        import httpx
        import openai

        return openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self._base,
            max_retries=0,
            http_client=httpx.AsyncClient(transport=self._transport, follow_redirects=False),
        )

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    def _session(self) -> ClientSession:
        import aiohttp
        from litellm.llms.custom_httpx.http_handler import get_ssl_configuration

        secure = get_ssl_configuration() if self._base.startswith("https:") else True
        assert not isinstance(secure, str)
        connector = aiohttp.TCPConnector(limit=0, ssl=secure, socket_factory=self._guard.socket)
        return aiohttp.ClientSession(connector=connector, trust_env=False)
