"""A hosted judge that calls the scripted server, and runs of it."""

from __future__ import annotations

from typing import Any

from scoring.actions.judges import create_judge
from scoring.actions.runs import NO_LIMIT, Spending, start_run
from scoring.models import Judge, Run
from tests.conftest import Cast, Data
from tests.scripted_server import Answer, Call, ScriptedServer, say


def verdict(call: Call) -> Answer:
    """What fits the criterion that is asked about."""
    return say("3" if 'Verdicts offered:\n- "1"' in call.text else "met")


def hosted_judge(cast: Cast, server: ScriptedServer, name: str = "Hosted", **params: Any) -> Judge:
    """A judge of that server, which has to be allowed private addresses."""
    given = {
        "model": "hosted_vllm/m",
        "api_base": server.url,
        "reply": "json_object",
        "attempts": 1,
        "concurrency": 2,
    }
    return create_judge(
        project=cast.project, name=name, kind="llm", params=given | params, by=cast.author
    )


def begun(
    cast: Cast, data: Data, judge: Judge, limits: Spending = NO_LIMIT, name: str = "a"
) -> Run:
    """A run over all responses that nobody works on yet."""
    return start_run(
        judge=judge,
        version=data.version,
        response_ids=[response.pk for response in data.responses],
        name=name,
        by=cast.author,
        limits=limits,
        enqueue=False,
    )
