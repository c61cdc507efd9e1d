"""Where the words of rendered Markdown stand in its source.

`note_places` walks what the parser made of each block along the source and gives every piece of
text the offset of its first character there, in code points. Each step is checked against the
source; where one fails the rest of the block gets no offset, and whoever quotes from it is
helped by a search for the words. So an offset is right or absent, never a guess.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token

_NEWLINE = re.compile(r"\r\n|\r|\n")
_BREAK = re.compile(r"(?:[ \t]*|\\)\n[ \t]*")
_HASHES = re.compile(r"#{1,6}[ \t]*")


@dataclass(frozen=True, slots=True)
class Source:
    """A text and where its lines begin."""

    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Source:
        starts = [0, *(found.end() for found in _NEWLINE.finditer(text))]
        ends = [*(found.start() for found in _NEWLINE.finditer(text)), len(text)]
        lines = tuple(text[a:b] for a, b in zip(starts, ends, strict=True))
        return cls(text, lines, tuple(starts))

    def tail(self, number: int, content: str) -> int | None:
        """Where `content` begins if a line ends with it, give or take white space."""
        if number >= len(self.lines):
            return None
        line = self.lines[number].rstrip()
        bare = content.rstrip()
        if not line.endswith(bare):
            return None
        return self.starts[number] + len(line) - len(bare)


class Block:
    """The content of a block, line by line, and where each line stands in the source."""

    def __init__(self, content: str, starts: list[int | None]) -> None:
        self.content = content
        self.starts = starts
        self.breaks = [0, *(at + 1 for at, c in enumerate(content) if c == "\n")]

    def place(self, at: int) -> int | None:
        """The source offset of a position in the content."""
        line = bisect_right(self.breaks, at) - 1
        start = self.starts[line] if line < len(self.starts) else None
        return None if start is None else start + at - self.breaks[line]

    def pieces(self, at: int, to: int) -> Iterator[tuple[str, int | None]]:
        """What stands from `at` to `to`, cut where lines end."""
        while at < to:
            line = bisect_right(self.breaks, at) - 1
            end = min(to, self.breaks[line + 1] if line + 1 < len(self.breaks) else to)
            ends_line = self.content[end - 1] == "\n"
            if at < end - ends_line:
                yield self.content[at : end - ends_line], self.place(at)
            if ends_line:
                # A line may end with two characters in the source.
                yield "\n", None
            at = end


def link_with_end(state: StateInline, silent: bool) -> bool:
    """The parser's rule for links, which notes where the link ends."""
    return _with_end(state, silent, link(state, silent))


def image_with_end(state: StateInline, silent: bool) -> bool:
    """The parser's rule for images, which notes where the image ends."""
    return _with_end(state, silent, image(state, silent))


def _with_end(state: StateInline, silent: bool, done: bool) -> bool:
    if done and not silent:
        state.tokens[-1].meta["to"] = state.pos
    return done


def note_places(state: StateCore) -> None:
    """Give the text of each block its place: `meta["runs"]` as (text, offset or None).

    Runs before the parser joins texts. Only where the environment asks for it.
    """
    source = state.env.get("source")
    if not isinstance(source, Source):
        return
    cells = _Cells(source)
    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.type == "inline" and token.map:
            _note_inline(token, _block_of(token, before, source, cells))
        elif token.type in ("fence", "code_block") and token.map:
            first = token.map[0] + (token.type == "fence")
            block = Block(token.content, _starts(token.content, first, source))
            token.meta["runs"] = list(block.pieces(0, len(token.content)))
        elif token.type == "formula_block" and token.map:
            token.meta["at"], token.meta["to"] = _bounds(token, source)
            token.meta["placed"] = True


def _starts(content: str, first: int, source: Source) -> list[int | None]:
    lines = content.split("\n")
    return [source.tail(first + k, line) for k, line in enumerate(lines)]


def _bounds(token: Token, source: Source) -> tuple[int | None, int | None]:
    first, after = token.map or [0, 0]
    line = source.lines[first] if first < len(source.lines) else ""
    at, last = line.find(token.markup), source.lines[after - 1].rstrip()
    return source.starts[first] + at, source.starts[after - 1] + len(last)


def _block_of(token: Token, before: Token | None, source: Source, cells: _Cells) -> Block:
    first = (token.map or [0])[0]
    if before is not None and before.type in ("th_open", "td_open"):
        return Block(token.content, [cells.place(first, token.content)])
    if before is not None and before.type == "heading_open" and before.markup.startswith("#"):
        return Block(token.content, [_heading(token.content, first, source)])
    return Block(token.content, _starts(token.content, first, source))


def _heading(content: str, number: int, source: Source) -> int | None:
    """A heading may close with hashes, so it need not end its line."""
    line = source.lines[number] if number < len(source.lines) else ""
    opening = _HASHES.search(line)
    if not opening or not line.startswith(content, opening.end()):
        return None
    return source.starts[number] + opening.end()


class _Cells:
    """The cells of table rows in order; a row is asked for each of its cells in turn."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.row, self.at = -1, 0

    def place(self, row: int, content: str) -> int | None:
        if row != self.row:
            self.row, self.at = row, 0
        line = self.source.lines[row] if row < len(self.source.lines) else ""
        found = _cell(line, self.at, content)
        if found is None:
            return None
        self.at = found + len(content)
        return self.source.starts[row] + found


def _cell(line: str, at: int, content: str) -> int | None:
    """Where the next cell's content begins: after white space, pipes and what leads a row."""
    while at < len(line):
        if line.startswith(content, at) and _is_whole(line, at + len(content)):
            return at
        if line[at] not in " \t|>-*+0123456789.)":
            return None
        at += 1
    return None


def _is_whole(line: str, end: int) -> bool:
    rest = line[end:].lstrip()
    return not rest or rest.startswith("|")


def _note_inline(token: Token, block: Block) -> None:
    at: int | None = 0
    for child in token.children or []:
        at = _step(child, at, block)


def _step(child: Token, at: int | None, block: Block) -> int | None:
    """Note the child's place and return where the next one begins; None once lost."""
    if at is None:
        return None
    text = block.content
    if child.type == "text":
        end = at + len(child.content)
        if text[at:end] != child.content:
            return None
        child.meta["runs"] = list(block.pieces(at, end))
        return end
    if child.type in ("softbreak", "hardbreak"):
        found = _BREAK.match(text, at)
        return found.end() if found else None
    if child.type == "code_inline":
        return _code(child, at, block)
    if child.type == "formula":
        return _whole(child, block)
    if child.type == "image":
        return int(child.meta["to"]) if "to" in child.meta else None
    return _marks(child, at, block)


def _marks(child: Token, at: int, block: Block) -> int | None:
    """Past the marks of emphasis, links, entities and escapes."""
    if child.type == "link_open":
        return at + 1
    if child.type == "link_close":
        return int(child.meta["to"]) if "to" in child.meta else at + 1
    end = at + len(child.markup)
    if block.content[at:end] != child.markup:
        return None
    if child.type == "text_special" and child.content == child.markup:
        # A backslash that escapes nothing is shown as it is.
        child.meta["runs"] = list(block.pieces(at, end))
    elif child.type == "text_special":
        child.meta["at"], child.meta["to"] = block.place(at), block.place(end - 1)
        if child.meta["to"] is not None:
            child.meta["to"] += 1
    return end


def _whole(child: Token, block: Block) -> int:
    """A formula, which can only be cited whole."""
    at, end = int(child.meta["at"]), int(child.meta["to"])
    last = block.place(end - 1)
    child.meta["at"] = block.place(at)
    child.meta["to"] = None if last is None else last + 1
    # Without this the two are positions in the block.
    child.meta["placed"] = True
    return end


def _code(child: Token, at: int, block: Block) -> int | None:
    """Code between runs of as many backticks, without the one space on each side."""
    run = child.markup
    inner = at + len(run)
    flat = block.content.replace("\n", " ")
    closing = re.compile(f"(?<!`){run}(?!`)").search(flat, inner)
    if closing is None or not flat.startswith(run, at):
        return None
    start = inner + (flat[inner : closing.start()] != child.content)
    end = start + len(child.content)
    if flat[start:end] != child.content:
        return None
    child.meta["runs"] = [
        (piece.replace("\n", " "), place) for piece, place in block.pieces(start, end)
    ]
    return closing.end()
