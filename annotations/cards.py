"""The criteria of a sheet as a page draws them: headings, cards, and what a form sends back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

from annotations.evidence import CONFIDENCE, level_of, lines_of, quotes_problem, read_lines
from annotations.sheet import (
    Entry,
    InvalidSheet,
    Sheet,
    asked_of_people,
    read_entry,
)
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric, ScaleKind
from rubricstudio.domain.verdict import Quote

LONGEST_COMMENT = 20_000
ANSWER, COMMENT, QUOTES, SURE = "answer:", "comment:", "quotes:", "confidence:"


@dataclass(frozen=True, slots=True)
class Heading:
    """A group of the rubric above its criteria; `level` is that of the HTML heading."""

    text: str
    description: str
    level: int
    is_heading: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """One criterion to be judged: what it asks, what was answered, what is wrong with it."""

    number: int
    criterion: Criterion
    chosen: str
    comment: str
    quotes: str = ""
    confidence: str = ""
    problem: str = ""
    other: Entry | None = None
    is_heading: bool = False

    @property
    def answer_name(self) -> str:
        return ANSWER + self.criterion.key

    @property
    def comment_name(self) -> str:
        return COMMENT + self.criterion.key

    @property
    def quotes_name(self) -> str:
        return QUOTES + self.criterion.key

    @property
    def confidence_name(self) -> str:
        return SURE + self.criterion.key

    @property
    def is_bad(self) -> bool:
        return self.criterion.met_means is MetMeans.BAD

    @property
    def other_sure(self) -> str:
        """How sure the other tab's answer is."""
        return "" if self.other is None else _(level_of(self.other.confidence) or "not said")

    @property
    def other_word(self) -> str:
        """The other tab's answer in words, empty where it has none."""
        return "" if self.other is None else in_words(self.criterion, self.other)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form sent: the sheet that can be read from it, and what cannot.

    `problems` maps a criterion's key ("" for the general comment) to what to do;
    `raw` holds the answer as it was typed, to show it again.
    """

    sheet: Sheet
    problems: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)


def read_sheet(post: QueryDict, criteria: tuple[Criterion, ...]) -> Typed:
    """Read the fields `answer:`, `comment:`, `quotes:`, `confidence:<key>` and `comment`.

    Quotes come as they were typed; whoever keeps the sheet looks for them in the response.
    """
    entries: dict[str, Entry] = {}
    problems: dict[str, str] = {}
    raw: dict[str, str] = {}
    for criterion in criteria:
        key = criterion.key
        said = Entry(
            rationale=read_remark(post, COMMENT + key, key, problems),
            evidence=_quotes(post, key, problems),
            confidence=CONFIDENCE.get(post.get(SURE + key, "")),
        )
        sent = [value.strip() for value in post.getlist(ANSWER + key) if value.strip()]
        raw[key] = sent[0] if sent else ""
        entries[key] = said
        if len(sent) > 1:
            problems[key] = _("Enter points or choose cannot assess, not both.")
            continue
        try:
            entries[key] = read_entry(criterion, raw[key], said)
        except InvalidSheet as error:
            problems.update(error.problems)
    return Typed(Sheet(entries, read_remark(post, "comment", "", problems)), problems, raw)


def _quotes(post: QueryDict, key: str, problems: dict[str, str]) -> tuple[Quote, ...]:
    quotes = read_lines(post.get(QUOTES + key, "").replace("\x00", ""))
    if problem := quotes_problem(quotes):
        problems[key] = problem
    return quotes


def read_remark(post: QueryDict, name: str, key: str, problems: dict[str, str]) -> str:
    """A comment as it was typed, cut to LONGEST_COMMENT with a problem where it is longer."""
    # PostgreSQL stores no NUL, and browsers send CR LF for what the page holds as LF.
    text = post.get(name, "").replace("\x00", "").replace("\r\n", "\n").strip()
    if problem := comment_problem(text):
        problems[key] = problem
    return text[:LONGEST_COMMENT]


def comment_problem(text: str) -> str:
    """What to do about a comment that is too long, or ""."""
    if len(text) <= LONGEST_COMMENT:
        return ""
    return _("Shorten the comment to %(most)d characters.") % {"most": LONGEST_COMMENT}


def cards(
    rubric: Rubric,
    sheet: Sheet,
    *,
    problems: Mapping[str, str] | None = None,
    raw: Mapping[str, str] | None = None,
    others: Mapping[str, Entry] | None = None,
) -> list[Heading | Card]:
    """The rows of the page in display order; groups without a criterion to judge are left out."""
    asked = {criterion.key: n for n, criterion in enumerate(asked_of_people(rubric), start=1)}
    filled = _groups_with(rubric, asked)
    rows: list[Heading | Card] = []
    for depth, criterion in rubric.walk():
        key = criterion.key
        if key in asked:
            entry = sheet.entry(key)
            chosen = (raw or {}).get(key) if key in (problems or {}) else None
            rows.append(
                Card(
                    number=asked[key],
                    criterion=criterion,
                    chosen=field_value(criterion, entry) if chosen is None else chosen,
                    comment=entry.rationale,
                    quotes=lines_of(entry.evidence),
                    confidence=level_of(entry.confidence),
                    problem=(problems or {}).get(key, ""),
                    other=(others or {}).get(key),
                )
            )
        elif key in filled:
            rows.append(Heading(criterion.text, criterion.description, min(6, 3 + depth)))
    return rows


def _groups_with(rubric: Rubric, asked: Mapping[str, int]) -> set[str]:
    """The groups above the criteria that are asked."""
    return {group for key in asked for group in _above(rubric, key)}


def _above(rubric: Rubric, key: str) -> Iterator[str]:
    parent = rubric.by_key[key].parent
    while parent is not None:
        yield parent
        parent = rubric.by_key[parent].parent


def field_value(criterion: Criterion, entry: Entry) -> str:
    """The answer as the page's fields spell it; a level has at most six decimals there."""
    if criterion.scale.kind is ScaleKind.ORDINAL and entry.value is not None:
        return str(floatformat(entry.value, "-6u"))
    return entry.choice


def fields_of(criteria: tuple[Criterion, ...], sheet: Sheet) -> list[tuple[str, str]]:
    """The form fields (name, value) that hold a sheet, blank ones left out."""
    pairs = [
        pair
        for criterion in criteria
        for pair in (
            (ANSWER + criterion.key, field_value(criterion, sheet.entry(criterion.key))),
            (COMMENT + criterion.key, sheet.entry(criterion.key).rationale),
            (QUOTES + criterion.key, lines_of(sheet.entry(criterion.key).evidence)),
            (SURE + criterion.key, level_of(sheet.entry(criterion.key).confidence)),
        )
    ]
    return [(name, value) for name, value in [*pairs, ("comment", sheet.comment)] if value]


def in_words(criterion: Criterion, entry: Entry) -> str:
    """An answer in words: met, a level's label, points of the maximum, cannot assess."""
    if entry.status is None:
        return _("no answer")
    if entry.value is None:
        return _("cannot assess")
    if criterion.scale.kind is ScaleKind.BINARY:
        return _("met") if entry.value else _("not met")
    return criterion.scale.label(entry.value) or entry.choice
