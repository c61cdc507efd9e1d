"""The tables of the annotation app, one noun a file."""

from annotations.models.assignments import (
    Activity,
    ActivityKind,
    Assignment,
    AssignmentStatus,
    Flag,
    SkipReason,
)
from annotations.models.comparisons import CriterionPreference
from annotations.models.items import Item, ItemKind, ItemResponse
from annotations.models.people import Expertise, Shortcuts
from annotations.models.quality import Adjudication, Cause, Decision, Gold
from annotations.models.sessions import (
    CommentRule,
    Mode,
    Order,
    Qualification,
    Session,
    SessionAnnotator,
    SessionStatus,
    SkippedTo,
    Stage,
    Strategy,
)

__all__ = [
    "Activity",
    "ActivityKind",
    "Adjudication",
    "Assignment",
    "AssignmentStatus",
    "Cause",
    "CommentRule",
    "CriterionPreference",
    "Decision",
    "Expertise",
    "Flag",
    "Gold",
    "Item",
    "ItemKind",
    "ItemResponse",
    "Mode",
    "Order",
    "Qualification",
    "Session",
    "SessionAnnotator",
    "SessionStatus",
    "Shortcuts",
    "SkipReason",
    "SkippedTo",
    "Stage",
    "Strategy",
]
