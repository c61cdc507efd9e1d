"""From what came of a call to a hosted model to outcomes, or to the error that says why not."""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.verdict import Quote, VerdictStatus
from scoring.judges.protocol import (
    JudgeBusy,
    JudgeError,
    JudgeRequest,
    JudgeStopped,
    Outcome,
    Provenance,
    Scored,
    Unscored,
)
from scoring.judges.quotes import find_quotes
from scoring.judges.replies import Reading
from scoring.llm_calls import ChatFailure
from scoring.llm_errors import Trouble

UNVERIFIED = ("keep", "doubt", "refuse")
# A failure of one call that says nothing about the others, and the status it leaves.
LONE: dict[Trouble, VerdictStatus] = {
    Trouble.TIMEOUT: VerdictStatus.TIMEOUT,
    Trouble.REFUSED: VerdictStatus.REFUSED,
    Trouble.TOO_LONG: VerdictStatus.ERROR,
}
# A failure that may be the call's fault or the server's: where another call of the batch
# got through, it was the call's.
DOUBTFUL = (Trouble.BROKEN, Trouble.REJECTED)


def outcome_of(
    request: JudgeRequest, reading: Reading, provenance: Provenance, unverified: str
) -> Outcome:
    """What a reply says of a request, its quotes looked up; `unverified` is one of UNVERIFIED."""
    texts = [text or "" for _, text in request.answers]
    own, of_other = find_quotes(reading.quotes, texts[0]), find_quotes(reading.of_other, texts[-1])
    quotes = (*own, *of_other)
    status, reason = reading.status, reading.reason
    if unverified == "refuse" and _unfounded(request, reading.value, quotes):
        status = VerdictStatus.CANNOT_ASSESS
        reason = (
            "The criterion needs evidence, and the response holds none of the judge's quotes "
            f"({len(quotes)} given)."
        )
    if reading.value is None or status is not VerdictStatus.OK:
        return Unscored(
            status=status,
            reason=reason,
            rationale=reading.rationale,
            quotes=own,
            of_other=of_other,
            provenance=provenance,
        )
    doubted = unverified == "doubt"
    return Scored(
        value=reading.value,
        rationale=reading.rationale,
        quotes=own,
        of_other=of_other,
        confidence=_doubt(request, reading.value, quotes) if doubted else None,
        provenance=provenance,
    )


def _unfounded(request: JudgeRequest, value: float | None, quotes: Sequence[Quote]) -> bool:
    """Whether a verdict that has to quote what is judged quotes nothing that is there."""
    return request.needs_quote(value) and not _found(quotes)


def _doubt(request: JudgeRequest, value: float, quotes: Sequence[Quote]) -> float | None:
    """Half of 1 and the share of quotes that were found; None where there is nothing to doubt."""
    if _unfounded(request, value, quotes):
        return 0.5
    found = _found(quotes)
    return None if found == len(quotes) else (1 + found / len(quotes)) / 2


def _found(quotes: Sequence[Quote]) -> int:
    return sum(quote.match != "none" for quote in quotes)


def failed_status(failure: ChatFailure, *, lone: bool) -> VerdictStatus | None:
    """The status that a failed call leaves; None where its requests have to be judged again.

    lone: whether another call of the batch got through.
    """
    status = LONE.get(failure.trouble)
    if status is None and lone and failure.trouble in DOUBTFUL:
        return VerdictStatus.ERROR
    return status


def all_or_raise(
    outcomes: Sequence[Outcome | None], failed: Sequence[ChatFailure]
) -> list[Outcome]:
    """Every outcome, or the error that says why some are missing and carries the others."""
    judged = [outcome for outcome in outcomes if outcome is not None]
    if len(judged) == len(outcomes):
        return judged
    for failure in failed:
        if failure.trouble is Trouble.STOPPED:
            raise JudgeStopped(failure.message, finished=outcomes)
    for failure in failed:
        if failure.trouble in (Trouble.FATAL, Trouble.BUDGET):
            raise JudgeError(failure.message, finished=outcomes)
    for failure in failed:
        if failure.trouble in (Trouble.BUSY, Trouble.BROKEN):
            raise JudgeBusy(failure.message, finished=outcomes, retry_after=failure.retry_after)
    raise JudgeError(failed[0].message, finished=outcomes)
