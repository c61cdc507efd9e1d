"""What the pages of a discussion show: each criterion with its votes side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from django.utils.translation import gettext as _

from annotations.models import DiscussionNote, Session
from annotations.queries.discussion import (
    Person,
    first_comments,
    first_verdicts,
    notes_on,
    people_of,
    text_of,
)
from annotations.queries.sheets import criteria_of, criterion_ids
from rubricstudio.domain.passages import Passage, passages
from rubricstudio.domain.rubric import Criterion, ScaleKind, shares_of
from rubricstudio.domain.verdict import Quote
from rubricstudio.models import Verdict


@dataclass(frozen=True, slots=True)
class Voice:
    """One person's first vote on a criterion, as this reader may know them."""

    person: Person
    verdict: Verdict
    word: str


@dataclass(frozen=True, slots=True)
class Said:
    """A note and who wrote it, as this reader may know them."""

    note: DiscussionNote
    author: str
    is_reader: bool


@dataclass(frozen=True)
class Block:
    """A criterion with its votes and notes.

    apart: the share in [0, 1] of disagreeing pairs, None for fewer than two values (n).
    text, problem: what was typed and could not be kept, and why.
    """

    criterion: Criterion
    voices: Sequence[Voice]
    notes: Sequence[Said]
    apart: float | None
    n: int
    text: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Piece:
    """A stretch of the response and the marks of those who quote it."""

    text: str
    by: Sequence[str]


@dataclass(frozen=True)
class DiscussedPage:
    """One item: its text, everybody's comments, its criteria, the most disputed first."""

    messages: Sequence[Mapping[str, str]]
    reference: str
    pieces: Sequence[Piece] | None
    comments: Sequence[tuple[Person, str]]
    blocks: Sequence[Block]
    people: Sequence[Person]


def person_name(person: Person) -> str:
    """How a page calls somebody: their name, or a letter where the session hides names."""
    name = person.name or _("Annotator %(letter)s") % {"letter": person.mark}
    return _("%(name)s (you)") % {"name": name} if person.is_reader else name


def discussed_page(
    session: Session,
    response_id: int,
    reader: int,
    *,
    typed: tuple[str, str, str] = ("", "", ""),
) -> DiscussedPage:
    """An item before its reader (a user's id). Six queries.

    typed: the key of a criterion, what was written there, and why it cannot be kept.
    """
    people, ids = people_of(session, reader), criterion_ids(session)
    verdicts = first_verdicts(session, response_id)
    notes = notes_on(session, response_id)
    authors = {person.user_id: person_name(person) for person in people.values() if person.user_id}
    marks = list(people)
    by_criterion: dict[str, list[Verdict]] = {}
    for row in sorted(verdicts, key=lambda row: marks.index(row.rater_id)):
        by_criterion.setdefault(row.criterion.key, []).append(row)
    criteria = criteria_of(session)
    shares = shares_of({one.key: one.weight for one in criteria})
    blocks = [
        Block(
            one,
            [
                Voice(people[row.rater_id], row, one.scale.label(row.value))
                for row in by_criterion.get(one.key, ())
            ],
            [_said(note, authors, reader) for note in notes.get(ids[one.key], ())],
            *_apart(one, by_criterion.get(one.key, ())),
            *(typed[1:] if typed[0] == one.key else ("", "")),
        )
        for one in criteria
    ]
    blocks.sort(key=lambda block: -(block.apart or 0) * shares[block.criterion.key])
    about = text_of(response_id)
    said = first_comments(session, response_id)
    return DiscussedPage(
        messages=about["task__messages"],
        reference=about["task__reference"],
        pieces=None if about["text"] is None else _pieces(about["text"], verdicts, people),
        comments=[(people[pk], said[pk]) for pk in marks if pk in said],
        blocks=blocks,
        people=[people[pk] for pk in marks if any(row.rater_id == pk for row in verdicts)],
    )


def _said(note: DiscussionNote, authors: Mapping[int, str], reader: int) -> Said:
    """Who manages the round without voting in it is named."""
    return Said(note, authors.get(note.author_id, str(note.author)), note.author_id == reader)


def _apart(criterion: Criterion, rows: Sequence[Verdict]) -> tuple[float | None, int]:
    """The share of disagreeing pairs of people, and how many gave a value."""
    values = [row.value for row in rows if row.value is not None]
    pairs = list(combinations(values, 2))
    if not pairs:
        return None, len(values)
    if criterion.scale.kind is ScaleKind.POINTS:
        span = criterion.scale.high - criterion.scale.low
        return sum(abs(a - b) / span for a, b in pairs) / len(pairs), len(values)
    return sum(a != b for a, b in pairs) / len(pairs), len(values)


def _pieces(text: str, rows: Sequence[Verdict], people: Mapping[int, Person]) -> list[Piece]:
    """The response cut where quotes begin and end."""
    numbers = {pk: number for number, pk in enumerate(people, start=1)}
    marks = {number: people[pk].mark for pk, number in numbers.items()}
    quotes = [(numbers[row.rater_id], Quote(**quote)) for row in rows for quote in row.evidence]
    found: list[Passage] = passages(text, quotes)
    return [Piece(one.text, [marks[number] for number in one.by]) for one in found]
