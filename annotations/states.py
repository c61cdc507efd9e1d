"""The lives of a session and of an assignment: what may be done in each state, and the outcome."""

from __future__ import annotations

from annotations.models import AssignmentStatus as A
from annotations.models import SessionStatus as S

SESSION_STEPS: dict[S, dict[str, S]] = {
    S.DRAFT: {"activate": S.ACTIVE},
    S.ACTIVE: {"pause": S.PAUSED, "complete": S.COMPLETED},
    S.PAUSED: {"activate": S.ACTIVE, "complete": S.COMPLETED},
    S.COMPLETED: {},
}

# A submitted sheet may be saved and submitted again until the session closes: the
# answers that changed become new verdicts, the assignment stays submitted.
ASSIGNMENT_STEPS: dict[A, dict[str, A]] = {
    A.PENDING: {"save": A.DRAFT, "submit": A.SUBMITTED, "skip": A.SKIPPED},
    A.DRAFT: {"save": A.DRAFT, "submit": A.SUBMITTED, "skip": A.SKIPPED},
    A.SUBMITTED: {"save": A.SUBMITTED, "submit": A.SUBMITTED},
    A.SKIPPED: {"take_up": A.DRAFT},
}

OPEN = (A.PENDING, A.DRAFT)
