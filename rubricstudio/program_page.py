"""What the page of a program shows of an evaluation: words, marked text, the parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from rubricstudio.domain.programs import (
    CHECKS,
    Check,
    Outcome,
    Part,
    ProgramError,
    Span,
    evaluate,
    in_words,
    parse,
)
from rubricstudio.domain.rubric import Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.forms.programs import error_words
from rubricstudio.program_tools import ProgramTools, check_program

LONGEST_SHOWN = 20_000
DEEPEST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `marked` where a check points at it."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """An error in words, and its place for a script to go to."""

    words: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of the explanation. `sign` is met, not_met, level or none.

    `stands_aside`: what holds it decided and it did not.
    """

    text: str
    indent: int
    value: str
    sign: str
    note: str
    decisive: bool
    stands_aside: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """A program that was tried: what is wrong with it, or what it says of the text.

    `status` and `word` go to the status component; `cut` says that the text is longer than
    what is shown of it.
    """

    errors: Sequence[ErrorRow] = ()
    status: str = ""
    word: str = ""
    reason: str = ""
    parts: Sequence[PartRow] = ()
    text: Sequence[Piece] = ()
    cut: bool = False


def tried(program: str, text: str | None, scale: Scale) -> Tried:
    """What there is to show of a program on a text; None is a response without text."""
    errors = check_program(program, scale)
    if errors:
        return Tried(errors=[_error(error, program) for error in errors])
    outcome = evaluate(parse(program), text, ProgramTools(), scale)
    status, word = _verdict(outcome, scale)
    shown = (text or "")[:LONGEST_SHOWN]
    return Tried(
        status=status,
        word=word,
        reason=outcome.reason,
        parts=list(_parts(outcome.explanation)),
        text=list(pieces(shown, outcome.spans)),
        cut=len(text or "") > LONGEST_SHOWN,
    )


def _error(error: ProgramError, program: str) -> ErrorRow:
    return ErrorRow(error_words(error, program), error.start, error.end)


def _verdict(outcome: Outcome, scale: Scale) -> tuple[str, str]:
    """The status, and the words it is said in where they are not the usual ones."""
    if outcome.status is not VerdictStatus.OK or outcome.value is None:
        return outcome.status.value, ""
    value = float(outcome.value)
    if scale.kind is ScaleKind.BINARY:
        return ("met" if value else "not_met"), ""
    if scale.kind is ScaleKind.ORDINAL:
        label = next(level.label for level in scale.levels if level.value == value)
        return "level", f"{in_words(value)} · {label}"
    return "level", _("%(value)s of %(maximum)s points") % {
        "value": in_words(value),
        "maximum": in_words(scale.maximum),
    }


def _parts(explanation: Iterable[Part]) -> Iterator[PartRow]:
    """The parts that tell something, in reading order."""
    decided: dict[int, bool] = {}
    for part in explanation:
        decided[part.depth] = part.decisive
        if part.depth == 0 or not part.is_literal:
            aside = not part.decisive and decided.get(part.depth - 1, False)
            yield _part(part, stands_aside=aside)


def _part(part: Part, *, stands_aside: bool) -> PartRow:
    if part.value is None:
        word, sign = _("undecided"), "none"
    elif isinstance(part.value, bool):
        word, sign = (_("yes"), "met") if part.value else (_("no"), "not_met")
    else:
        word, sign = in_words(part.value), "level"
    indent = min(part.depth, DEEPEST_SHOWN)
    return PartRow(part.text, indent, word, sign, part.note, part.decisive, stands_aside)


def pieces(text: str, spans: Iterable[Span]) -> Iterable[Piece]:
    """A text cut at the edges of spans, which may overlap; joined again it is the text."""
    at = 0
    for start, end in _merged(spans, len(text)):
        if at < start:
            yield Piece(text[at:start], False)
        yield Piece(text[start:end], True)
        at = end
    if at < len(text):
        yield Piece(text[at:], False)


def _merged(spans: Iterable[Span], length: int) -> list[tuple[int, int]]:
    """Spans within the first `length` characters, those that overlap joined."""
    merged: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda each: each.start):
        start, end = span.start, min(span.end, length)
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return merged


def listed_checks() -> list[Check]:
    """The checks there are, for the reference beside a program."""
    return list(CHECKS.values())
