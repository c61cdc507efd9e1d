"""Pages of the annotation app."""

from annotations.views.activity import activity
from annotations.views.ahead import ahead
from annotations.views.gold import gold, gold_export, gold_from, gold_import
from annotations.views.quality import (
    feedback,
    quality,
    quality_checks,
    quality_pass,
    quality_rules,
)
from annotations.views.queue import next_item, queue, skip, take_up
from annotations.views.session_forms import (
    session_adopt,
    session_clone,
    session_edit,
    session_new,
)
from annotations.views.sessions import (
    session,
    session_annotators,
    session_state,
    sessions,
)
from annotations.views.sheets import annotate, draft, submit

__all__ = [
    "activity",
    "ahead",
    "annotate",
    "draft",
    "feedback",
    "gold",
    "gold_export",
    "gold_from",
    "gold_import",
    "next_item",
    "quality",
    "quality_checks",
    "quality_pass",
    "quality_rules",
    "queue",
    "session",
    "session_adopt",
    "session_annotators",
    "session_clone",
    "session_edit",
    "session_new",
    "session_state",
    "sessions",
    "skip",
    "submit",
    "take_up",
]
