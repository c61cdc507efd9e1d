"""What speaks against a judge before anything is judged, in words and with what to do.

A kind that has something to look at names a function here; it is imported where a check is
made, which is where the judge would run: keys, folders and libraries are those of a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from scoring.judges import build
from scoring.judges.protocol import InvalidJudgeConfig, Judge, JudgeRequest, Site

SECONDS = 5.0
"""The longest that a check waits for a server."""


class Problem(NamedTuple):
    """What is wrong, and whether no run can work as long as it is so (else a warning)."""

    text: str
    stops: bool


# (judge, requests) -> problems; `requests` are a few of those a run would make, the longest ones.
Check = Callable[[Any, Sequence[JudgeRequest]], list[Problem]]

CHECKS: dict[str, str] = {
    "llm": "scoring.judges.llm_check.problems",
    "local": "scoring.judges.local_check.problems",
    "learned": "scoring.judges.local_check.learned_problems",
    "program": "scoring.judges.program_check.problems",
    "panel": "scoring.judges.members_check.problems",
    "cascade": "scoring.judges.members_check.problems",
}


def problems(
    kind: str,
    config: Mapping[str, object],
    requests: Sequence[JudgeRequest] = (),
    site: Site | None = None,
) -> list[Problem]:
    """What speaks against a judge of `kind` with `config`; nothing is judged and nothing raised.

    What stops every run comes first.
    """
    try:
        judge = build(kind, config, site)
    except InvalidJudgeConfig as error:
        return [Problem(str(error), True)]
    return problems_of(kind, judge, requests)


def problems_of(kind: str, judge: Judge, requests: Sequence[JudgeRequest]) -> list[Problem]:
    """What speaks against a judge that could be built."""
    if kind not in CHECKS:
        return []
    module, _, name = CHECKS[kind].rpartition(".")
    check: Check = getattr(import_module(module), name)
    return sorted(check(judge, requests), key=lambda problem: not problem.stops)
