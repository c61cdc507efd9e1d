"""Whether the programs of the criteria can be read."""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.programs import InvalidProgram, parse
from scoring.judges.checks import Problem
from scoring.judges.program import ProgramJudge
from scoring.judges.protocol import JudgeRequest


def problems(judge: ProgramJudge, requests: Sequence[JudgeRequest]) -> list[Problem]:
    """Each program that cannot be read."""
    programs = {request.criterion.key: request.criterion.program for request in requests}
    found = []
    for key, program in programs.items():
        try:
            parse(program)
        except InvalidProgram as error:
            found.append(Problem(f"The program of {key!r} cannot be read: {error}.", False))
    return found
