"""Everything that happened to a rubric, newest first, from what the database records.

Edits come from the events that triggers write for each criterion; those of one transaction
are one entry. Publications, drafts, forks and resolved comments carry their own times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime
from pghistory.models import Context

from rubricstudio.domain.diff import Change, CriterionChange, Effect, compare
from rubricstudio.domain.rubric import Rubric as RubricValue
from rubricstudio.models import Comment, Rubric, RubricVersion, User
from rubricstudio.queries.rubrics import criterion_history, row_from_history
from rubricstudio.queries.wording import ChangeRow, change_rows

PAGE = 40
SHOWN = 8
"""Up to so many rows that one action touched are shown one by one; above, they are counted."""


@dataclass(frozen=True, order=True)
class Place:
    """Where in the history an entry stands: its time, then a fixed order at one time."""

    at: datetime
    stream: int
    pk: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.stream}~{self.pk}"


def place_from(text: str) -> Place | None:
    """The place an address names; None where it names none."""
    parts = text.split("~")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 19 for part in parts[1:]):
        return None
    try:
        at = parse_datetime(parts[0])
    except ValueError:
        return None
    if at is None or at.tzinfo is None or not 1970 < at.year < 9999:
        return None
    return Place(at, int(parts[1]), int(parts[2]))


@dataclass(frozen=True)
class Counts:
    """How many rows an edit added, changed and deleted."""

    added: int = 0
    changed: int = 0
    deleted: int = 0

    @property
    def total(self) -> int:
        return self.added + self.changed + self.deleted


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    kind: edit, begun, published, retired, created, forked, resolved. who: None where no person
    was signed in, as in a command. version: the one it happened to; other: the rubric that was
    forked. changes: rows before and after, none where `counts` holds more than SHOWN.
    """

    place: Place
    kind: str
    who: User | None = None
    version: RubricVersion | None = None
    counts: Counts = Counts()
    changes: Sequence[ChangeRow] = ()
    other: Rubric | None = None
    comment: Comment | None = None

    @property
    def at(self) -> datetime:
        return self.place.at


@dataclass(frozen=True)
class HistoryPage:
    """Entries, newest first; `older` is the place to go on from."""

    entries: Sequence[Entry]
    older: Place | None


def history_page(rubric: Rubric, *, seen_by: User, before: Place | None = None) -> HistoryPage:
    """Forty entries older than `before`. The number of queries does not depend on how many.

    seen_by: forks in projects that the person is no member of are left out.
    """
    versions = {version.pk: version for version in _versions(rubric)}
    streams = (
        _edits(rubric, versions, before),
        _begun(versions.values(), before),
        _published(versions.values(), before),
        _retired(versions.values(), before),
        _created(rubric, before),
        _forked(rubric, seen_by, before),
        _resolved(rubric, before),
    )
    every = sorted((e for stream in streams for e in stream), key=lambda e: e.place, reverse=True)
    shown = _with_changes(every[:PAGE])
    older = every[PAGE - 1].place if len(every) > PAGE else None
    return HistoryPage([e for e in shown if e.kind != "edit" or _says_something(e)], older)


def _says_something(entry: Entry) -> bool:
    """Whether an edit changed more than what the database keeps for itself."""
    return bool(entry.changes) or entry.counts.total > SHOWN


def _versions(rubric: Rubric) -> list[RubricVersion]:
    people = ("created_by", "published_by", "retired_by", "based_on")
    return list(rubric.versions.select_related(*people))


def _older(entries: Iterable[Entry], before: Place | None) -> list[Entry]:
    """Those before a place, the newest a page needs."""
    found = [entry for entry in entries if before is None or entry.place < before]
    return sorted(found, key=lambda entry: entry.place, reverse=True)[: PAGE + 1]


def _begun(versions: Iterable[RubricVersion], before: Place | None) -> list[Entry]:
    entries = (Entry(Place(v.created_at, 1, v.pk), "begun", v.created_by, v) for v in versions)
    return _older(entries, before)


def _published(versions: Iterable[RubricVersion], before: Place | None) -> list[Entry]:
    entries = (
        Entry(Place(v.published_at, 2, v.pk), "published", v.published_by, v)
        for v in versions
        if v.published_at
    )
    return _older(entries, before)


def _retired(versions: Iterable[RubricVersion], before: Place | None) -> list[Entry]:
    entries = (
        Entry(Place(v.retired_at, 3, v.pk), "retired", v.retired_by, v)
        for v in versions
        if v.retired_at
    )
    return _older(entries, before)


def _created(rubric: Rubric, before: Place | None) -> list[Entry]:
    return _older([Entry(Place(rubric.created_at, 0, 0), "created", rubric.created_by)], before)


def _below(
    rows: QuerySet[Any], before: Place | None, *, at: str, stream: int, pk: str = "pk"
) -> QuerySet[Any]:
    """The newest rows of a stream that stand before a place."""
    if before is not None:
        older = Q(**{f"{at}__lt": before.at})
        if stream < before.stream:
            older |= Q(**{at: before.at})
        elif stream == before.stream:
            older |= Q(**{at: before.at, f"{pk}__lt": before.pk})
        rows = rows.filter(older)
    return rows.order_by(f"-{at}", f"-{pk}")[: PAGE + 1]


def _forked(rubric: Rubric, seen_by: User, before: Place | None) -> list[Entry]:
    copies = Rubric.objects.select_related("project", "forked_from", "created_by").filter(
        forked_from__rubric=rubric, project__memberships__user=seen_by
    )
    return [
        Entry(
            Place(copy.created_at, 4, copy.pk),
            "forked",
            copy.created_by,
            copy.forked_from,
            other=copy,
        )
        for copy in _below(copies, before, at="created_at", stream=4)
    ]


def _resolved(rubric: Rubric, before: Place | None) -> list[Entry]:
    threads = Comment.objects.select_related("resolved_by").filter(
        rubric=rubric, resolved_at__isnull=False
    )
    return [
        Entry(
            Place(thread.resolved_at, 5, thread.pk), "resolved", thread.resolved_by, comment=thread
        )
        for thread in _below(threads, before, at="resolved_at", stream=5)
    ]


# -- edits


def _edits(
    rubric: Rubric, versions: Mapping[int, RubricVersion], before: Place | None
) -> list[Entry]:
    """Transactions that touched criteria, but for those that began a draft."""
    events = criterion_history().filter(
        version__rubric=rubric, pgh_created_at__gt=F("version__created_at")
    )
    grouped = (
        events.order_by()
        .values("pgh_created_at", "version_id")
        .annotate(
            last=Max("pgh_id"),
            added=Count("pk", filter=Q(pgh_label="insert")),
            changed=Count("pk", filter=Q(pgh_label="update")),
            deleted=Count("pk", filter=Q(pgh_label="delete")),
        )
    )
    found = list(_below(grouped, before, at="pgh_created_at", stream=6, pk="last"))
    people = _people(events, [row["last"] for row in found])
    return [
        Entry(
            Place(row["pgh_created_at"], 6, row["last"]),
            "edit",
            people.get(row["last"]),
            versions.get(row["version_id"]),
            Counts(row["added"], row["changed"], row["deleted"]),
        )
        for row in found
    ]


def _people(events: QuerySet[Any], ids: Sequence[int]) -> dict[int, User]:
    """Who was signed in, by event; three queries."""
    contexts = dict(events.filter(pgh_id__in=ids).values_list("pgh_id", "pgh_context_id"))
    held = Context.objects.in_bulk([pk for pk in contexts.values() if pk])
    users = {pk: context.metadata.get("user") for pk, context in held.items() if context.metadata}
    rows = User.objects.in_bulk([pk for pk in users.values() if pk])
    return {
        event: rows[users[context]]
        for event, context in contexts.items()
        if users.get(context) in rows
    }


def _with_changes(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, small edits with their rows before and after; two queries."""
    small = {
        (e.at, e.version.pk): e
        for e in entries
        if e.kind == "edit" and e.version and e.counts.total <= SHOWN
    }
    events = criterion_history().filter(
        pgh_created_at__in={at for at, _ in small}, version_id__in={pk for _, pk in small}
    )
    earlier = criterion_history().filter(
        pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")
    )
    newest = earlier.order_by("-pgh_id").values("pgh_id")[:1]
    found = list(events.annotate(previous=Subquery(newest)).order_by("pgh_id"))
    was = criterion_history().in_bulk([event.previous for event in found if event.previous])
    changes: dict[tuple[datetime, int], list[CriterionChange]] = {}
    for event in found:
        change = _change(event, was.get(event.previous))
        if change is not None:
            changes.setdefault((event.pgh_created_at, event.version_id), []).append(change)
    return [
        replace(entry, changes=change_rows(changes.get((entry.at, entry.version.pk), [])))
        if entry.version and (entry.at, entry.version.pk) in small
        else entry
        for entry in entries
    ]


def _change(event: Any, previous: Any | None) -> CriterionChange | None:
    """A recorded event as a change before and after; None where nothing of note differs."""
    new = row_from_history(event).as_criterion()
    if event.pgh_label == "insert" or (event.pgh_label == "update" and previous is None):
        return CriterionChange(event.key, None, new, (Change.ADDED,), Effect.NONE)
    if event.pgh_label == "delete":
        return CriterionChange(event.key, new, None, (Change.REMOVED,), Effect.NONE)
    old = row_from_history(previous).as_criterion()
    kinds = [
        kind
        for change in compare(
            RubricValue((old,)), RubricValue((replace(new, key=old.key),))
        ).changes
        for kind in change.kinds
    ]
    if previous is not None and (previous.parent_id, previous.position) != (
        event.parent_id,
        event.position,
    ):
        kinds.insert(0, Change.MOVED)
    return CriterionChange(event.key, old, new, tuple(kinds), Effect.NONE) if kinds else None
