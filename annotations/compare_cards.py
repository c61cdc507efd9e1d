"""A comparison as a page draws it: five-point questions, places, and what a form sends back.

The fields name sides and letters, never ids: in the order of ids the first response may
always be that of the same source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from annotations.cards import ANSWER, COMMENT, Typed, read_remark
from annotations.comparison import (
    STRENGTHS,
    WHOLE,
    Comparison,
    as_shown,
    criterion_key,
    off_scale,
    response_key,
)
from annotations.sheet import CANNOT_ASSESS, Entry, Sheet, digits
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import VerdictStatus

WHOLE_FIELD, PLACE = "whole", "place:"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the five answers."""

    value: str
    word: str
    key: int


@dataclass(frozen=True, slots=True)
class Question:
    """A five-point question, or the place of a response, as the page draws it.

    criterion: None for the comparison as a whole and for places. other: what another tab
    holds, in words.
    """

    number: int
    name: str
    chosen: str
    criterion: Criterion | None = None
    letter: str = ""
    comment_name: str = ""
    comment: str = ""
    problem: str = ""
    other: str = ""


def choices() -> list[Choice]:
    """The five answers from left to right."""
    words = (
        _("A much better"),
        _("A better"),
        _("about equal"),
        _("B better"),
        _("B much better"),
    )
    return [
        Choice(digits(value), word, key)
        for key, (value, word) in enumerate(zip(STRENGTHS, words, strict=True), start=1)
    ]


def read_comparison(post: QueryDict, comparison: Comparison) -> Typed:
    """Read the fields of a comparison's form."""
    problems: dict[str, str] = {}
    raw: dict[str, str] = {}
    entries = {}
    for key, name, comment_name in _fields(comparison):
        rationale = read_remark(post, comment_name, key, problems) if comment_name else ""
        raw[key] = post.get(name, "").strip()
        entry = _read(comparison, key, raw[key], rationale)
        if entry is None:
            problems[key] = off_scale(comparison)
        entries[key] = entry or Entry(rationale=rationale)
    return Typed(Sheet(entries, read_remark(post, "comment", "", problems)), problems, raw)


def _fields(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Each question with the names of its answer's and its comment's field, "" for none."""
    if comparison.is_ranking:
        asked = [(response_key(r), PLACE + comparison.letter(r), "") for r in comparison.shown]
    else:
        asked = [
            (criterion_key(c.key), ANSWER + c.key, COMMENT + c.key) for c in comparison.criteria
        ]
    return [*asked, (WHOLE, WHOLE_FIELD, "")]


def _read(comparison: Comparison, key: str, text: str, rationale: str) -> Entry | None:
    """The entry that a field makes, None where it is no answer."""
    if not text:
        return Entry(rationale=rationale)
    if text == CANNOT_ASSESS and (key == WHOLE or not comparison.is_ranking):
        return Entry(VerdictStatus.CANNOT_ASSESS, None, rationale)
    try:
        value = float(text)
    except ValueError:
        return None
    if value not in comparison.allowed(key):
        return None
    if not comparison.is_ranking:
        value = as_shown(comparison, value)
    # Turning 0 round makes -0.0, which is the same strength but not the same text.
    return Entry(VerdictStatus.OK, value + 0.0, rationale)


def _chosen(comparison: Comparison, entry: Entry) -> str:
    """The answer as the form's field holds it."""
    if entry.value is None or comparison.is_ranking:
        return entry.choice
    return digits(as_shown(comparison, entry.value) + 0.0)


def fields_of_comparison(comparison: Comparison, sheet: Sheet) -> list[tuple[str, str]]:
    """The form fields (name, value) that hold a sheet, blank ones left out."""
    pairs = [("comment", sheet.comment)]
    for key, name, comment_name in _fields(comparison):
        entry = sheet.entry(key)
        pairs += [(name, _chosen(comparison, entry)), (comment_name, entry.rationale)]
    return [(name, value) for name, value in pairs if name and value]


def questions(
    comparison: Comparison, typed: Typed, others: Mapping[str, Entry]
) -> dict[str, list[Question]]:
    """What the page asks: `parts` (criteria or places) and `whole` (one question)."""
    criteria = {criterion_key(c.key): c for c in comparison.criteria}
    letters = {response_key(r): comparison.letter(r) for r in comparison.shown}
    made = []
    for number, (key, name, comment_name) in enumerate(_fields(comparison), start=1):
        entry, problem = typed.sheet.entry(key), typed.problems.get(key, "")
        typed_in = typed.raw.get(key, "") if problem and not entry.is_decided else ""
        made.append(
            Question(
                number=number,
                name=name,
                chosen=typed_in or _chosen(comparison, entry),
                criterion=criteria.get(key),
                letter=letters.get(key, ""),
                comment_name=comment_name,
                comment=entry.rationale,
                problem=problem,
                other=_in_words(comparison, others[key]) if key in others else "",
            )
        )
    return {"parts": made[:-1], "whole": made[-1:]}


def _in_words(comparison: Comparison, entry: Entry) -> str:
    """An answer in words."""
    if entry.status is None:
        return _("no answer")
    if entry.value is None:
        return _("cannot assess")
    if comparison.is_ranking:
        return _("place %(n)d") % {"n": entry.value}
    chosen = _chosen(comparison, entry)
    return next(choice.word for choice in choices() if choice.value == chosen)
