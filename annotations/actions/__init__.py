"""Writes of the annotation app: keyword-only, atomic, each says who acts (`by`)."""

from annotations.actions.assign import next_item, renew
from annotations.actions.sessions import (
    activate,
    complete,
    create_session,
    pause,
    set_annotators,
)
from annotations.actions.sheets import Submission, save_draft, submit, submit_or_keep
from annotations.actions.skips import skip, take_up

__all__ = [
    "Submission",
    "activate",
    "complete",
    "create_session",
    "next_item",
    "pause",
    "renew",
    "save_draft",
    "set_annotators",
    "skip",
    "submit",
    "submit_or_keep",
    "take_up",
]
