"""The checks that a program may call: what each takes, what it comes to, and how it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rubricstudio.domain.programs import citing, counting, finding, numerals, structure
from rubricstudio.domain.programs.finding import Subject
from rubricstudio.domain.programs.values import MOST_SPANS, Hits, Returns, Span, Undecided
from rubricstudio.domain.verdict import VerdictStatus

# Fewer letters than this, a Han or kana character for three, are too few to tell a language by.
LETTERS_FOR_LANGUAGE = 20
SURE_ENOUGH = 0.5


class Takes(StrEnum):
    """What stands for a parameter in the program."""

    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    FLAG = "true or false"
    JSON = "JSON"
    PATTERN = "regular expression"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a check. TEXTS takes all that have no name; a default of None: required.

    `choices` are all that is accepted; `low` is the smallest number.
    """

    name: str
    takes: Takes
    default: str | float | bool | None = None
    choices: tuple[str, ...] = ()
    low: float | None = None

    @property
    def required(self) -> bool:
        return self.default is None and self.takes is not Takes.TEXTS


@dataclass(frozen=True, slots=True)
class Found:
    """What a check comes to, where that stands in the text, and a few words on it."""

    value: bool | float
    spans: tuple[Span, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A word of the language. `does` completes "The check ...": a line for its users."""

    name: str
    returns: Returns
    does: str
    run: Callable[..., Found] = field(repr=False)
    parameters: tuple[Parameter, ...] = ()

    @property
    def signature(self) -> str:
        """How it is written, parameters with a default in brackets."""
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(map(_shown, self.parameters))})"


def _shown(parameter: Parameter) -> str:
    if parameter.takes is Takes.TEXTS:
        return f"{parameter.name}…"
    if parameter.required:
        return parameter.name
    default = parameter.default
    shown = f'"{default}"' if isinstance(default, str) else f"{default:g}"
    return f"{parameter.name}={str(default).lower() if isinstance(default, bool) else shown}"


def _yes(hits: Hits) -> Found:
    return Found(hits.count > 0, hits.spans[:MOST_SPANS], "" if hits.count else "not found")


def _number(hits: Hits) -> Found:
    return Found(float(hits.count), hits.spans)


def _matches(subject: Subject, pattern: str, flags: str) -> Found:
    return _yes(subject.tools.find(pattern, flags, subject.text, 1))


def _count_matches(subject: Subject, pattern: str, flags: str) -> Found:
    return _number(subject.tools.find(pattern, flags, subject.text, None))


def _contains(subject: Subject, text: str, ignore_case: bool, whole_words: bool) -> Found:
    return _yes(finding.find(subject, text, ignore_case=ignore_case, whole_words=whole_words))


def _count(subject: Subject, text: str, ignore_case: bool, whole_words: bool) -> Found:
    return _number(finding.find(subject, text, ignore_case=ignore_case, whole_words=whole_words))


def _forbids(subject: Subject, phrases: tuple[str, ...]) -> Found:
    found = {
        phrase: finding.find(subject, phrase, ignore_case=True, whole_words=True)
        for phrase in phrases
    }
    hits = {phrase: hit for phrase, hit in found.items() if hit.count}
    spans = tuple(span for hit in hits.values() for span in hit.spans)
    return Found(not hits, spans[:MOST_SPANS], ", ".join(f"“{each}” is there" for each in hits))


def _starts_with(subject: Subject, text: str, ignore_case: bool) -> Found:
    return _yes(finding.at_start(subject, text, ignore_case=ignore_case))


def _ends_with(subject: Subject, text: str, ignore_case: bool) -> Found:
    return _yes(finding.at_end(subject, text, ignore_case=ignore_case))


def _equals(subject: Subject, text: str, ignore_case: bool) -> Found:
    return _yes(finding.whole(subject, text, ignore_case=ignore_case))


def _length(measure: Callable[[str], int]) -> Callable[[Subject], Found]:
    return lambda subject: Found(float(measure(subject.text)))


def _json(subject: Subject, fenced: bool) -> Found:
    try:
        structure.read_json(subject.text, fenced=fenced)
    except structure.NotJson as error:
        return _broken(subject, error)
    return Found(True)


def _broken(subject: Subject, error: structure.NotJson) -> Found:
    span = Span(error.at, min(error.at + 1, len(subject.text)))
    spans = (span,) if span.start < span.end else ()
    return Found(False, spans, f"no JSON: {error}")


def _json_schema(subject: Subject, schema: str, fenced: bool) -> Found:
    try:
        value = structure.read_json(subject.text, fenced=fenced)
    except structure.NotJson as error:
        return _broken(subject, error)
    wanted = structure.read_json(schema, fenced=False)
    breach = subject.tools.breach(wanted, value)
    return Found(breach is None, note=breach or "")


def _citations(subject: Subject, kinds: tuple[str, ...], distinct: bool) -> Found:
    spans = citing.citations(subject.text, kinds)
    if distinct:
        spans = citing.distinct(subject.text, spans)
    return Found(float(len(spans)), tuple(spans[:MOST_SPANS]))


def _headings(subject: Subject, level: float) -> Found:
    found = [each for each in structure.headings(subject.text) if level in (0, each.level)]
    return Found(float(len(found)), tuple(each.span for each in found[:MOST_SPANS]))


def _code_blocks(subject: Subject, language: str) -> Found:
    wanted = language.casefold()
    blocks = structure.code_blocks(subject.text)
    found = [each for each in blocks if wanted in ("", each.language)]
    return Found(float(len(found)), tuple(each.span for each in found[:MOST_SPANS]))


def _answer(
    subject: Subject,
    expected: float,
    tolerance: float,
    relative: float,
    which: str,
    after: str,
    decimal: str,
) -> Found:
    start = _behind(subject, after) if after else 0
    if start is None:
        return Found(False, note=f"“{after}” is not there")
    place = None
    for number, found in numerals.numbers(subject.text[start:], decimal):
        place = Span(start + found.start, start + found.end)
        near = numerals.is_near(number, expected, tolerance, relative)
        if (near and which != "last") or which == "first":
            return Found(near, (place,))
    if place is None:
        return Found(False, note="no number is there")
    # What is left: the last of all, or that none of them is near.
    near = which == "last" and near
    return Found(near, (place,) if which == "last" else ())


def _behind(subject: Subject, label: str) -> int | None:
    """Where the text behind the last place of a label begins, None where it has no place."""
    text, origins = subject.folded
    at = text.rfind(label.casefold())
    if at < 0:
        return None
    end = at + len(label.casefold())
    return end if origins is None else origins[end]


def _language(subject: Subject, code: str) -> Found:
    letters = sum(1 if counting.is_wordlike(each) else 3 for each in subject.text if each.isalpha())
    if letters < LETTERS_FOR_LANGUAGE:
        raise Undecided(VerdictStatus.CANNOT_ASSESS, "the text is too short to tell its language")
    found, confidence = subject.tools.language(subject.text)
    if confidence < SURE_ENOUGH:
        raise Undecided(VerdictStatus.CANNOT_ASSESS, "the language of the text is not clear")
    return Found(found == code, note=f"the language is {found}")


_FLAGS = Parameter("flags", Takes.TEXT, "")
_TEXT = Parameter("text", Takes.TEXT)
_PATTERN = Parameter("pattern", Takes.PATTERN)
_NO_CASE = Parameter("ignore_case", Takes.FLAG, False)
_WORDS = Parameter("whole_words", Takes.FLAG, False)
_FENCED = Parameter("fenced", Takes.FLAG, False)
_ANSWER = (
    Parameter("expected", Takes.NUMBER),
    Parameter("tolerance", Takes.NUMBER, 0.0, low=0),
    Parameter("relative", Takes.NUMBER, 0.0, low=0),
    Parameter("which", Takes.TEXT, "last", numerals.WHICH),
    Parameter("after", Takes.TEXT, ""),
    Parameter("decimal", Takes.TEXT, ".", (".", ",")),
)
_YES, _NUM = Returns.YES_NO, Returns.NUMBER

_ALL: tuple[tuple[str, Returns, str, Callable[..., Found], tuple[Parameter, ...]], ...] = (
    ("contains", _YES, "finds the text", _contains, (_TEXT, _NO_CASE, _WORDS)),
    ("count", _NUM, "counts where the text stands", _count, (_TEXT, _NO_CASE, _WORDS)),
    (
        *("forbids", _YES, "holds where none of the phrases stands in the text as whole words"),
        *(_forbids, (Parameter("phrases", Takes.TEXTS),)),
    ),
    ("starts_with", _YES, "finds the text at the beginning", _starts_with, (_TEXT, _NO_CASE)),
    ("ends_with", _YES, "finds the text at the end", _ends_with, (_TEXT, _NO_CASE)),
    ("equals", _YES, "holds where the whole text is this one", _equals, (_TEXT, _NO_CASE)),
    ("matches", _YES, "finds a match of the regular expression", _matches, (_PATTERN, _FLAGS)),
    (
        *("count_matches", _NUM, "counts the matches of the regular expression"),
        *(_count_matches, (_PATTERN, _FLAGS)),
    ),
    ("words", _NUM, "counts words", _length(counting.words), ()),
    ("characters", _NUM, "counts characters, spaces included", _length(len), ()),
    ("sentences", _NUM, "counts sentences", _length(counting.sentences), ()),
    ("lines", _NUM, "counts lines that are not blank", _length(counting.lines), ()),
    (
        *("paragraphs", _NUM, "counts paragraphs, which blank lines separate"),
        *(_length(counting.paragraphs), ()),
    ),
    ("tokens", _NUM, "counts words and punctuation marks", _length(counting.tokens), ()),
    (
        *("citations", _NUM, "counts citations of the kinds named, of all kinds where none is"),
        _citations,
        (
            Parameter("kinds", Takes.TEXTS, choices=citing.KINDS),
            Parameter("distinct", Takes.FLAG, False),
        ),
    ),
    (
        *("headings", _NUM, "counts Markdown headings, of one level where it is given"),
        *(_headings, (Parameter("level", Takes.NUMBER, 0.0, low=0),)),
    ),
    (
        *("code_blocks", _NUM, "counts fenced code blocks, of one language where it is given"),
        *(_code_blocks, (Parameter("language", Takes.TEXT, ""),)),
    ),
    ("json", _YES, "holds where the text is JSON", _json, (_FENCED,)),
    (
        *("json_schema", _YES, "holds where the text is JSON that keeps to the schema"),
        *(_json_schema, (Parameter("schema", Takes.JSON), _FENCED)),
    ),
    ("number", _YES, "compares a number of the text with the expected one", _answer, _ANSWER),
    (
        *("language", _YES, "holds where the text is in this language"),
        *(_language, (Parameter("code", Takes.TEXT),)),
    ),
)
CHECKS: dict[str, Check] = {
    name: Check(name, returns, does, run, parameters)
    for name, returns, does, run, parameters in _ALL
}


def run(name: str, subject: Subject, arguments: tuple[Any, ...]) -> Found:
    """What a check comes to. Raises Undecided where it cannot be told."""
    return CHECKS[name].run(subject, *arguments)
