"""Who is named in a text with an @."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.mentions import mentioned

NAMES = {
    "Ada": [1],
    "Ada Lovelace": [2],
    "nuria@example.com": [3],
    "Twin": [4, 5],
    "": [6],
    "Zoë Ñandú": [7],
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Ada, please look.", {1}),
        ("@ada", {1}),
        ("@Ada Lovelace and @Ada.", {1, 2}),
        ("@Adaline", set()),
        ("me@Ada.example", set()),
        ("(@nuria@example.com)", {3}),
        ("@Twin!", {4, 5}),
        ("@Zoe Nandu and @ZOË", {7}),
        ("@", set()),
        ("Ada", set()),
        ("", set()),
    ],
)
def test_a_name_behind_an_at_is_found(text: str, found: set[int]) -> None:
    assert mentioned(text, NAMES) == found


@given(st.text(), st.sampled_from(["Ada", "Ada Lovelace"]))
def test_a_name_is_found_wherever_it_stands(before: str, name: str) -> None:
    assert set(NAMES[name]) <= mentioned(f"{before} @{name}.", NAMES)
