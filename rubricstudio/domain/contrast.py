"""Where two texts differ, marked in both: word by word, bounded for long texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from rubricstudio.domain.diff import Mark, words

LONGEST = 200_000  # characters of both together, above which nothing is marked
WORD_BY_WORD = 12_000  # characters of both together that are compared by word at one time


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one text; `differs` where the other text has nothing like it there."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Contrast:
    """Both texts in pieces, each of which joins up to its text exactly."""

    one: tuple[Piece, ...]
    other: tuple[Piece, ...]


def contrast(one: str, other: str) -> Contrast | None:
    """Mark where two texts differ; None where they are too long to compare.

    Texts up to WORD_BY_WORD are compared by word (by character in scripts without spaces),
    longer ones by line first and by word within the lines that changed. White space is
    no difference.
    """
    if len(one) + len(other) > LONGEST:
        return None
    if len(one) + len(other) <= WORD_BY_WORD:
        blocks: Iterable[tuple[str, str]] = [(one, other)]
    else:
        blocks = _blocks(one.splitlines(keepends=True), other.splitlines(keepends=True))
    left: list[Piece] = []
    right: list[Piece] = []
    for a, b in blocks:
        mine, theirs = _within(a, b)
        left += mine
        right += theirs
    return Contrast(_joined(left), _joined(right))


def _blocks(one: list[str], other: list[str]) -> Iterator[tuple[str, str]]:
    """Stretches of lines that belong together."""
    matcher = SequenceMatcher(None, [x.strip() for x in one], [x.strip() for x in other])
    for _tag, i, j, k, l in matcher.get_opcodes():  # noqa: E741  # difflib's own names
        yield "".join(one[i:j]), "".join(other[k:l])


def _within(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    if one == other:
        return [Piece(one, differs=False)], [Piece(other, differs=False)]
    if not one or not other or len(one) + len(other) > WORD_BY_WORD:
        return [Piece(one, differs=True)], [Piece(other, differs=True)]
    return _side(one, other), _side(other, one)


def _side(text: str, other: str) -> list[Piece]:
    runs = (run for run in words(other, text) if run.mark is not Mark.OUT)
    return [Piece(run.text, run.mark is Mark.IN and bool(run.text.strip())) for run in runs]


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one kind as one piece, empty ones left out."""
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if joined and joined[-1].differs == piece.differs:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.differs)
        else:
            joined.append(piece)
    return tuple(joined)
