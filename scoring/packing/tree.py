"""Prompts as a tree of tokens: what they begin with in common stands in it once.

Sorted, prompts that share a beginning are neighbours, so one walk over them builds the tree
depth first. In that order the tokens below a token follow it without a gap: a token may look
at an earlier one exactly where it lies before the end of that one's subtree. One number a
token (`until`) therefore is the whole attention mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Prompts that go through the model together; n tokens for len(prompts) prompts.

    tokens: (n,) token ids, depth first. positions: (n,) a token's place in its own prompt,
    from 0. until: (n,) where the token's subtree ends: token q sees token k where
    k <= q < until[k]. prompts: which prompts, by their index. last: for each of them where
    its last token stands.
    """

    tokens: IntArray
    positions: IntArray
    until: IntArray
    prompts: tuple[int, ...]
    last: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring rows of the attention, and the columns that any of them sees.

    start, stop: the rows. columns: (m,) the tokens seen, rising. mask: (stop - start, m), true
    where the row sees the column.
    """

    start: int
    stop: int
    columns: IntArray
    mask: NDArray[np.bool_]


def blocks(packed: Bin, rows: int) -> list[Block]:
    """The attention of a bin in blocks of at most `rows` rows: what nobody sees is left out.

    Of n tokens that share little, a row sees few; a full n by n mask would compute them all.
    """
    n = len(packed.tokens)
    found = []
    for start in range(0, n, rows):
        stop = min(start + rows, n)
        columns = np.flatnonzero(packed.until[:stop] > start)
        places = np.arange(start, stop)[:, np.newaxis]
        mask = (columns <= places) & (places < packed.until[columns])
        found.append(Block(start, stop, columns, mask))
    return found


def pack(prompts: Sequence[Sequence[int]], most_tokens: int) -> list[Bin]:
    """The prompts in bins of at most `most_tokens` tokens each, shared ones counted once.

    A prompt that is longer by itself has a bin of its own. Every prompt is in one bin; the
    order of bins and of the prompts in them follows from their tokens alone. Raises
    ValueError for an empty prompt, which has no last token.
    """
    if not all(len(prompt) for prompt in prompts):
        raise ValueError("a prompt has at least one token")
    rows = [tuple(prompt) for prompt in prompts]
    bins: list[Bin] = []
    open_: _Tree | None = None
    for index in sorted(range(len(rows)), key=rows.__getitem__):
        row = rows[index]
        if open_ is not None and not open_.has_room(row, most_tokens):
            bins.append(open_.closed())
            open_ = None
        open_ = open_ or _Tree()
        open_.add(index, row)
    return [*bins, open_.closed()] if open_ is not None else bins


class _Tree:
    """A bin that is being filled with prompts in sorted order."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.positions: list[int] = []
        self.until: list[int] = []
        self.prompts: list[int] = []
        self.last: list[int] = []
        self.row: tuple[int, ...] = ()  # the prompt added last, and where its tokens stand
        self.path: list[int] = []

    def has_room(self, row: tuple[int, ...], most_tokens: int) -> bool:
        return len(self.tokens) + len(row) - shared(self.row, row) <= most_tokens

    def add(self, index: int, row: tuple[int, ...]) -> None:
        kept = shared(self.row, row)
        start = len(self.tokens)
        for closing in self.path[kept:]:
            self.until[closing] = start
        added = len(row) - kept
        self.tokens += row[kept:]
        self.positions += range(kept, len(row))
        self.until += [-1] * added
        self.path[kept:] = range(start, start + added)
        self.row = row
        self.prompts.append(index)
        self.last.append(self.path[-1])

    def closed(self) -> Bin:
        until = np.array(self.until, dtype=np.int64)
        until[until < 0] = len(self.tokens)
        return Bin(
            tokens=np.array(self.tokens, dtype=np.int64),
            positions=np.array(self.positions, dtype=np.int64),
            until=until,
            prompts=tuple(self.prompts),
            last=tuple(self.last),
        )


def shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two prompts have in common from their start."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
