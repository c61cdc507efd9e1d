"""Reads of the annotation app. None of them names another rater's verdict or a source."""

from annotations.queries.progress import (
    AnnotatorProgress,
    ItemProgress,
    SessionProgress,
    session_items,
    session_progress,
)
from annotations.queries.queue import QueueProgress, queue_progress

__all__ = [
    "AnnotatorProgress",
    "ItemProgress",
    "QueueProgress",
    "SessionProgress",
    "queue_progress",
    "session_items",
    "session_progress",
]
