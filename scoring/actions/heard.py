"""What members of a judge made of judges said of cells on which it has not decided yet.

It is kept on the batch when another member fails, so that the next attempt asks only those
that were not heard, and forgotten once the cell has its verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from scoring.actions.verdicts import Cell
from scoring.judges import JudgeRequest, Outcome
from scoring.judges.stored import as_json, read_outcome
from scoring.models import RunBatch


def with_heard(
    batch: RunBatch, cells: Sequence[Cell], requests: Sequence[JudgeRequest]
) -> list[JudgeRequest]:
    """The requests about these cells, with what was heard of them in an earlier attempt."""
    if not batch.heard:
        return list(requests)
    return [
        replace(request, heard=_read(batch.heard.get(_key(cell), {})))
        for cell, request in zip(cells, requests, strict=True)
    ]


def note_heard(
    batch: RunBatch, cells: Sequence[Cell], heard: Sequence[Mapping[str, Outcome]]
) -> None:
    """Keep what was heard of these cells, one slot a cell; nothing is kept of the others."""
    if not batch.heard and not any(heard):
        return
    keys = [_key(cell) for cell in cells]
    kept = {key: said for key, said in batch.heard.items() if key not in keys}
    for key, said in zip_longest(keys, heard, fillvalue=None):
        if key and said:
            kept[key] = {slot: as_json(outcome) for slot, outcome in said.items()}
    if kept != batch.heard:
        batch.heard = kept
        batch.save(update_fields=["heard"])


def _read(said: Mapping[str, Mapping[str, object]]) -> dict[str, Outcome]:
    return {slot: read_outcome(outcome) for slot, outcome in said.items()}


def _key(cell: Cell) -> str:
    response, criterion, sample = cell
    return f"{response.pk}-{criterion.pk}-{sample}"
