"""Where words stand in a text, as offsets into the text as it is stored."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property

from rubricstudio.domain.programs.counting import is_wordlike
from rubricstudio.domain.programs.values import MOST_SPANS, Hits, Span, Tools


@dataclass(frozen=True)
class Subject:
    """A text under evaluation, with what several checks want of it."""

    text: str
    tools: Tools

    @cached_property
    def folded(self) -> tuple[str, list[int] | None]:
        """The text without case, and the offset of each of its characters; None where equal."""
        folded = self.text.casefold()
        if len(folded) == len(self.text):
            return folded, None
        origins: list[int] = []
        for offset, character in enumerate(self.text):
            origins += [offset] * len(character.casefold())
        return folded, [*origins, len(self.text)]


def find(
    subject: Subject, wanted: str, *, ignore_case: bool = False, whole_words: bool = False
) -> Hits:
    """Where `wanted` stands, in either Unicode form, without overlap; nowhere where it is empty."""
    text, origins = subject.folded if ignore_case else (subject.text, None)
    best = Hits(0)
    for form in _forms(wanted.casefold() if ignore_case else wanted):
        hits = _find(subject.text, text, form, origins, whole_words)
        best = max(best, hits, key=lambda each: each.count)
    return best


def _forms(wanted: str) -> list[str]:
    forms = (wanted, unicodedata.normalize("NFC", wanted), unicodedata.normalize("NFD", wanted))
    return [form for form in dict.fromkeys(forms) if form]


def _find(
    text: str, folded: str, wanted: str, origins: list[int] | None, whole_words: bool
) -> Hits:
    count, spans = 0, list[Span]()
    at = folded.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        span = Span(at, end) if origins is None else Span(origins[at], origins[end - 1] + 1)
        if whole_words and not _stands_alone(text, span):
            at = folded.find(wanted, at + 1)
            continue
        count += 1
        if len(spans) < MOST_SPANS:
            spans.append(span)
        at = folded.find(wanted, end)
    return Hits(count, tuple(spans))


def _stands_alone(text: str, span: Span) -> bool:
    """Whether no word goes on at either end. Scripts without spaces have no such ends."""
    before = text[span.start - 1 : span.start] if span.start else ""
    after = text[span.end : span.end + 1]
    glued_before = before and is_wordlike(before) and is_wordlike(text[span.start])
    glued_after = after and is_wordlike(after) and is_wordlike(text[span.end - 1])
    return not (glued_before or glued_after)


def at_start(subject: Subject, wanted: str, *, ignore_case: bool) -> Hits:
    """Whether the text, white space before it left out, begins with `wanted`."""
    text = subject.text
    first = len(text) - len(text.lstrip())
    return _compare(text, wanted.strip(), first, None, ignore_case)


def at_end(subject: Subject, wanted: str, *, ignore_case: bool) -> Hits:
    """Whether the text, white space behind it left out, ends with `wanted`."""
    return _compare(subject.text, wanted.strip(), None, len(subject.text.rstrip()), ignore_case)


def whole(subject: Subject, wanted: str, *, ignore_case: bool) -> Hits:
    """Whether the text, white space around it left out, is `wanted`."""
    text = subject.text
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    same = _key(text.strip(), ignore_case) == _key(wanted.strip(), ignore_case)
    spans = (Span(first, last),) if first < last else ()
    return Hits(1, spans) if same else Hits(0)


def _compare(
    text: str, wanted: str, first: int | None, last: int | None, ignore_case: bool
) -> Hits:
    """Lengths may differ by form and case, so each length near the wanted one is tried."""
    key = _key(wanted, ignore_case)
    for length in range(max(0, len(key) // 3), 3 * len(wanted) + 1):
        if first is not None:
            start, end = first, first + length
        else:
            start, end = (last or 0) - length, last or 0
        if start < 0 or end > len(text):
            break
        if _key(text[start:end], ignore_case) == key:
            return Hits(1, (Span(start, end),) if start < end else ())
    return Hits(0)


def _key(text: str, ignore_case: bool) -> str:
    if ignore_case:
        text = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", text)
