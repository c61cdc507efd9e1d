"""What the quality page shows: people beside gold answers, and with themselves."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from annotations.comparison import preferred
from annotations.models import (
    Assignment,
    AssignmentStatus,
    CriterionPreference,
    Gold,
    Item,
    ItemKind,
    Session,
)
from annotations.options import COMPARING
from annotations.queries.gold import answers_to, results
from rubricstudio.domain.quality import GoldScore
from rubricstudio.models import Preference, Response

_NOTHING = GoldScore(0, 0)


@dataclass(frozen=True, slots=True)
class PersonQuality:
    """One annotator: standing, gold results, and agreement of first and repeated answers.

    repeated: of `repeats` pairs of own answers, the share that are equal; None without any.
    """

    rater_id: int
    name: str
    standing: str
    note: str
    by: str
    qualification: GoldScore
    gold: GoldScore
    recent: GoldScore
    repeats: GoldScore


def people_quality(session: Session) -> list[PersonQuality]:
    """Every annotator of a session by name. A constant number of queries."""
    scores: dict[tuple[int, str], list[GoldScore]] = defaultdict(list)
    for result in results(session):
        scores[result.rater_id, result.kind].append(result.score)
    repeats = _repeats(session)
    places = session.annotators.select_related("rater", "qualified_by").order_by("rater__name")
    return [
        PersonQuality(
            place.rater_id,
            place.rater.name,
            place.qualification,
            place.qualification_note,
            str(place.qualified_by or ""),
            sum(scores[place.rater_id, ItemKind.QUALIFICATION], _NOTHING),
            sum(scores[place.rater_id, ItemKind.GOLD], _NOTHING),
            sum(scores[place.rater_id, ItemKind.GOLD][-10:], _NOTHING),
            repeats.get(place.rater_id, _NOTHING),
        )
        for place in places
    ]


def _repeats(session: Session) -> dict[int, GoldScore]:
    """By person: on how many of the questions answered twice both answers are equal."""
    read = _preferred if session.mode in COMPARING else _values
    twice = _twice(session)
    first, again = read(session, twice, 0), read(session, twice, 1)
    found: dict[int, GoldScore] = defaultdict(lambda: _NOTHING)
    for question, answer in again.items():
        if question in first:
            found[question[0]] += GoldScore(int(first[question] == answer), 1)
    return dict(found)


def _twice(session: Session) -> list[int]:
    """The responses of the repeats that somebody submitted."""
    rows = Assignment.objects.filter(
        item__session=session, item__sample=1, status=AssignmentStatus.SUBMITTED
    )
    members = rows.values_list("item__members", flat=True).distinct()
    return sorted({int(response) for one in members for response in one.split(",")})


def _values(session: Session, responses: list[int], sample: int) -> dict[tuple[Any, ...], Any]:
    """Current values by (rater, response, criterion key)."""
    return {
        (*cell, key): answer.value
        for cell, answers in answers_to(session, responses, sample=sample).items()
        for key, answer in answers.items()
    }


def _preferred(session: Session, responses: list[int], sample: int) -> dict[tuple[Any, ...], Any]:
    """Which was preferred, however much, by (rater, a, b, criterion), None for the whole."""
    cell = ("rater", "response_a", "response_b")
    current = (
        Preference.objects.filter(round=session.pk, sample=sample, response_a__in=responses)
        .order_by(*cell, "-revision")
        .distinct(*cell)
    )
    rows = {pk: (asked, said) for pk, said, *asked in current.values_list("pk", "preferred", *cell)}
    found: dict[tuple[Any, ...], Any] = {(*asked, None): said for asked, said in rows.values()}
    parts = CriterionPreference.objects.filter(preference__in=list(rows))
    for pk, criterion, strength in parts.values_list("preference", "criterion", "strength"):
        found[*rows[pk][0], criterion] = None if strength is None else preferred(strength)
    return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """A response with gold answers, and what it is in the session."""

    response_id: int
    name: str
    answers: int
    kind: str


def candidates(session: Session, *, limit: int = 200) -> list[Candidate]:
    """Responses with gold answers to the session's rubric and the first ones of the session.

    Checks come first, then what could become one, then what has no gold answer yet.
    """
    version = session.round.version
    if version is None:
        return []
    counts: dict[int, int] = defaultdict(int)
    rows = Gold.objects.filter(criterion__version__rubric=version.rubric_id)
    for response in rows.order_by("response").values_list("response", flat=True)[: limit * 50]:
        counts[response] += 1
    items = Item.objects.filter(session=session, sample=0).order_by("position")
    for response in items.values_list("response", flat=True)[:limit]:
        counts[response] += 0
    kinds = dict(items.filter(response__in=list(counts)).values_list("response", "kind"))
    names = Response.objects.filter(pk__in=list(counts)).values_list("pk", "external_id")
    found = [Candidate(pk, name, counts[pk], kinds.get(pk, "")) for pk, name in names]
    return sorted(found, key=lambda one: (one.kind in ("", "work"), not one.answers, one.name))[
        :limit
    ]


def export_rows(session: Session) -> list[tuple[Any, ...]]:
    """The gold answers to the session's version.

    (response, criterion, answer, note, origin, session and expert it was taken from).
    """
    rows = Gold.objects.filter(criterion__version=session.round.version).order_by(
        "response__external_id", "criterion__position"
    )
    columns = (
        *("response__external_id", "criterion__key", "status", "value", "note"),
        *("origin", "origin_round__name", "origin_rater__name"),
    )
    return [
        (response, key, status if value is None else value, note, origin, round_ or "", rater or "")
        for response, key, status, value, note, origin, round_, rater in rows.values_list(*columns)
    ]
