"""Writes of the annotation app: keyword-only, atomic, each says who acts (`by`)."""

from annotations.actions.activity import record_activity
from annotations.actions.adopt import adopt_version
from annotations.actions.ahead import reserve_ahead
from annotations.actions.assign import next_item, renew
from annotations.actions.compare_sessions import create_comparison
from annotations.actions.comparisons import keep_order
from annotations.actions.editing import clone_session, edit_session
from annotations.actions.overall import overall_version
from annotations.actions.sessions import (
    activate,
    complete,
    create_session,
    pause,
    set_annotators,
)
from annotations.actions.sheets import Submission, save_draft, submit, submit_or_keep
from annotations.actions.skips import skip, take_up
from annotations.actions.wanted import create_wanted, edit_wanted

__all__ = [
    "Submission",
    "activate",
    "adopt_version",
    "clone_session",
    "complete",
    "create_comparison",
    "create_session",
    "keep_order",
    "create_wanted",
    "edit_session",
    "edit_wanted",
    "next_item",
    "overall_version",
    "pause",
    "record_activity",
    "renew",
    "reserve_ahead",
    "save_draft",
    "set_annotators",
    "skip",
    "submit",
    "submit_or_keep",
    "take_up",
]
