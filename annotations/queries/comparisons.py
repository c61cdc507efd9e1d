"""Items with several responses: what is asked of them, and what a person said so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotations.comparison import WHOLE, Comparison, criterion_key
from annotations.models import Assignment, CriterionPreference, Item, Mode, Session
from annotations.options import COMPARING
from annotations.queries.sheets import criteria_of
from annotations.sheet import Entry, Sheet
from rubricstudio.domain.pairing import shown_order
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Preference, Response


def is_compared(session: Session) -> bool:
    """Whether the items of a session hold several responses."""
    return session.mode in COMPARING


def asks_by_criterion(session: Session) -> bool:
    """Whether a session of pairs asks for each criterion too, and not only for the whole."""
    return session.mode == Mode.PAIRWISE and session.selection.get("by_criterion", True)


def members_of(item: Item) -> tuple[int, ...]:
    """The ids of the responses of an item, ascending."""
    return tuple(map(int, item.members.split(",")))


def order_for(assignment: Assignment) -> tuple[int, ...]:
    """The order in which the person sees the responses: the one stored, else the one due.

    Balanced by the place that the person has: of the people of a pair every other one sees
    it turned round, and whoever gets it a second time sees it the other way than before.
    """
    if assignment.shown_order:
        return tuple(assignment.shown_order)
    item = assignment.item
    turn = assignment.rater_id if assignment.slot is None else assignment.slot
    return shown_order(members_of(item), f"{item.session_id}:{item.members}", turn + item.sample)


def comparison_of(assignment: Assignment) -> Comparison:
    """What is asked of the assignment (with its item and session at hand)."""
    session = assignment.item.session
    return Comparison(
        members=members_of(assignment.item),
        shown=order_for(assignment),
        criteria=criteria_of(session) if asks_by_criterion(session) else (),
        is_ranking=session.mode == Mode.RANKING,
    )


@dataclass(frozen=True, slots=True)
class OwnPreferences:
    """A person's current preferences on an item by pair of ids, and the revision of each."""

    rows: Mapping[tuple[int, int], Preference]

    def next_revision(self, pair: tuple[int, int]) -> int:
        """The revision that a new preference on the pair gets."""
        return self.rows[pair].revision + 1 if pair in self.rows else 0


def own_preferences(assignment: Assignment) -> OwnPreferences:
    """What the assignment's own rater said on the pairs of its item. One query."""
    members = members_of(assignment.item)
    cell = ["response_a_id", "response_b_id"]
    rows = (
        Preference.objects.filter(
            round=assignment.item.session_id,
            rater=assignment.rater_id,
            sample=assignment.item.verdict_sample,
            response_a__in=members,
            response_b__in=members,
        )
        .order_by(*cell, "-revision")
        .distinct(*cell)
    )
    return OwnPreferences({(row.response_a_id, row.response_b_id): row for row in rows})


def stored_pair(preference: Preference) -> Sheet:
    """A preference with its parts as the sheet that was submitted. One query."""
    parts = CriterionPreference.objects.filter(preference=preference).values_list(
        "criterion__key", "status", "strength", "rationale"
    )
    entries = {
        criterion_key(key): _entry(status, strength, rationale)
        for key, status, strength, rationale in parts
    }
    entries[WHOLE] = _entry(preference.status, preference.strength, "")
    return Sheet(entries, preference.rationale)


def _entry(status: str, strength: float | None, rationale: str) -> Entry:
    value = None if strength is None else float(strength)
    return Entry(VerdictStatus(status), value, rationale)


def texts_of(comparison: Comparison) -> list[str | None]:
    """The texts in the order shown, None where one is not available; nothing else is read."""
    texts = dict(Response.objects.filter(pk__in=comparison.members).values_list("pk", "text"))
    return [texts[response] for response in comparison.shown]


def sources_of(comparison: Comparison, session: Session) -> list[str | None]:
    """The sources in the order shown; not even read where the session hides them."""
    if session.hide_source:
        return [None] * len(comparison.shown)
    rows: Any = Response.objects.filter(pk__in=comparison.members).values_list("pk", "source")
    sources = dict(rows)
    return [sources[response] for response in comparison.shown]


def names_of(members: tuple[int, ...]) -> Mapping[int, str]:
    """What files call these responses."""
    return dict(Response.objects.filter(pk__in=members).values_list("pk", "external_id"))


def task_of(item: Item) -> int:
    """The task of an item's responses."""
    return Response.objects.values_list("task_id", flat=True).get(pk=item.response_id)
