"""How many cells are asked for before their verdicts are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rubricstudio.models import Criterion, Response

Cell = tuple[Response, Criterion, int]

CHUNK = 32  # calls


def chunks(cells: Sequence[Cell], together: int) -> Iterator[Sequence[Cell]]:
    """The cells in order, about CHUNK calls at a time.

    together: how many criteria of a response the judge asks in one call; where that is more
    than one, a response is never divided, since a part of it would be a call of its own.
    """
    if together == 1:
        for start in range(0, len(cells), CHUNK):
            yield cells[start : start + CHUNK]
        return
    chunk: list[Cell] = []
    calls = 0
    for _, of_response in groupby(cells, key=lambda cell: cell[0].pk):
        added = list(of_response)
        chunk += added
        calls += -(-len(added) // together)
        if calls >= CHUNK:
            yield chunk
            chunk, calls = [], 0
    if chunk:
        yield chunk
