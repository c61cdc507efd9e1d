"""What people see of their answers to items with gold answers, and when.

Training teaches, so its gold answers are shown at once. Those of qualification items could be
passed on to people who still take them: they are counted once all are answered, and shown one by
one when the session is completed. Of hidden gold nothing at all is shown before that. A figure
that moves after a submit tells that the item just submitted was one, and so does a figure that
moves with every tenth gold item alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils import timezone

from annotations.cards import in_words
from annotations.models import Assignment, AssignmentStatus, Item, ItemKind, Session, SessionStatus
from annotations.queries.blind import blind_responses
from annotations.queries.checks import FIRST
from annotations.queries.gold import Result, gold_of, results
from annotations.queries.sheets import criteria_of, own_verdicts
from annotations.sheet import Entry
from rubricstudio.domain.quality import Answer, GoldScore, matches
from rubricstudio.domain.verdict import Quote, VerdictStatus
from rubricstudio.models import User

MOST_DAYS = 30
"""Days that are listed, the newest."""
_LATER = (ItemKind.QUALIFICATION, ItemKind.GOLD)


@dataclass(frozen=True, slots=True)
class Beside:
    """One's own answer to a criterion and the gold answer, each in words with its quotes."""

    text: str
    mine: str
    comment: str
    quotes: Sequence[Quote]
    gold: str
    note: str
    gold_quotes: Sequence[Quote]
    same: bool


def beside_gold(assignment: Assignment) -> list[Beside]:
    """One's own answers to an item beside the gold answers, in display order.

    At most four queries.
    """
    item = assignment.item
    known = gold_of(item.session.round.version, [item.response_id]).get(item.response_id, {})
    own = own_verdicts(assignment).sheet
    rows = []
    for criterion in criteria_of(item.session):
        if criterion.key not in known:
            continue
        gold, mine = known[criterion.key], own.entry(criterion.key)
        given = Answer(mine.status.value if mine.status else "", mine.value)
        answer = Entry(VerdictStatus(gold.answer.status), gold.answer.value)
        rows.append(
            Beside(
                text=criterion.text,
                mine=in_words(criterion, mine),
                comment=mine.rationale,
                quotes=mine.evidence,
                gold=in_words(criterion, answer),
                note=gold.note,
                gold_quotes=gold.evidence,
                same=matches(criterion.scale, gold.answer, given),
            )
        )
    return rows


def open_feedback(session: Session, assignments: Iterable[Assignment], user: User) -> set[int]:
    """The items of these on which their person may see the gold answers; one query at most.

    In the end not where the same response, hidden gold perhaps, waits for them elsewhere.
    """
    done = [one for one in assignments if one.status == AssignmentStatus.SUBMITTED]
    told = {one.item_id for one in done if one.item.kind == ItemKind.TRAINING}
    later = [one.item for one in done if one.item.kind in _LATER] if _tells_all(session) else []
    waiting = blind_responses(session.round.project, user) if later else set()
    return told | {item.pk for item in later if item.response_id not in waiting}


def _tells_all(session: Session) -> bool:
    return session.shows_feedback and session.status == SessionStatus.COMPLETED


@dataclass(frozen=True, slots=True)
class KnownDay:
    """Answers to known items submitted on a day, None for every day; `items` of them."""

    day: date | None
    items: int
    score: GoldScore


@dataclass(frozen=True, slots=True)
class KnownDays:
    """One's results on items with gold answers: the newest days, oldest first, and all of them.

    older: days that are left out of `days`, not of `every`. is_whole: hidden gold is in it.
    """

    days: Sequence[KnownDay]
    every: KnownDay
    older: int
    is_whole: bool


def known_days(session: Session, rater_id: int) -> KnownDays | None:
    """A person's results by day; None without any, or where the session shows none."""
    if not session.shows_feedback:
        return None
    found = _shown_results(session, rater_id)
    if not found:
        return None
    days = [
        _together(day, list(of_day))
        for day, of_day in groupby(found, lambda one: timezone.localtime(one.at).date())
    ]
    return KnownDays(
        days=days[-MOST_DAYS:],
        every=_together(None, found),
        older=max(0, len(days) - MOST_DAYS),
        is_whole=_tells_all(session),
    )


def _shown_results(session: Session, rater_id: int) -> list[Result]:
    """What may be counted: training, qualification once all of it is answered, all in the end."""
    if _tells_all(session):
        return results(session, kinds=(ItemKind.TRAINING, *_LATER), rater=rater_id)
    found = results(session, kinds=FIRST, rater=rater_id)
    asked = Item.objects.filter(session=session, kind=ItemKind.QUALIFICATION).count()
    if sum(one.kind == ItemKind.QUALIFICATION for one in found) == asked:
        return found
    return [one for one in found if one.kind == ItemKind.TRAINING]


def _together(day: date | None, found: Sequence[Result]) -> KnownDay:
    return KnownDay(day, len(found), sum((one.score for one in found), GoldScore(0, 0)))
