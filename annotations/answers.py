"""Answers as programs send and read them: one for each question of an item, by its key.

Pure. The key of a question is the criterion's in a session that asks each criterion. Of a pair
it is `criterion:<key>` or `whole`, of a ranking `place:A` or `whole`. Responses are named by the
letters under which this person sees them, never by ids: in the order of ids the first response
may always be that of the same source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.cards import comment_problem
from annotations.compare_cards import choices
from annotations.comparison import (
    WHOLE,
    Comparison,
    as_shown,
    criterion_key,
    response_key,
)
from annotations.evidence import CONFIDENCE, level_of, quotes_problem
from annotations.sheet import CANNOT_ASSESS, Entry, InvalidSheet, Sheet
from rubricstudio.domain.formats.lines import clean
from rubricstudio.domain.rubric import Criterion, Rubric, ScaleKind
from rubricstudio.domain.verdict import Quote, VerdictStatus

PLACE = "place:"
STRENGTH = "strength"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it is sent: a value or that it cannot be assessed, and what goes with it.

    confidence: low, medium, high or "". Without value and cannot_assess the question is open.
    """

    value: float | None = None
    cannot_assess: bool = False
    comment: str = ""
    quotes: Sequence[Quote] = ()
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that answers a question, and its words."""

    value: float
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. kind: binary, ordinal, points, strength (of a pair) or place.

    options: the values that answer it, none for points, which take any number from 0 to
    maximum. A strength is below 0 where A is better, above 0 where B is. bad: met is a fault.
    """

    key: str
    kind: str
    text: str
    options: tuple[Option, ...] = ()
    maximum: float | None = None
    description: str = ""
    group: str = ""
    bad: bool = False
    quote_needed: bool = False
    examples: tuple[tuple[str, bool, str], ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What an item asks: criteria of one response, or a comparison of several."""

    rubric: Rubric
    criteria: tuple[Criterion, ...]
    comparison: Comparison | None = None

    def questions(self) -> list[Question]:
        """The questions in the order in which they are asked."""
        if self.comparison is None:
            return [self._criterion(criterion, criterion.key) for criterion in self.criteria]
        if self.comparison.is_ranking:
            return [*self._places(self.comparison), Question(WHOLE, "place", "", ())]
        parts = [self._strength(c, criterion_key(c.key)) for c in self.comparison.criteria]
        return [*parts, Question(WHOLE, STRENGTH, "", _strengths())]

    def _criterion(self, criterion: Criterion, key: str) -> Question:
        scale = criterion.scale
        return Question(
            key=key,
            kind=scale.kind.value,
            text=criterion.text,
            options=_options(criterion),
            maximum=scale.maximum if scale.kind is ScaleKind.POINTS else None,
            description=criterion.description,
            group=self.rubric.by_key[criterion.parent].text if criterion.parent else "",
            bad=criterion.met_means.value == "bad",
            quote_needed=criterion.evidence_required,
            examples=tuple((one.text, one.met, one.note) for one in criterion.examples),
            references=criterion.references,
        )

    def _strength(self, criterion: Criterion, key: str) -> Question:
        text, description = criterion.text, criterion.description
        return Question(key, STRENGTH, text, _strengths(), description=description)

    def _places(self, comparison: Comparison) -> list[Question]:
        places = range(1, len(comparison.members) + 1)
        options = tuple(Option(float(n), str(n)) for n in places)
        letters = [comparison.letter(response) for response in comparison.shown]
        return [Question(PLACE + letter, "place", letter, options) for letter in letters]

    # -- keys

    def outer(self, key: str) -> str:
        """The key that programs use for a key of the sheet."""
        names = self._letters()
        return names.get(key, key)

    def _letters(self) -> dict[str, str]:
        """The keys of places in the sheet, with those that programs use."""
        if self.comparison is None or not self.comparison.is_ranking:
            return {}
        letter = self.comparison.letter
        return {response_key(r): PLACE + letter(r) for r in self.comparison.shown}

    def _turned(self, key: str, value: float) -> float:
        """A strength from what is shown to what is stored, and back; other values as they are."""
        if self.comparison is None or self.comparison.is_ranking:
            return value
        return as_shown(self.comparison, value) + 0.0  # turning 0 round makes -0.0

    # -- answers

    def read(self, answers: Mapping[str, Said], comment: str) -> Sheet:
        """The sheet that answers make. Raises InvalidSheet with a word at each wrong key."""
        inner = {outer: key for key, outer in self._letters().items()}
        problems: dict[str, str] = {}
        entries = {}
        for name, said in answers.items():
            problem = self._problem(said) or self._misplaced(name, said)
            if problem or name in self._letters():
                problems[name] = problem or _("This is not asked here.")
            else:
                key = inner.get(name, name)
                entries[key] = self._entry(key, said)
        comment = tidy(comment)
        if problem := comment_problem(comment):
            problems[""] = problem
        if problems:
            raise InvalidSheet(problems)
        return Sheet(entries, comment)

    def _problem(self, said: Said) -> str:
        if said.cannot_assess and said.value is not None:
            return _("Give a value or cannot assess, not both.")
        if problem := comment_problem(tidy(said.comment)):
            return problem
        if said.confidence not in ("", *CONFIDENCE):
            return _("Confidence is one of: %(words)s.") % {"words": ", ".join(CONFIDENCE)}
        return quotes_problem(said.quotes)

    def _misplaced(self, name: str, said: Said) -> str:
        """What a comparison does not take."""
        if self.comparison is None:
            return ""
        if said.quotes or said.confidence:
            return _("A comparison takes neither quotes nor confidence.")
        if said.comment and (name == WHOLE or name.startswith(PLACE)):
            return _("Write the comment beside the answers: it is on the comparison as a whole.")
        return ""

    def _entry(self, key: str, said: Said) -> Entry:
        value = None if said.value is None else self._turned(key, said.value) + 0.0
        ok = VerdictStatus.OK if value is not None else None
        quotes = (Quote(clean(q.text).strip(), q.start, q.end) for q in said.quotes)
        return Entry(
            VerdictStatus.CANNOT_ASSESS if said.cannot_assess else ok,
            value,
            tidy(said.comment),
            tuple(quote for quote in quotes if quote.text),
            CONFIDENCE.get(said.confidence),
        )

    def written(self, sheet: Sheet) -> dict[str, Said]:
        """The inverse of `read`: what was entered by key, blank entries left out."""
        return {
            self.outer(key): Said(
                value=None if entry.value is None else self._turned(key, entry.value),
                cannot_assess=entry.choice == CANNOT_ASSESS,
                comment=entry.rationale,
                quotes=entry.evidence,
                confidence=level_of(entry.confidence),
            )
            for key, entry in sheet.entries.items()
            if not entry.is_blank
        }

    def named(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Problems by the keys that programs use."""
        return {self.outer(key): text for key, text in problems.items()}


def tidy(text: str) -> str:
    """A comment as it is stored: what PostgreSQL cannot hold replaced, line ends alike."""
    return clean(text).replace("\r\n", "\n").strip()


def _options(criterion: Criterion) -> tuple[Option, ...]:
    scale = criterion.scale
    if scale.kind is ScaleKind.BINARY:
        return (Option(0.0, _("not met")), Option(1.0, _("met")))
    return tuple(Option(level.value, level.label, level.description) for level in scale.levels)


def _strengths() -> tuple[Option, ...]:
    return tuple(Option(float(choice.value), choice.word) for choice in choices())
