"""Which checks and repeats a person had, and what comes next: ids and states, no verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from annotations.models import Assignment, Item, ItemKind, Session
from annotations.states import OPEN
from rubricstudio.domain.quality import gold_after, gold_left, repeat_due, repeats_left

IS_CHECK = ~Q(kind=ItemKind.WORK) | Q(sample=1)
# The same for a session as a whole, for queries that are written by hand.
CHECKED = """EXISTS (SELECT 1 FROM annotations_item c
                    WHERE c.session_id = %(session)s AND (c.kind <> 'work' OR c.sample = 1))"""
FIRST = (ItemKind.TRAINING, ItemKind.QUALIFICATION)


@dataclass(frozen=True, slots=True)
class Check:
    """An item that is handed out by the rules of quality; `members` as in Item."""

    item_id: int
    kind: str
    members: str
    position: int


@dataclass(frozen=True, slots=True)
class Had:
    """An item that a person had; `is_begun` while it is before them."""

    pk: int
    item_id: int
    kind: str
    sample: int
    members: str
    position: int
    is_open: bool
    is_begun: bool
    is_submitted: bool

    @property
    def is_work(self) -> bool:
        """Whether it counts: no check and no repeat."""
        return self.kind == ItemKind.WORK and self.sample == 0


@dataclass(frozen=True, slots=True)
class Course:
    """A person's way through a session: its checks, and all they had in order."""

    session_id: int
    rater_id: int
    gold_share: float
    checks: Sequence[Check]
    had: Sequence[Had]

    @property
    def _had_items(self) -> set[int]:
        return {one.item_id for one in self.had}

    def first(self, *, asks_qualification: bool) -> Check | None:
        """The training or qualification item to do now, None when they are done."""
        closed = {one.item_id for one in self.had if not one.is_open}
        for kind in FIRST if asks_qualification else FIRST[:1]:
            for check in self.checks:
                if check.kind == kind and check.item_id not in closed:
                    return check
        return None

    def due(self) -> Check | None:
        """The hidden gold item or the repeat that comes next, None where work goes on."""
        return self._gold_due() or self._repeat_due()

    def _gold_due(self) -> Check | None:
        golds, seen = self._golds()
        if not golds or self.gold_share <= 0:
            return None
        due = gold_after(len(seen), self.gold_share, self._seed) <= self._work_done
        return golds[0] if due else None

    def _golds(self) -> tuple[list[Check], list[Had]]:
        """Those still to come, from where the person is in the session on, and those had."""
        mine = self._had_items
        left = [c for c in self.checks if c.kind == ItemKind.GOLD and c.item_id not in mine]
        # The next one ahead of the last item of work: numbers go on rising as they do in work.
        last = max((one.position for one in self.had if one.is_work), default=0)
        left.sort(key=lambda check: (check.position < last, check.position))
        return left, [one for one in self.had if one.kind == ItemKind.GOLD]

    @property
    def _seed(self) -> str:
        return f"{self.session_id}:{self.rater_id}"

    @property
    def _work_done(self) -> int:
        """Items of work that are no longer before the person, skipped ones included."""
        return sum(one.is_work and not one.is_open for one in self.had)

    def _repeat_due(self) -> Check | None:
        twins = {check.members: check for check in self._twins}
        done = [one for one in self.had if not one.is_open and one.kind not in FIRST]
        name = repeat_due(
            [_name(one) for one in done],
            with_twin=list(twins),
            had_twin=[one.members for one in self.had if one.sample == 1],
        )
        return twins.get(name)

    @property
    def _twins(self) -> list[Check]:
        return [check for check in self.checks if check.kind == ItemKind.WORK]

    def left(self, work: int) -> int:
        """How many hidden checks are still to come when `work` more items of work are."""
        golds, seen = self._golds()
        given = sum(one.is_work and one.is_open for one in self.had)
        gold = gold_left(
            had=len(seen),
            there_are=len(seen) + len(golds),
            work=self._work_done + work + given,
            share=self.gold_share,
            seed=self._seed,
        )
        twins = {check.members for check in self._twins}
        again = {one.members for one in self.had if one.sample == 1}
        order = [one for one in self.had if one.kind not in FIRST]
        places = [
            place
            for place, one in enumerate(order)
            if one.is_work and one.is_submitted and one.members in twins - again
        ]
        return gold + repeats_left(places, len(order) + work + gold)

    @property
    def before_work(self) -> int:
        """How many training and qualification items are still to be done."""
        closed = {one.item_id for one in self.had if not one.is_open}
        return sum(c.kind in FIRST and c.item_id not in closed for c in self.checks)


def _name(one: Had) -> str:
    """A first submission of work goes by its responses, anything else by a name of its own."""
    return one.members if one.is_work and one.is_submitted else f"-{one.pk}"


def has_checks(session: Session) -> bool:
    """Whether a session has anything but work."""
    return Item.objects.filter(IS_CHECK, session=session).exists()


def course(session: Session, rater_id: int) -> Course | None:
    """A person's way through a session, None (after one query) where all of it is work."""
    rows = Item.objects.filter(IS_CHECK, session=session).order_by("position")
    checks = [Check(*row) for row in rows.values_list("pk", "kind", "members", "position")]
    if not checks:
        return None
    had = Assignment.objects.filter(item__session=session, rater=rater_id).values_list(
        *("pk", "item", "item__kind", "item__sample", "item__members", "item__position"),
        *("status", "draft_version", "is_given", "postponed_at"),
    )
    return Course(
        session.pk,
        rater_id,
        session.gold_share,
        checks,
        [
            Had(
                *(pk, item, kind, sample, members, position),
                is_open=status in OPEN,
                is_begun=status in OPEN and postponed is None and (not given or version > 0),
                is_submitted=status == "submitted",
            )
            for pk, item, kind, sample, members, position, status, version, given, postponed in (
                had.order_by("submitted_at", "pk")
            )
        ],
    )
