"""What can go wrong in a session, in words for the person who meets it."""

from __future__ import annotations

from annotations.sheet import Merge, Sheet


class AnnotationError(ValueError):
    """Base of the errors below; the message says what to do."""


class InvalidSession(AnnotationError):
    """A session cannot be set up as asked."""


class NotPossible(AnnotationError):
    """The session or the assignment is in a state that does not allow this."""


class NotInSession(AnnotationError):
    """The person has no place in the session, or the assignment is someone else's."""


class PlacesTaken(AnnotationError):
    """Enough other people judge the item: the reservation expired, the entries are kept."""


class IncompleteSheet(AnnotationError):
    """Criteria without a verdict or a cannot-assess; `keys` names them in display order."""

    def __init__(self, message: str, keys: list[str]) -> None:
        super().__init__(message)
        self.keys = keys


class DraftConflict(AnnotationError):
    """The draft changed elsewhere meanwhile, and both sides answered differently.

    `stored` with its `version` is what the other side saved; `merge` holds the entries
    of both sides and names those that contradict each other. Nothing was written.
    """

    def __init__(self, message: str, stored: Sheet, version: int, merge: Merge) -> None:
        super().__init__(message)
        self.stored = stored
        self.version = version
        self.merge = merge
