from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.naming import first_free


@given(st.sets(st.integers(2, 9)), st.booleans())
def test_the_first_free_name_is_new_and_the_smallest(numbers: set[int], base_taken: bool) -> None:
    taken = {f"a-{n}" for n in numbers} | ({"a"} if base_taken else set())

    free = first_free("a", taken)

    assert free not in taken
    smaller = ["a", *(f"a-{n}" for n in range(2, 12))]
    assert set(smaller[: smaller.index(free)]) <= taken
