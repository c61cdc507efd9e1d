"""The state tables are total, and lead only to states that exist."""

from __future__ import annotations

from annotations.models import AssignmentStatus, SessionStatus
from annotations.states import ASSIGNMENT_STEPS, SESSION_STEPS


def test_every_state_has_a_line_and_every_step_leads_to_a_state() -> None:
    assert set(SESSION_STEPS) == set(SessionStatus)
    assert set(ASSIGNMENT_STEPS) == set(AssignmentStatus)
    assert {to for steps in SESSION_STEPS.values() for to in steps.values()} <= set(SessionStatus)
    assert {to for steps in ASSIGNMENT_STEPS.values() for to in steps.values()} <= set(
        AssignmentStatus
    )


def test_a_completed_session_stays_completed() -> None:
    assert SESSION_STEPS[SessionStatus.COMPLETED] == {}


def test_nothing_leads_from_submitted_back_to_a_draft() -> None:
    assert set(ASSIGNMENT_STEPS[AssignmentStatus.SUBMITTED].values()) == {
        AssignmentStatus.SUBMITTED
    }
