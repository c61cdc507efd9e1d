"""A hosted judge that compares, and runs of it, for tests."""

from __future__ import annotations

import json
from typing import Any

from scoring.actions.pair_runs import start_pair_run
from scoring.actions.runs import NO_LIMIT, Spending
from scoring.models import Judge, Run
from tests.conftest import Cast, Data
from tests.scoring.hosted import hosted_judge
from tests.scripted_server import Answer, Call, ScriptedServer


def prefer(verdict: object, a: tuple[str, ...] = (), b: tuple[str, ...] = ()) -> Answer:
    """A well-formed reply of a comparison."""
    said = {"rationale": "Because.", "quotes_a": a, "quotes_b": b, "verdict": verdict}
    return Answer(content=json.dumps(said))


def shown(call: Call) -> tuple[str, str]:
    """The texts that a call shows as A and as B."""
    first, second = (
        call.text.partition(f"<<RESPONSE {side} ")[2].partition(">>\n")[2].partition("\n<<END")[0]
        for side in "AB"
    )
    return first, second


def asked_by(call: Call) -> str:
    """The first line of the criterion of a call."""
    return call.text.partition("<<CRITERION ")[2].partition(">>\n")[2].partition("\n")[0]


def herons(call: Call) -> Answer:
    """Heron's is better by every criterion, wherever it is shown."""
    return prefer("A" if "heron" in shown(call)[0] else "B")


def pair_judge(cast: Cast, server: ScriptedServer, name: str = "Pairs", **params: Any) -> Judge:
    return hosted_judge(cast, server, name, **({"mode": "pairwise"} | params))


def pair_run(
    cast: Cast,
    data: Data,
    judge: Judge,
    limits: Spending = NO_LIMIT,
    name: str = "pairs",
    samples: int = 1,
) -> Run:
    """A run over the pair of each task that nobody works on yet."""
    one, two, three, four = (response.pk for response in data.responses)
    return start_pair_run(
        judge=judge,
        version=data.version,
        pairs=[(one, two), (four, three)],
        name=name,
        by=cast.author,
        limits=limits,
        samples=samples,
        enqueue=False,
    )
