"""What one annotator says when they compare responses: a sheet whose keys are questions.

Pure: no database and no HTTP. A pair has the questions WHOLE and, where the session asks
by criterion, one for each criterion; an answer is a strength from -2 (the response with
the smaller id is much better) over 0 (about equal) to 2, whichever side it was shown on.
A ranking has a question for each response, whose answer is its place from 1 (best);
responses of the same place are tied. WHOLE is then only ever a cannot-assess.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from annotations.models import CommentRule
from annotations.sheet import Entry, InvalidSheet, Sheet
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.verdict import VerdictStatus

# Prefixes keep a criterion's key, which may be any text, apart from the others.
WHOLE, OF_CRITERION, OF_RESPONSE = "whole", "criterion:", "response:"
STRENGTHS = (-2.0, -1.0, 0.0, 1.0, 2.0)
LETTERS = "ABCDEFGH"


def criterion_key(key: str) -> str:
    """The question of a criterion."""
    return OF_CRITERION + key


def response_key(response: int) -> str:
    """The question of a response in a ranking."""
    return f"{OF_RESPONSE}{response}"


@dataclass(frozen=True)
class Comparison:
    """An item with several responses as one person sees it.

    members: ids, ascending; shown: the same as this person sees them, A first.
    criteria: those that are asked of a pair, none in a ranking.
    """

    members: tuple[int, ...]
    shown: tuple[int, ...]
    criteria: tuple[Criterion, ...] = ()
    is_ranking: bool = False

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The questions in the order in which they are asked."""
        if self.is_ranking:
            return (*(response_key(member) for member in self.shown), WHOLE)
        return (*(criterion_key(c.key) for c in self.criteria), WHOLE)

    @property
    def is_turned(self) -> bool:
        """Whether the first response of a pair is shown second."""
        return self.shown[0] != self.members[0]

    def letter(self, response: int) -> str:
        """What the page calls a response."""
        return LETTERS[self.shown.index(response)]

    def allowed(self, key: str) -> tuple[float, ...]:
        """The values that answer a question."""
        if not self.is_ranking:
            return STRENGTHS
        return () if key == WHOLE else tuple(map(float, range(1, len(self.members) + 1)))


def as_shown(comparison: Comparison, strength: float) -> float:
    """A strength as the page shows it, below 0 for A; its own inverse."""
    return -strength if comparison.is_turned else strength


def check(comparison: Comparison, sheet: Sheet) -> None:
    """Raise InvalidSheet for a question that is not asked or a value that does not answer it."""
    problems = {}
    for key, entry in sheet.entries.items():
        if key not in comparison.keys:
            problems[key] = _("This is not asked here.")
        elif entry.value is not None and entry.value not in comparison.allowed(key):
            problems[key] = off_scale(comparison)
    if problems:
        raise InvalidSheet(problems)


def off_scale(comparison: Comparison) -> str:
    """What to enter, for a message."""
    if comparison.is_ranking:
        return _("Enter a place from 1 to %(last)d.") % {"last": len(comparison.members)}
    return _("Choose one of the five answers, or cannot assess.")


def undecided(comparison: Comparison, sheet: Sheet) -> list[str]:
    """The questions without an answer, in order. Who cannot rank at all needs no places."""
    if not comparison.is_ranking:
        return [key for key in comparison.keys if not sheet.entry(key).is_decided]
    if sheet.entry(WHOLE).is_decided:
        return []
    return [key for key in comparison.keys if key != WHOLE and sheet.entry(key).value is None]


def comments_missing(
    rules: Collection[str], comparison: Comparison, sheet: Sheet
) -> dict[str, str]:
    """What to write, by question; the comment on the comparison, "", stands for WHOLE too.

    Questions without an answer are not looked at, and the rule "unmet" says nothing of
    comparisons.
    """
    problems: dict[str, str] = {}
    for key in comparison.keys:
        entry = sheet.entry(key)
        said, where = (sheet.comment, "") if key == WHOLE else (entry.rationale, key)
        if not entry.is_decided or said.strip():
            continue
        if CommentRule.CANNOT_ASSESS in rules and _cannot(entry):
            problems[where] = _("Say in a comment why it cannot be assessed.")
        elif CommentRule.EVERY in rules and not comparison.is_ranking:
            problems[where] = _("Add a comment.")
    if {CommentRule.WHOLE, CommentRule.EVERY} & set(rules) and not sheet.comment.strip():
        problems.setdefault("", _("Comment on the comparison."))
    return problems


def _cannot(entry: Entry) -> bool:
    return entry.status is VerdictStatus.CANNOT_ASSESS


def preferred(strength: float) -> str:
    """The response that a strength prefers: a (the smaller id), b, or tie."""
    return "tie" if strength == 0 else "a" if strength < 0 else "b"


def places_of(comparison: Comparison, sheet: Sheet) -> Mapping[int, float] | None:
    """The place of each response; None where the ranking cannot be assessed or is not whole."""
    if _cannot(sheet.entry(WHOLE)):
        return None
    found = {member: sheet.entry(response_key(member)).value for member in comparison.members}
    places = {member: value for member, value in found.items() if value is not None}
    return places if len(places) == len(found) else None
