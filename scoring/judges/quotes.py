"""Finding what a judge quotes in the response it judged.

Offsets are half-open character offsets into the response as stored, whatever folding it
took to find the quote, so a page can mark the very words.
"""

from __future__ import annotations

from collections.abc import Iterable

from rubricstudio.domain.quotes import find_exact, find_folded, fold
from rubricstudio.domain.verdict import Quote

# Below this similarity (0 to 1) words that look alike are more likely chance than a misquote.
SIMILAR_ENOUGH = 0.85
# A fuzzy search for fewer characters than this finds them anywhere.
SHORTEST_FUZZY = 12

_MARKS = "\"'"


def find_quotes(quotes: Iterable[str], response: str) -> tuple[Quote, ...]:
    """Each quote with where it stands in the response, in order; blank ones are dropped."""
    return tuple(find_quote(quote, response) for quote in quotes if quote.strip())


def find_quote(quote: str, response: str) -> Quote:
    """The quote with its offsets in `response` and how they were found.

    exact: the very characters. folded: the same but for case, white space, quotation
    marks, dashes and Unicode form. fuzzy: at least 85 % alike (`distance` is 1 - similarity).
    none: not there; no offsets.
    """
    if place := find_exact(quote, response):
        return Quote(quote, *place, "exact")
    return _folded(quote, response) or _fuzzy(quote, response) or Quote(quote)


def _folded(quote: str, response: str) -> Quote | None:
    place = find_folded(quote, response)
    return Quote(quote, *place, "folded") if place else None


def _fuzzy(quote: str, response: str) -> Quote | None:
    from rapidfuzz import fuzz

    needle = fold(quote)[0].strip(" " + _MARKS)
    text, starts, ends = fold(response)
    # A needle longer than the text would make the text the needle and find anything.
    if len(needle) < SHORTEST_FUZZY or len(needle) > len(text):
        return None
    best = fuzz.partial_ratio_alignment(needle, text, score_cutoff=100 * SIMILAR_ENOUGH)
    if best is None or best.dest_end <= best.dest_start:
        return None
    return Quote(
        quote,
        starts[best.dest_start],
        ends[best.dest_end - 1],
        "fuzzy",
        round(1 - best.score / 100, 6),
    )
