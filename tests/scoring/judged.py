"""Judges and runs for the tests of pages and commands; worked in this process, no worker."""

from __future__ import annotations

from typing import Any

from annotations.actions import activate, create_session
from annotations.models import Session
from scoring.actions.here import work_here
from scoring.actions.judges import create_judge
from scoring.actions.runs import start_run
from scoring.models import Judge, Run
from tests.conftest import Cast, Data

# By criterion: a verdict with a quote that is there and one that is not, a refusal, a level.
VERDICTS = {
    "warns": {
        "*": {
            "value": 1,
            "rationale": "It sends the reader to a doctor.",
            "quote": "ask your doctor",
        }
    },
    "invents": {"*": {"value": 0, "rationale": "No dose.", "quote": "take 400 mg"}},
    "clarity": {"*": 3, "task-2/wren": "refused"},
}


def rules(cast: Cast, name: str = "Rules", **params: Any) -> Judge:
    """A scripted judge; the verdicts above unless told otherwise."""
    return create_judge(
        project=cast.project,
        name=name,
        kind="scripted",
        params=params or {"verdicts": VERDICTS},
        by=cast.author,
    )


def judges_blind(cast: Cast, data: Data) -> Session:
    """A blind session in which the author still has everything to judge."""
    session = create_session(
        project=cast.project,
        name="Blind",
        version=data.version,
        by=cast.owner,
        annotators=[cast.author],
    )
    return activate(session=session, by=cast.owner)


def queued(cast: Cast, data: Data, judge: Judge, name: str = "first", samples: int = 1) -> Run:
    """A run over all four responses that nobody has begun: 12 verdicts a sample."""
    return start_run(
        judge=judge,
        version=data.version,
        response_ids=[response.pk for response in data.responses],
        name=name,
        samples=samples,
        by=cast.author,
        enqueue=False,
    )


def worked(cast: Cast, data: Data, judge: Judge, name: str = "first") -> Run:
    """The same run, finished."""
    return work_here(run=queued(cast, data, judge, name))
