"""A judge that asks each criterion's own program. It calls no model and costs nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rubricstudio.domain.programs import (
    InvalidProgram,
    Outcome,
    Program,
    evaluate,
    parse,
    rationale,
)
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.verdict import Quote, VerdictStatus
from rubricstudio.program_tools import SECONDS, ProgramTools
from scoring.judges.config import parameter
from scoring.judges.protocol import (
    JudgeRequest,
    Provenance,
    Scored,
    Site,
    Unscored,
    judge_readable,
)
from scoring.judges.protocol import Outcome as Judged

# What the checks mean; a change that moves verdicts raises it.
LANGUAGE_VERSION = "1"
MOST_QUOTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramJudge:
    """Runs the program of a criterion over the response; the same text, the same verdict."""

    seconds: float = parameter(
        "Seconds that the regular expressions and schemas of one program may take on one "
        "response; past them the verdict times out.",
        default=SECONDS,
        low=0.01,
        high=60,
    )
    model: str = parameter("The name recorded with each verdict.", default="program")
    site: Site = Site()

    queue: ClassVar[str] = "llm"

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Judged]:
        return judge_readable(requests, self.model, self._judge)

    def _judge(self, requests: Sequence[JudgeRequest]) -> list[Judged]:
        return [self._outcome(request) for request in requests]

    def _outcome(self, request: JudgeRequest) -> Judged:
        criterion, text = request.criterion, request.response_text or ""
        if not criterion.program.strip():
            return self._unread(VerdictStatus.NOT_APPLICABLE, "The criterion has no program.")
        try:
            program = parse(criterion.program)
        except InvalidProgram as error:
            reason = f"The program cannot be read: {error}."
            return self._unread(VerdictStatus.ERROR, reason)
        return self._asked(program, text, criterion.scale)

    def _asked(self, program: Program, text: str, scale: Scale) -> Judged:
        start = time.monotonic()
        outcome = evaluate(program, text, ProgramTools(self.seconds), scale)
        provenance = self._provenance(program.text, outcome, time.monotonic() - start)
        words, quotes = rationale(outcome), _quotes(outcome, text)
        if outcome.value is None:
            return Unscored(
                status=outcome.status,
                reason=outcome.reason,
                provenance=provenance,
                rationale=words,
                quotes=quotes,
            )
        return Scored(
            value=float(outcome.value), provenance=provenance, rationale=words, quotes=quotes
        )

    def _unread(self, status: VerdictStatus, reason: str) -> Unscored:
        provenance = Provenance(model=self.model, raw_reply=status.value, cost=0.0)
        return Unscored(status=status, reason=reason, provenance=provenance)

    def _provenance(self, program: str, outcome: Outcome, seconds: float) -> Provenance:
        value = outcome.value
        return Provenance(
            model=self.model,
            parameters={"language": LANGUAGE_VERSION, "seconds": self.seconds},
            prompt_sha256=hashlib.sha256(program.encode()).hexdigest(),
            raw_reply=outcome.status.value if value is None else f"{float(value):g}",
            cost=0.0,
            latency=seconds,
        )


def _quotes(outcome: Outcome, text: str) -> tuple[Quote, ...]:
    return tuple(
        Quote(text[span.start : span.end], span.start, span.end, "exact")
        for span in outcome.spans[:MOST_QUOTES]
    )
