"""Citations in a text, by the forms that answers use. Every pattern is bounded, so linear."""

from __future__ import annotations

import re

from rubricstudio.domain.programs.values import Span

_YEAR = r"(?:1[5-9]|20)\d\d[a-z]?"
# [1], [2, 3], [4-6]: not a Markdown link's text, and not the label of a footnote's definition.
_BRACKETS = r"\[\^?\d{1,4}(?:\s?[,;\u2013-]\s?\d{1,4}){0,20}\](?![(:])"
# (Smith, 2020), (see Smith et al., 2020; Jones 2019), Smith (2020), Smith and Jones (2020).
_NAME = r"[^\W\d_a-z][^\W\d_]{0,40}(?:[-'\u2019][^\W\d_]{1,40})?"
_MONTH = (
    r"(?!(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)\b)"
)
_ANY = r"[^()\uff08\uff09\n]"
_BETWEEN = r"(?:\s(?:and|et|und|y|e)\s[^\s\d]{1,40}|\s&\s[^\s\d]{1,40}|\set\sal\.?){0,3}"
_AUTHOR_YEAR = (
    rf"[(\uff08](?:(?:see|cf\.|e\.g\.,?)\s)?{_MONTH}{_NAME}{_ANY}{{0,80}}?[,\uff0c\s]\s?{_YEAR}"
    rf"(?:[;,]{_ANY}{{0,200}})?[)\uff09]"
    rf"|\b{_MONTH}{_NAME}{_BETWEEN}\s\({_YEAR}\)"
)
_LINKS = r"\b(?:https?://|www\.)[^\s<>\"\])}]{3,2000}"
_DOIS = r"\b(?:doi:\s?)?10\.\d{4,9}/[^\s<>\"\])}]{1,200}"

KINDS = ("brackets", "author_year", "links", "dois")
_PATTERNS = {
    "brackets": re.compile(_BRACKETS),
    "author_year": re.compile(_AUTHOR_YEAR),
    "links": re.compile(_LINKS, re.I),
    "dois": re.compile(_DOIS, re.I),
}


def citations(text: str, kinds: tuple[str, ...]) -> list[Span]:
    """The citations of these kinds (none named: all), in order; none lies inside another."""
    found = [
        Span(match.start(), match.end())
        for kind in kinds or KINDS
        for match in _PATTERNS[kind].finditer(text)
    ]
    found.sort(key=lambda span: (span.start, -span.end))
    kept, reached = [], 0
    for span in found:
        if span.start >= reached:
            kept.append(span)
            reached = span.end
    return kept


def distinct(text: str, spans: list[Span]) -> list[Span]:
    """The first of those that read the same, case and closing punctuation left out."""
    first: dict[str, Span] = {}
    for span in spans:
        first.setdefault(text[span.start : span.end].casefold().rstrip(".,;:"), span)
    return list(first.values())
