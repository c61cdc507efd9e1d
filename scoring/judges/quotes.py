"""Finding what a judge quotes in the response it judged.

Offsets are half-open character offsets into the response as stored, whatever folding it
took to find the quote, so a page can mark the very words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from rubricstudio.domain.verdict import Quote

# Below this similarity (0 to 1) words that look alike are more likely chance than a misquote.
SIMILAR_ENOUGH = 0.85
# A fuzzy search for fewer characters than this finds them anywhere.
SHORTEST_FUZZY = 12

_SAME = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
}
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
    start = response.find(quote) if quote else -1
    if start >= 0:
        return Quote(quote, start, start + len(quote), "exact")
    return _folded(quote, response) or _fuzzy(quote, response) or Quote(quote)


def _folded(quote: str, response: str) -> Quote | None:
    needle = fold(quote)[0].strip(" " + _MARKS)
    text, starts, ends = fold(response)
    at = text.find(needle) if needle else -1
    if at < 0:
        return None
    return Quote(quote, starts[at], ends[at + len(needle) - 1], "folded")


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


def fold(text: str) -> tuple[str, list[int], list[int]]:
    """The text without what quoting commonly changes, and where each character came from.

    Returns (folded, starts, ends): character i of `folded` stands for `text[starts[i]:ends[i]]`.
    Case, Unicode compatibility form, quotation marks and dashes are evened out; each run of
    white space becomes one space; soft hyphens and zero-width characters are left out.
    """
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for i, start, end in _clusters(text):
        for character in _plain(i):
            if character == " " and folded and folded[-1] == " ":
                ends[-1] = end
                continue
            folded.append(character)
            starts.append(start)
            ends.append(end)
    return "".join(folded), starts, ends


def _clusters(text: str) -> Iterable[tuple[str, int, int]]:
    """Each base character with the combining marks after it: they compose as one."""
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or not unicodedata.combining(text[i]):
            yield text[start:i], start, i
            start = i


def _plain(cluster: str) -> str:
    plain = []
    for character in unicodedata.normalize("NFKC", cluster).casefold():
        if character.isspace():
            plain.append(" ")
        elif unicodedata.category(character) != "Cf" and character != "\u00ad":
            plain.append(_SAME.get(character, character))
    return "".join(plain)
