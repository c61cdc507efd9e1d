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
from annotations.models.items import CHECK_SAMPLE, EVERYONE, Item, ItemKind, ItemResponse
from annotations.models.people import Expertise, Shortcuts
from annotations.models.quality import Adjudication, Cause, Decision, DiscussionNote, Gold, Origin
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
    "CHECK_SAMPLE",
    "EVERYONE",
    "Activity",
    "ActivityKind",
    "Adjudication",
    "Assignment",
    "AssignmentStatus",
    "Cause",
    "CommentRule",
    "CriterionPreference",
    "Decision",
    "DiscussionNote",
    "Expertise",
    "Flag",
    "Gold",
    "Item",
    "ItemKind",
    "ItemResponse",
    "Mode",
    "Order",
    "Origin",
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
