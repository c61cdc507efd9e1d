"""A text cut where quotes begin and end, each piece with who cites it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rubricstudio.domain.verdict import Quote


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text and the numbers of those who cite it, rising; empty for nobody."""

    text: str
    by: tuple[int, ...] = ()


def passages(text: str, quotes: Iterable[tuple[int, Quote]]) -> list[Passage]:
    """The text in pieces that join to it again; quotes come with the number of who cites them.

    A quote that was not found in the text, or lies outside it, marks nothing.
    """
    spans = [
        (number, max(quote.start, 0), min(quote.end, len(text)))
        for number, quote in quotes
        if quote.start is not None and quote.end is not None
    ]
    spans = [span for span in spans if span[1] < span[2]]
    edges = sorted({0, len(text), *(s for _, s, _ in spans), *(e for _, _, e in spans)})
    return [
        Passage(text[low:high], tuple(sorted({n for n, s, e in spans if s <= low and high <= e})))
        for low, high in zip(edges, edges[1:], strict=False)
    ]
