"""How far a calibration round is: who has voted, who voted again, and when it moved on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db.models import Count, Q, QuerySet

from annotations.models import (
    Assignment,
    AssignmentStatus,
    Item,
    ItemKind,
    Session,
    SessionAnnotator,
    Stage,
)
from rubricstudio.models import User

_WORK = Q(item__kind=ItemKind.WORK, item__sample=0)


@dataclass(frozen=True, slots=True)
class OwnVotes:
    """On how many of the items one annotator voted in the first and in the second vote."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class PersonVotes(OwnVotes):
    """The same with who that is."""

    rater_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of a round's present annotators. shared: items with two first votes or more."""

    items: int
    shared: int
    people: tuple[PersonVotes, ...]

    @property
    def wanted(self) -> int:
        """How many first votes there are to be."""
        return self.items * len(self.people)

    @property
    def first(self) -> int:
        """How many first votes there are."""
        return sum(person.first for person in self.people)

    @property
    def second(self) -> int:
        """How many second votes there are."""
        return sum(person.second for person in self.people)

    @property
    def missing(self) -> int:
        """How many first votes are missing."""
        return self.wanted - self.first

    @property
    def missing_again(self) -> int:
        """How many second votes are missing: nobody votes again on what they left out."""
        return self.first - self.second

    @property
    def late(self) -> list[PersonVotes]:
        """Who has not voted on everything."""
        return [person for person in self.people if person.first < self.items]


def votes_of(session: Session) -> Votes:
    """The state of both votes. Three queries."""
    items = Item.objects.filter(session=session, kind=ItemKind.WORK, sample=0)
    done = Q(assignments__status=AssignmentStatus.SUBMITTED)
    shared = items.annotate(said=Count("assignments", filter=done)).filter(said__gte=2)
    counts = {
        rater: (first, second)
        for rater, first, second in _submitted(session)
        .values("rater")
        .annotate(first=Count("pk"), second=Count("revoted_at"))
        .values_list("rater", "first", "second")
    }
    people = SessionAnnotator.objects.filter(session=session).order_by("rater__name")
    return Votes(
        items.count(),
        shared.count(),
        tuple(
            PersonVotes(*counts.get(pk, (0, 0)), pk, name)
            for pk, name in people.values_list("rater", "rater__name")
        ),
    )


def _submitted(session: Session) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        _WORK, item__session=session, status=AssignmentStatus.SUBMITTED
    )


def own_votes(session: Session, rater_id: int) -> OwnVotes:
    """How far one person is. One query."""
    own = _submitted(session).filter(rater=rater_id)
    counts = own.aggregate(first=Count("pk"), second=Count("revoted_at"))
    return OwnVotes(counts["first"], counts["second"])


def to_vote_again(session: Session, rater_id: int, *, besides: int | None) -> Assignment | None:
    """The person's next item of the second vote, None where they have voted on all of theirs."""
    left = _submitted(session).filter(rater=rater_id, revoted_at=None)
    if besides is not None:
        left = left.exclude(pk=besides)
    return left.order_by("item__position").first()


@dataclass(frozen=True, slots=True)
class Move:
    """When a round came to a stage, and who moved it there, where that is known."""

    at: datetime
    by: str


def moves_of(session: Session) -> Mapping[str, Move]:
    """By stage: when the round came there, from the history that the database records."""
    if session.revealed_at is None:
        return {}
    events = apps.get_model("annotations", "SessionEvent")
    rows = (
        events._default_manager.filter(pgh_obj=session.pk, stage__in=[Stage.DISCUSS, Stage.REVOTE])
        .order_by("pgh_id")
        .values_list("stage", "pgh_created_at", "pgh_context__metadata__user")
    )
    found: dict[str, tuple[datetime, int | None]] = {}
    for stage, at, user in rows:
        found.setdefault(stage, (at, user))
    names = {
        user.pk: str(user)
        for user in User.objects.filter(pk__in=[who for _at, who in found.values() if who])
    }
    return {stage: Move(at, names.get(who or 0, "")) for stage, (at, who) in found.items()}
