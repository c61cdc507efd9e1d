"""The tree of packed prompts: every prompt can be read back from it, and nothing stands twice."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.packing.tree import Bin, blocks, pack, shared

PROMPTS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=8), max_size=12)


def seen_by(packed: Bin, place: int) -> list[int]:
    """The tokens that the token at a place sees, in order: what its prompt says up to it."""
    places = np.arange(place + 1)
    return [int(packed.tokens[k]) for k in places if place < packed.until[k]]


@given(PROMPTS, st.integers(1, 40))
def test_each_prompt_sees_exactly_itself(prompts: list[list[int]], most: int) -> None:
    read = {}
    for packed in pack(prompts, most):
        for index, last in zip(packed.prompts, packed.last, strict=True):
            read[index] = seen_by(packed, last)

    assert read == dict(enumerate(prompts))


@given(PROMPTS, st.integers(1, 40))
def test_a_token_stands_at_its_place_in_its_prompt(prompts: list[list[int]], most: int) -> None:
    for packed in pack(prompts, most):
        for place, position in enumerate(packed.positions):
            assert len(seen_by(packed, place)) == position + 1


@given(PROMPTS, st.integers(1, 40))
def test_a_bin_holds_no_more_than_it_may_and_shares_all_it_can(
    prompts: list[list[int]], most: int
) -> None:
    for packed in pack(prompts, most):
        held = [tuple(prompts[index]) for index in packed.prompts]
        beginnings = {row[: n + 1] for row in held for n in range(len(row))}
        assert len(packed.tokens) == len(beginnings)
        assert len(packed.tokens) <= most or len(set(held)) == 1


@given(PROMPTS, st.integers(1, 40), st.integers(1, 9))
def test_blocks_are_the_whole_mask_and_nothing_else(
    prompts: list[list[int]], most: int, rows: int
) -> None:
    for packed in pack(prompts, most):
        n = len(packed.tokens)
        found = np.zeros((n, n), dtype=bool)
        for block in blocks(packed, rows):
            found[np.ix_(np.arange(block.start, block.stop), block.columns)] = block.mask
        places = np.arange(n)
        whole = (places <= places[:, None]) & (places[:, None] < packed.until)
        assert (found == whole).all()


def test_common_beginnings_at_several_depths_are_computed_once() -> None:
    task, response, other = [1, 2, 3], [4, 5], [6]
    prompts = [task + response + [7], task + response + [8], task + other + [7]]

    (packed,) = pack(prompts, 100)

    assert len(packed.tokens) == 3 + 2 + 1 + 1 + 1 + 1


def test_an_empty_prompt_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        pack([[1], []], 10)


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_shared_is_the_common_prefix(first: list[int], second: list[int]) -> None:
    assert shared(tuple(first), tuple(second)) == len(os.path.commonprefix([first, second]))
