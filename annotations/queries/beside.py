"""What stands beside a criterion before it is judged: a suggestion, or one's own earlier answer.

A blind session has no suggestions, so no judge's verdict is read in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from annotations.models import Assignment, Session
from annotations.queries.carried import carried, followed
from annotations.queries.sheets import criteria_of
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Verdict


@dataclass(frozen=True, slots=True)
class Beside:
    """One criterion's note. kind: suggestion, carried (own answer kept) or changed.

    `status` and `value` are what was said, None for changed; `rationale` is its reason.
    """

    kind: str
    status: VerdictStatus | None = None
    value: float | None = None
    rationale: str = ""


def beside(assignment: Assignment) -> Mapping[str, Beside]:
    """The notes by criterion key; nothing is read in a session that has none."""
    session = assignment.item.session
    notes: dict[str, Beside] = {}
    if session.suggestions_id is not None and not session.hide_judges:
        notes |= _suggested(session, assignment.item.response_id)
    if followed(session) is not None and assignment.is_given:
        notes |= _followed(session, assignment)
    return notes


def _suggested(session: Session, response_id: int) -> dict[str, Beside]:
    rows = (
        Verdict.objects.filter(round=session.suggestions_id, response=response_id, sample=0)
        .current()
        .values_list("criterion__key", "status", "value", "rationale")
    )
    return {
        key: Beside("suggestion", VerdictStatus(status), value, rationale)
        for key, status, value, rationale in rows
        if status in (VerdictStatus.OK, VerdictStatus.CANNOT_ASSESS)
    }


def _followed(session: Session, assignment: Assignment) -> dict[str, Beside]:
    kept = carried(assignment)
    return {criterion.key: _note(criterion, kept) for criterion in criteria_of(session)}


def _note(criterion: Criterion, kept: Mapping[str, object]) -> Beside:
    return Beside("carried" if criterion.key in kept else "changed")
