"""What of the comments a person has not read: counts for lists, and what pages show as new.

A person has read a rubric's comments up to one of them. Comments of one rubric get their ids
in the order in which they are stored, since `add_comment` locks the rubric. One's own are
never new.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rubricstudio.models import Comment, CommentsRead, Rubric, User

NEWS = 20


@dataclass(frozen=True)
class Unread:
    """How many comments a person has not read, and how many of those name them."""

    n: int = 0
    mentions: int = 0


@dataclass(frozen=True)
class News:
    """The oldest twenty comments of a rubric that a person has not read, oldest first."""

    comments: Sequence[Comment] = ()

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(comment.pk for comment in self.comments)

    @property
    def last(self) -> int | None:
        """Up to which comment all is read once these are; None where there is nothing new."""
        return self.comments[-1].pk if self.comments else None


def _unread(user: User) -> QuerySet[Comment]:
    read = CommentsRead.objects.filter(rubric=OuterRef("rubric"), user=user)
    rows = Comment.objects.annotate(read_to=Coalesce(Subquery(read.values("up_to")), 0))
    return rows.filter(pk__gt=F("read_to")).exclude(author=user)


def unread_counts(user: User, rubrics: Collection[int]) -> Mapping[int, Unread]:
    """By rubric, those with something new; one query."""
    named = Comment.mentions.through.objects.filter(comment=OuterRef("pk"), user=user)
    rows = _unread(user).filter(rubric__in=rubrics).annotate(named=Exists(named)).order_by()
    counted = rows.values_list("rubric").annotate(
        n=Count("pk"), m=Count("pk", filter=Q(named=True))
    )
    return {rubric: Unread(n, mentions) for rubric, n, mentions in counted}


def news_of(user: User, rubric: Rubric) -> News:
    """What is new to a person in a rubric; one query."""
    rows = _unread(user).filter(rubric=rubric).select_related("author").order_by("pk")
    return News(list(rows[:NEWS]))


def unread_mentions(user: User) -> QuerySet[Comment]:
    """The comments that name a person and are new to them, in projects they are in."""
    return _unread(user).filter(mentions=user, rubric__project__memberships__user=user)
