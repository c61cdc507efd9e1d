"""Whether a hosted judge has its key, its server and its model, and room for the responses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rubricstudio.safe_address import AddressGuard
from scoring.judges.checks import SECONDS, Problem
from scoring.judges.llm import LlmJudge
from scoring.judges.protocol import JudgeRequest
from scoring.judges.questions import Question
from scoring.llm_models import context_of, is_provider, missing_keys

LARGEST_LIST = 2_000_000  # bytes of a server's list of models
SHOWN = 8  # models that a sentence lists
BYTES_A_TOKEN = 4  # of English; other languages take more tokens
EXAMPLE_TOKENS = 500  # of an example that is as long as they get


def problems(judge: LlmJudge, requests: Sequence[JudgeRequest]) -> list[Problem]:
    """The server is asked for its list of models, once, with the key that a run would send."""
    key: str | None = None
    if judge.api_key_env is not None:
        key = judge.site.environ.get(judge.api_key_env)
        if not key:
            return [_no_key([judge.api_key_env])]
    if judge.api_base is None:
        found, context = _by_list(judge, has_key=key is not None), context_of(judge.model)
    else:
        found, context = _by_server(judge, judge.api_base, key)
    return found + _room(judge, requests, context)


def _no_key(names: Sequence[str]) -> Problem:
    listed = " and ".join(names)
    return Problem(
        f"{listed} is not set where the judge runs: set it for the workers and start them again.",
        True,
    )


def _by_list(judge: LlmJudge, *, has_key: bool) -> list[Problem]:
    """A provider's model by what LiteLLM lists; nobody is asked."""
    if not is_provider(judge.model):
        text = f"No provider is known by the name in {judge.model!r}: write provider/name."
        return [Problem(text, True)]
    missing = [] if has_key else missing_keys(judge.model)
    if missing:
        return [_no_key(missing)]
    if context_of(judge.model) is None:
        text = (
            f"{judge.model!r} is not among the models LiteLLM lists: look whether the name is"
            " right. A model newer than the list works, but its price is unknown."
        )
        return [Problem(text, False)]
    return []


class Answer(NamedTuple):
    """What a server said to a request; body is None where it is no JSON."""

    status: int
    body: Any


def _by_server(judge: LlmJudge, api_base: str, key: str | None) -> tuple[list[Problem], int | None]:
    """What the list of models at `api_base` says, and the model's context where it is told."""
    guard = AddressGuard(judge.site.allow_private)
    url = f"{api_base.rstrip('/')}/models"
    try:
        answer = asyncio.run(_get(url, key, guard))
    except Exception as error:  # whatever the network or the client's library comes up with
        if guard.refusals:
            return [Problem(guard.refusals[-1], True)], None
        why = "it does not answer in time" if isinstance(error, TimeoutError) else "no connection"
        text = (
            f"The server at {api_base} cannot be reached ({why}): look whether it runs and"
            " whether the workers may reach it."
        )
        return [Problem(text, False)], None
    return _read(judge, api_base, answer)


async def _get(url: str, key: str | None, guard: AddressGuard) -> Answer:
    """The answer to one GET; no redirect is followed and no proxy taken."""
    import aiohttp

    connector = aiohttp.TCPConnector(socket_factory=guard.socket)
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    headers = {"Authorization": f"Bearer {key or 'none'}"}
    async with (
        aiohttp.ClientSession(connector=connector, trust_env=False, timeout=timeout) as session,
        session.get(url, headers=headers, allow_redirects=False) as response,
    ):
        raw = bytearray()
        async for block in response.content.iter_chunked(65536):
            raw += block
            if len(raw) > LARGEST_LIST:
                return Answer(response.status, None)
        try:
            return Answer(response.status, json.loads(raw))
        except ValueError:
            return Answer(response.status, None)


def _read(judge: LlmJudge, api_base: str, answer: Answer) -> tuple[list[Problem], int | None]:
    if answer.status in (401, 403):
        said = "refuses the key" if judge.api_key_env else "asks for a key"
        text = f"The server at {api_base} {said} ({answer.status}): look at api_key_env."
        return [Problem(text, True)], None
    models = _models(answer)
    name = judge.model.partition("/")[2]
    if models is None or name in models:
        # A server that has no such list may work all the same.
        return [], _whole(models[name].get("max_model_len")) if models else None
    listed = ", ".join(sorted(models)[:SHOWN]) or "none"
    text = f"The server at {api_base} lists no model {name!r}. It lists: {listed}."
    return [Problem(text, False)], None


def _models(answer: Answer) -> dict[str, Mapping[str, Any]] | None:
    """What the server serves, by name; None where it does not say."""
    listed = answer.body.get("data") if isinstance(answer.body, dict) else None
    if answer.status != 200 or not isinstance(listed, list):
        return None
    return {str(each["id"]): each for each in listed if isinstance(each, dict) and "id" in each}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _room(judge: LlmJudge, requests: Sequence[JudgeRequest], context: int | None) -> list[Problem]:
    """Whether the longest request fits, by a rough count: the model's own tokens are not known."""
    calls = [
        (_tokens(judge, each), judge.longest_reply(each)) for each in judge.questions(requests)
    ]
    prompt, reply = max(calls, key=sum, default=(0, 0))
    if context is None or prompt + reply <= context:
        return []
    text = (
        f"The longest chosen response makes a prompt of about {prompt:,} tokens and the reply may"
        f" take {reply:,}; the model takes {context:,} together. Such responses end as"
        " errors: take a model with more room, or leave them out."
    )
    if judge.mode == "rubric":
        text += " Fewer criteria_per_call take less room."
    return [Problem(text, False)]


def _tokens(judge: LlmJudge, question: Question) -> int:
    told = sum(len(message.content.encode()) for message in question.prompt) // BYTES_A_TOKEN
    return told + EXAMPLE_TOKENS * judge.examples * len(question.requests)
