"""Calls to hosted models: many at once, retried within bounds, their troubles told apart."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import os
import signal
import sys
import threading
from concurrent.futures import Future
from importlib import import_module
from typing import Any

import pytest

from scoring.llm_calls import ChatCall, ChatFailure, ChatReply
from scoring.llm_client import LONGEST_WAIT, LlmClient
from scoring.llm_desk import Desk
from scoring.llm_errors import TROUBLES, Trouble, retry_after
from tests.scoring.judges.conftest import Servers
from tests.scripted_server import Answer, Call, ScriptedServer, fail, say
from tests.waiting import until

OWN = ("hosted_vllm", "openai")
# The last leads to the same server as if it were a provider's, through all of LiteLLM.
ROUTES = (*OWN, "provider")


class Waits(list[float]):
    """Waits for nothing and writes down how long it should have."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)
        await asyncio.sleep(0)


def client_of(server: ScriptedServer, route: str = "hosted_vllm", **others: Any) -> LlmClient:
    defaults: dict[str, Any] = {"pause": Waits(), "allow_private": True, "timeout": 20.0}
    if route == "provider":
        at = {"api_base": server.url, "api_key": others.pop("api_key", "none")}
        return LlmClient(model="hosted_vllm/m", options=at, **defaults | others)
    return LlmClient(model=f"{route}/m", api_base=server.url, **defaults | others)


def calls(count: int = 1) -> list[ChatCall]:
    return [ChatCall(messages=[{"role": "user", "content": f"#{i}"}]) for i in range(count)]


def only(results: list[Any]) -> Any:
    assert len(results) == 1
    return results[0]


@pytest.mark.parametrize("route", ROUTES)
def test_replies_come_back_in_order_with_their_tokens(serve: Servers, route: str) -> None:
    server = serve(lambda call: Answer(content=call.text, delay=0.05 if "#0" in call.text else 0))

    results = client_of(server, route).chat(calls(5))

    assert [each.text for each in results if isinstance(each, ChatReply)] == [
        f"#{i}" for i in range(5)
    ]
    assert all(isinstance(each, ChatReply) and each.latency > 0 for each in results)


def test_it_keeps_no_more_calls_under_way_than_asked(serve: Servers) -> None:
    server = serve(lambda _: Answer(content="x", delay=0.02))

    client_of(server, concurrency=3).chat(calls(12))

    assert len(server.calls) == 12
    assert server.most_at_once == 3


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_a_busy_server_asks(serve: Servers, route: str, status: int) -> None:
    waits = Waits()
    server = serve(lambda call: fail(status, Retry_After="7") if call.index < 2 else say("met"))

    result = only(client_of(server, route, pause=waits).chat(calls()))

    assert isinstance(result, ChatReply)
    assert result.attempts == 3
    assert waits == [7.0, 7.0]


def test_its_own_waits_double_and_are_spread_out(serve: Servers) -> None:
    waits = Waits()
    server = serve(lambda _: fail(500))

    result = only(client_of(server, pause=waits, backoff=2.0, attempts=4).chat(calls()))

    # 2, 4 and 8 seconds, each within a quarter.
    assert isinstance(result, ChatFailure)
    assert len(server.calls) == result.attempts == 4
    for wait, expected in zip(waits, (2, 4, 8), strict=True):
        assert 0.75 * expected <= wait <= 1.25 * expected


def test_it_does_not_wait_longer_than_the_limit(serve: Servers) -> None:
    waits = Waits()
    server = serve(lambda _: fail(429, Retry_After=str(LONGEST_WAIT + 1)))

    result = only(client_of(server, pause=waits).chat(calls()))

    assert (result.trouble, result.retry_after) == (Trouble.BUSY, LONGEST_WAIT + 1)
    assert waits == []


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("answer", "trouble", "attempts"),
    [
        (fail(401, "bad key"), Trouble.FATAL, 1),
        (fail(403, "not you"), Trouble.FATAL, 1),
        (fail(404, "no such model", code="model_not_found"), Trouble.FATAL, 1),
        (fail(429, "out of credit: insufficient_quota"), Trouble.FATAL, 2),
        (fail(400, "This model's maximum context length is 9 tokens"), Trouble.TOO_LONG, 1),
        (fail(400, "weird"), Trouble.REJECTED, 1),
        (fail(400, "content_policy_violation"), Trouble.REFUSED, 1),
        (fail(500), Trouble.BROKEN, 2),
        (Answer(content="x" * 99, cut=True), Trouble.BROKEN, 2),
        (fail(503), Trouble.BUSY, 2),
        (fail(502), Trouble.BUSY, 2),
        (fail(529), Trouble.BUSY, 2),
        (fail(504), Trouble.TIMEOUT, 1),
        (fail(413), Trouble.TOO_LONG, 1),
        (fail(507), Trouble.BROKEN, 2),
        (fail(429), Trouble.BUSY, 2),
    ],
)
def test_it_tells_troubles_apart(
    serve: Servers, route: str, answer: Answer, trouble: Trouble, attempts: int
) -> None:
    server = serve(lambda _: answer)

    result = only(client_of(server, route, attempts=2).chat(calls()))

    assert isinstance(result, ChatFailure)
    assert result.trouble is trouble
    assert result.message
    assert len(server.calls) == (1 if trouble is Trouble.FATAL else attempts)


@pytest.mark.parametrize("route", OWN)
def test_a_redirect_is_not_followed(serve: Servers, route: str) -> None:
    server = serve(lambda call: fail(307, Location="/v2") if call.index == 0 else say("met"))

    result = only(client_of(server, route).chat(calls()))

    assert result.trouble is Trouble.FATAL
    assert len(server.calls) == 1


@pytest.mark.parametrize("route", ROUTES)
def test_a_server_that_hangs_is_a_timeout_and_is_not_asked_again(
    serve: Servers, route: str
) -> None:
    server = serve(lambda _: Answer(hang=True))

    result = only(client_of(server, route, timeout=0.2).chat(calls()))

    assert result.trouble is Trouble.TIMEOUT
    assert result.message == "No answer in time (the limit is 0.2 seconds)."
    assert len(server.calls) == 1


def test_a_server_that_dribbles_is_a_timeout_too(
    serve: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda call: say("met") if call.index == 0 else Answer(dribble=True))
    assert isinstance(only(client_of(server).chat(calls())), ChatReply)  # all is imported
    monkeypatch.setattr("scoring.llm_client.GRACE", 0.0)

    result = only(client_of(server, timeout=0.5).chat(calls()))

    assert result.trouble is Trouble.TIMEOUT


@pytest.mark.parametrize("route", OWN)
def test_a_server_that_is_not_there_is_busy(serve: Servers, route: str) -> None:
    server = serve()
    server.stop()

    result = only(client_of(server, route, attempts=1).chat(calls()))

    assert result.trouble is Trouble.BUSY
    assert result.message.startswith(f"Cannot reach {server.url}")


@pytest.mark.parametrize("status", [401, 429])
def test_nothing_more_is_asked_once_no_call_can_work(serve: Servers, status: int) -> None:
    server = serve(lambda call: say("met") if call.index == 0 else fail(status))

    results = client_of(server, attempts=1, concurrency=1).chat(calls(5))

    assert len(server.calls) == 2
    assert isinstance(results[0], ChatReply)
    assert isinstance(results[1], ChatFailure)
    assert results[2:] == [None, None, None]


@pytest.mark.parametrize("route", OWN)
def test_a_name_that_leads_to_a_private_address_is_refused(serve: Servers, route: str) -> None:
    server = serve()
    named = dataclasses.replace(
        client_of(server, route, allow_private=False),
        api_base=server.url.replace("127.0.0.1", "localhost"),
    )

    result = only(named.chat(calls()))

    assert result.trouble is Trouble.FATAL
    assert "private address" in result.message
    assert server.calls == []


@pytest.mark.parametrize("route", OWN)
def test_a_provider_s_own_key_never_goes_to_a_caller_s_address(
    serve: Servers, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-providers-own")
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", "sk-providers-own")
    server = serve(lambda _: say("met"))

    client_of(server, route).chat(calls())

    assert len(server.calls) == 1
    assert "sk-providers-own" not in str(server.calls)


@pytest.mark.parametrize("route", OWN)
def test_the_key_is_sent_and_kept_out_of_messages(serve: Servers, route: str) -> None:
    def script(call: Call) -> Answer:
        return fail(401, f"Incorrect key: {call.headers['authorization']}")

    server = serve(script)

    result = only(client_of(server, route, api_key="sk-hush").chat(calls()))

    assert server.calls[0].headers["authorization"] == "Bearer sk-hush"
    assert "sk-hush" not in result.message
    assert "***" in result.message


def test_the_cost_is_unknown_where_no_price_is_known(serve: Servers) -> None:
    assert only(client_of(serve(lambda _: say("met"))).chat(calls())).cost is None


def test_the_cost_follows_from_tokens_and_prices(serve: Servers) -> None:
    server = serve(lambda _: Answer(content="x" * 40))
    long = [ChatCall(messages=[{"role": "user", "content": "y" * 400}])]

    result = only(client_of(server, price=(1e-6, 5e-6)).chat(long))

    # 400 and 40 characters are 100 and 10 tokens here: 100 x 0.000001 + 10 x 0.000005.
    assert (result.tokens_in, result.tokens_out) == (100, 10)
    assert result.cost == pytest.approx(0.00015)


@pytest.mark.parametrize("route", OWN)
def test_batches_to_a_provider_share_their_connections(
    serve: Servers, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda _: say("met"))
    for name in ("OPENAI_API_BASE", "HOSTED_VLLM_API_BASE"):
        monkeypatch.setenv(name, server.url)
    client = LlmClient(model=f"{route}/{server.origin[-5:]}", api_key="sk-x", concurrency=2)

    for _ in range(5):
        results = client.chat(calls(4))
        assert all(isinstance(each, ChatReply) for each in results)

    assert len(server.calls) == 20
    assert server.connections <= 2


class Interrupted(BaseException):
    """As a task's time limit comes: raised in the caller's thread by a signal."""


def _caller_waits() -> bool:
    """Whether this test's own thread is where a caller waits for jobs."""
    frame = sys._current_frames()[threading.main_thread().ident or 0]
    lines, first = inspect.getsourcelines(Desk.serve)
    waiting = first + next(i for i, line in enumerate(lines) if "_bell.get()" in line)
    return frame.f_code is Desk.serve.__code__ and frame.f_lineno == waiting


def test_what_interrupts_the_caller_cancels_its_calls(
    serve: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[Future[Any]] = []
    begin = asyncio.run_coroutine_threadsafe

    def watched(*args: Any) -> Future[Any]:
        work.append(begin(*args))
        return work[-1]

    def interrupt(*_: object) -> None:
        raise Interrupted

    def script(_: Call) -> Answer:
        until(_caller_waits, "the caller to wait")
        os.kill(os.getpid(), signal.SIGUSR1)
        return Answer(hang=True)

    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", watched)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(Interrupted):
            client_of(serve(script)).chat(calls())
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert [each.cancelled() for each in work] == [True]


def test_a_model_without_a_provider_is_refused_with_an_example() -> None:
    result = only(LlmClient(model="nonsense").chat(calls()))

    assert result.trouble is Trouble.FATAL
    assert "openai/gpt-4.1" in result.message


def test_a_provider_without_a_key_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    result = only(LlmClient(model="openai/gpt-4.1").chat(calls()))

    assert result.trouble is Trouble.FATAL
    assert "api_key_env" in result.message


def test_every_exception_it_knows_exists() -> None:
    exceptions = import_module("litellm.exceptions")

    assert [
        name for name in TROUBLES if name != "TimeoutError" and not hasattr(exceptions, name)
    ] == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
def test_retry_after_is_read_in_seconds_only(header: str, seconds: float | None) -> None:
    error = Exception()
    error.litellm_response_headers = {"retry-after": header}  # type: ignore[attr-defined]  # as LiteLLM does

    assert retry_after(error) == seconds


def test_nothing_is_asked_for_no_calls() -> None:
    assert LlmClient(model="openai/gpt-4.1").chat([]) == []
