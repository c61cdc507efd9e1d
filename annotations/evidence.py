"""What a person quotes from a response in support of a verdict, and where it stands there.

Pure. A form holds the quotes of a criterion in one field, one a line, so that it works without
scripts; a line may end with the place, as in "ask your doctor [102-117]". A place is believed
only if the response says those words there; otherwise the words are searched for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from rubricstudio.domain.quotes import find_exact, find_folded
from rubricstudio.domain.verdict import Quote

MOST_QUOTES = 30
LONGEST_QUOTE = 5_000

Words = tuple[str, list[int | None]]
_LINE = re.compile(r"(?P<text>.*\S)\s*\[(?P<start>\d{1,9})-(?P<end>\d{1,9})\]", re.DOTALL)

CONFIDENCE: Mapping[str, float] = {"low": 0.5, "medium": 0.75, "high": 0.95}
"""How likely a careful colleague would agree: about even, three in four, nineteen in twenty."""


def read_lines(field: str) -> tuple[Quote, ...]:
    """The quotes of a form's field, as yet without a checked place."""
    lines = (" ".join(line.split()) for line in field.splitlines())
    return tuple(_read(line) for line in dict.fromkeys(lines) if line)


def _read(line: str) -> Quote:
    found = _LINE.fullmatch(line)
    if found is None:
        return Quote(line)
    return Quote(found["text"], int(found["start"]), int(found["end"]))


def quotes_problem(quotes: Sequence[Quote]) -> str:
    """What to do about quotes that are too many or too long, or ""."""
    if len(quotes) <= MOST_QUOTES and all(len(quote.text) <= LONGEST_QUOTE for quote in quotes):
        return ""
    return _("Quote at most %(most)d passages of %(long)d characters.") % {
        "most": MOST_QUOTES,
        "long": LONGEST_QUOTE,
    }


def lines_of(quotes: Iterable[Quote]) -> str:
    """The inverse of `read_lines`: white space inside a quote becomes one space."""
    return "\n".join(_line(quote) for quote in quotes)


def _line(quote: Quote) -> str:
    words = " ".join(quote.text.split())
    return words if quote.start is None else f"{words} [{quote.start}-{quote.end}]"


def place(quotes: Iterable[Quote], text: str, shown: Callable[[], Words]) -> tuple[Quote, ...]:
    """Each quote where it stands in `text`, its words those of the text; doubles once.

    `shown` gives the text's words as a page shows them, for those copied from there. A quote
    that is nowhere keeps its words and has no place. In order of place, those without last.
    """
    placed = dict.fromkeys(_placed(quote, text, shown) for quote in quotes)
    return tuple(sorted(placed, key=lambda quote: (quote.start is None, quote.start, quote.end)))


def _placed(quote: Quote, text: str, shown: Callable[[], Words]) -> Quote:
    span = _where(quote, text)
    if span is None and quote.start is not None:
        # What looks like a place may belong to the words: "as shown before [3-5]".
        span = _found(_line(quote), text, None)
    span = span or _found(quote.text, text, quote.start) or _among(quote.text, shown())
    if span is None:
        return Quote(quote.text)
    return Quote(text[span[0] : span[1]], *span, "exact")


def _where(quote: Quote, text: str) -> tuple[int, int] | None:
    """The place a quote names, if the text says the same there but for white space."""
    if quote.start is None or quote.end is None or not quote.start < quote.end <= len(text):
        return None
    same = text[quote.start : quote.end].split() == quote.text.split()
    return (quote.start, quote.end) if same else None


def _found(words: str, text: str, near: int | None) -> tuple[int, int] | None:
    return find_exact(words, text, near) or find_folded(words, text, near)


def _among(words: str, shown: Words) -> tuple[int, int] | None:
    """Where words copied from the page stand in the text that the page was made from."""
    found = _found(words, shown[0], None)
    if found is None:
        return None
    first, last = shown[1][found[0]], shown[1][found[1] - 1]
    return None if first is None or last is None else (first, last + 1)


def to_json(quotes: Iterable[Quote]) -> list[dict[str, Any]]:
    """As drafts and verdicts store them."""
    return [
        {"text": q.text, "start": q.start, "end": q.end, "match": q.match, "distance": q.distance}
        for q in quotes
    ]


def from_json(stored: Iterable[Mapping[str, Any]]) -> tuple[Quote, ...]:
    """The inverse of `to_json`."""
    return tuple(Quote(**raw) for raw in stored)


def together(mine: tuple[Quote, ...], theirs: tuple[Quote, ...]) -> tuple[Quote, ...]:
    """The quotes of both, each once."""
    both = dict.fromkeys((*mine, *theirs))
    return tuple(sorted(both, key=lambda quote: (quote.start is None, quote.start or 0)))


def level_of(confidence: float | None) -> str:
    """The word for a stored confidence, "" for none; the nearest one where it lies between."""
    if confidence is None:
        return ""
    return min(CONFIDENCE, key=lambda word: abs(CONFIDENCE[word] - confidence))
