"""What is asked for at a time, before it is stored."""

from __future__ import annotations

import pytest

from rubricstudio.models import Criterion, Response
from scoring.actions.chunks import Cell, chunks

CRITERIA = [Criterion(pk=n) for n in range(5)]


def cells(responses: int) -> list[Cell]:
    rows = [Response(pk=n) for n in range(responses)]
    return [(row, criterion, 0) for row in rows for criterion in CRITERIA]


@pytest.mark.parametrize(
    ("together", "sizes"),
    [
        (1, [32, 32, 32, 32, 32, 32, 8]),
        # A call for a response: 32 responses of five criteria, then the other eight.
        (20, [160, 40]),
        # Two calls for a response.
        (3, [80, 80, 40]),
    ],
)
def test_a_chunk_is_about_so_many_calls_and_divides_no_response_that_shares_one(
    together: int, sizes: list[int]
) -> None:
    everything = cells(40)

    found = list(chunks(everything, together))

    assert [len(each) for each in found] == sizes
    assert [cell for each in found for cell in each] == everything


def test_nothing_is_no_chunk() -> None:
    assert [*chunks([], 1), *chunks([], 20)] == []
