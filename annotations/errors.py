"""What can go wrong in a session, in words for the person who meets it."""

from __future__ import annotations

from collections.abc import Mapping

from annotations.sheet import Merge, Sheet


class AnnotationError(ValueError):
    """Base of the errors below; the message says what to do."""


class InvalidSession(AnnotationError):
    """A session cannot be set up or changed as asked; `field` names the setting, if it is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NotPossible(AnnotationError):
    """The session or the assignment is in a state that does not allow this."""


class VotesMissing(NotPossible):
    """Not everybody has voted; who moves the round on says that they know it."""


class NotInSession(AnnotationError):
    """The person has no place in the session, or the assignment is someone else's."""


class NotQualified(NotPossible):
    """The person's answers to known items do not reach the session's threshold."""


class PlacesTaken(AnnotationError):
    """Enough other people judge the item: the reservation expired, the entries are kept."""


class IncompleteSheet(AnnotationError):
    """Criteria without a verdict, or without the quote or comment that is asked for.

    `problems` says by key, in display order, what to do; the key of the comment on the
    whole response is "". `keys` names the criteria.
    """

    def __init__(self, message: str, problems: Mapping[str, str]) -> None:
        super().__init__(message)
        self.problems = dict(problems)
        self.keys = [key for key in problems if key]


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


class InvalidFlag(AnnotationError):
    """A flag without a note or an answer, or one that is not there."""


class InvalidExpertise(AnnotationError):
    """Tags of a person that cannot be kept as they are, or are not this person's to set."""
