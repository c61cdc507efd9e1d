"""Servers of one's own are spoken to as LiteLLM would, and never asked twice for one attempt."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest

from rubricstudio.safe_address import AddressGuard
from scoring.llm_calls import ChatCall, ChatFailure, ChatReply
from scoring.llm_client import LlmClient
from scoring.llm_desk import _loop
from scoring.llm_errors import Trouble
from scoring.llm_models import litellm
from scoring.llm_provider import Provider
from scoring.llm_server import OwnServer
from tests.scoring.judges.conftest import Servers
from tests.scripted_server import Answer, ScriptedServer

ASKED = [{"role": "system", "content": "Be fair. \ud83d"}, {"role": "user", "content": "ä 中 \0"}]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "v", "strict": True, "schema": {"type": "object"}},
}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def own(server: ScriptedServer, model: str = "hosted_vllm/m", **others: Any) -> OwnServer:
    given: dict[str, Any] = {"api_key": None, "options": {}, "timeout": 20.0, "price": None}
    return OwnServer(model=model, api_base=server.url, guard=AddressGuard(True), **given | others)


def whole(server: ScriptedServer, model: str = "hosted_vllm/m", **others: Any) -> Provider:
    """The same server through all of `litellm.acompletion`."""
    at = {"api_base": server.url, "api_key": "none"}
    given: dict[str, Any] = {"api_key": None, "timeout": 20.0, "price": None}
    return Provider(model=model, options={**at, **others.pop("options", {})}, **given | others)


def ask(route: OwnServer | Provider, call: ChatCall) -> ChatReply:
    async def asked() -> ChatReply:
        async with route:
            return await route.ask(call)

    # In the process's loop for calls: LiteLLM leaves a task of its own in the loop it is met in.
    return asyncio.run_coroutine_threadsafe(asked(), _loop(os.getpid())).result(60)


@pytest.mark.parametrize("model", ["hosted_vllm/m", "openai/m", "openai/gpt-4.1", "openai/o3"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 1.0, "max_tokens": 400, "seed": 7, "response_format": SCHEMA},
        {"response_format": {"type": "json_object"}, "extra_body": {"top_k": 3, "a": {"b": [1]}}},
        {"reasoning_effort": "low", "extra_body": {"chat_template_kwargs": {"thinking": False}}},
    ],
)
def test_it_sends_what_litellm_sends(
    serve: Servers, model: str, options: dict[str, object]
) -> None:
    server = serve(lambda _: Answer(content="x"))
    plain = [{**each, "content": str(each["content"]).replace("\ud83d", "")} for each in ASKED]
    call = ChatCall(messages=plain, options=options)

    failures = []
    for route in (own, whole):
        try:
            ask(route(server, model), call)
        except Exception as error:  # an option that the model does not take
            failures.append(type(error))

    if failures:
        assert failures == [litellm().UnsupportedParamsError] * 2
    else:
        mine, theirs = server.calls
        assert mine.path == theirs.path
        assert {"stream": False, **mine.body} == {"stream": False, **theirs.body}
        for name in ("authorization", "content-type"):
            assert mine.headers[name] == theirs.headers[name]


def test_pictures_and_broken_characters_arrive(serve: Servers) -> None:
    server = serve(lambda _: Answer(content="x"))
    parts = [{"type": "text", "text": "Look."}, PICTURE]

    ask(own(server), ChatCall(messages=[*ASKED, {"role": "user", "content": parts}]))

    assert server.calls[0].body["messages"] == [*ASKED, {"role": "user", "content": parts}]


def completion(**message: object) -> dict[str, Any]:
    said = {"role": "assistant", "content": "yes", **message}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    choice = {"index": 0, "message": said, "finish_reason": "stop"}
    return {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice]} | {
        "usage": usage
    }


REPLIES: dict[str, dict[str, Any]] = {
    "plain": completion(),
    "null": completion(content=None),
    "thought in tags": completion(content="<think>hm</think>yes"),
    "thought apart": completion(content="yes", reasoning_content="hm"),
    "refused": completion(content=None, refusal="I will not."),
    "no usage": {**completion(), "usage": None},
    "no choices": {**completion(), "choices": []},
    "cut short": completion()
    | {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "y"},
                "finish_reason": "length",
            }
        ]
    },
    "filtered": completion()
    | {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": ""},
                "finish_reason": "content_filter",
            }
        ]
    },
    "unsaid why": completion()
    | {
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "y"}, "finish_reason": None}
        ]
    },
    "empty error": {**completion(), "error": {"message": "", "code": None}},
}


@pytest.mark.parametrize("name", REPLIES)
def test_it_reads_what_litellm_reads(serve: Servers, name: str) -> None:
    server = serve(lambda _: Answer(raw=json.dumps(REPLIES[name]).encode()))
    call, price = ChatCall(messages=ASKED[1:]), (1e-6, 4e-6)

    mine, theirs = ask(own(server, price=price), call), ask(whole(server, price=price), call)

    read = ("text", "finish_reason", "refusal", "tokens_in", "tokens_out", "cost")
    assert [getattr(mine, each) for each in read] == [getattr(theirs, each) for each in read]


def test_a_listed_model_costs_what_litellm_says(serve: Servers) -> None:
    server = serve(lambda _: Answer(content="x" * 400))
    call = ChatCall(messages=[{"role": "user", "content": "y" * 4000}])

    mine, theirs = (ask(route(server, "openai/gpt-4.1"), call) for route in (own, whole))

    # 1,000 tokens in and 100 out, at 2 and 8 dollars a million.
    assert mine.cost == theirs.cost == pytest.approx(0.0028)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no choices[0].message"),
        (b'{"choices": [{"message": "met"}]}', "no choices[0].message"),
        (b" " * 5000, "longer than"),
    ],
)
def test_an_answer_that_makes_no_sense_may_have_been_paid_for(
    serve: Servers, raw: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.llm_server.LARGEST_REPLY", 1000)
    server = serve(lambda _: Answer(raw=raw))

    result = client(server).chat([ChatCall(messages=ASKED[1:])])[0]

    assert isinstance(result, ChatFailure)
    assert (result.trouble, result.maybe_paid) == (Trouble.BROKEN, True)
    assert said in result.message


@pytest.mark.parametrize("error", [{"message": "no", "code": 401}, "no", {"message": "no"}])
def test_an_error_in_place_of_an_answer_is_one(serve: Servers, error: object) -> None:
    server = serve(lambda _: Answer(raw=json.dumps({"error": error}).encode()))

    result = client(server).chat([ChatCall(messages=ASKED[1:])])[0]

    assert isinstance(result, ChatFailure)
    fatal = isinstance(error, dict) and "code" in error
    assert result.trouble is (Trouble.FATAL if fatal else Trouble.REJECTED)


def test_a_connection_that_breaks_is_one_request_and_perhaps_paid_for(serve: Servers) -> None:
    server = serve(lambda _: Answer(reset=True))

    result = client(server).chat([ChatCall(messages=ASKED[1:])])[0]

    assert isinstance(result, ChatFailure)
    assert (result.trouble, result.maybe_paid) == (Trouble.BROKEN, True)
    assert len(server.calls) == 1


def test_it_goes_through_the_proxy_of_the_environment(
    serve: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(lambda _: Answer(content="by proxy"))
    monkeypatch.setenv("http_proxy", proxy.origin)
    monkeypatch.setenv("no_proxy", "")
    away = LlmClient(
        model="hosted_vllm/m", api_base="http://models.example/v1", allow_private=True, attempts=1
    )

    result = away.chat([ChatCall(messages=ASKED[1:])])[0]

    assert isinstance(result, ChatReply)
    assert result.text == "by proxy"
    assert proxy.calls[0].path == "http://models.example/v1/chat/completions"


def client(server: ScriptedServer) -> LlmClient:
    return LlmClient(model="hosted_vllm/m", api_base=server.url, allow_private=True, attempts=1)
