"""What speaks against a judge made of judges: what speaks against each of them."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.judges.checks import Problem, problems_of
from scoring.judges.members import MadeOfJudges
from scoring.judges.protocol import JudgeRequest


def problems(judge: MadeOfJudges, requests: Sequence[JudgeRequest]) -> list[Problem]:
    """The problems of the members, each under the member's name."""
    return [
        Problem(f"{member.name}: {found.text}", found.stops)
        for member in judge.inside
        for found in problems_of(member.kind, member.judge, requests)
    ]
