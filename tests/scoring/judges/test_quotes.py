"""Quotes are found where they stand, and never where they do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.quotes import fold
from rubricstudio.domain.verdict import Quote
from scoring.judges.quotes import find_quote, find_quotes

TEXT = "He said:\n “It’s fine —  take  400 mg.”\nThen he left, and nobody asked him anything."


def test_it_finds_the_very_words() -> None:
    found = find_quote("400 mg", TEXT)

    assert found == Quote("400 mg", TEXT.index("400"), TEXT.index("400") + 6, "exact")


@pytest.mark.parametrize(
    ("quote", "original"),
    [
        ("It's fine - take 400 mg.", "It’s fine —  take  400 mg."),
        ("\"it's FINE", "It’s fine"),
        ("take\n400\tmg", "take  400 mg"),
        ("“Then he left”", "Then he left"),
    ],
)
def test_it_finds_words_that_differ_in_marks_case_or_white_space(quote: str, original: str) -> None:
    found = find_quote(quote, TEXT)

    assert found.match == "folded"
    assert TEXT[found.start : found.end] == original
    assert found.text == quote


def test_it_maps_offsets_back_through_characters_that_fold_to_several() -> None:
    # "ß" folds to "ss" and the ligature "ﬁ" to "fi": offsets must still count characters.
    text = "Die Straße ﬁndet man leicht."

    found = find_quote("STRASSE FINDET man", text)

    assert text[found.start : found.end] == "Straße ﬁndet man"


def test_it_composes_accents_written_apart() -> None:
    text = "Un cafe\u0301 au lait."

    found = find_quote("caf\u00e9 au", text)

    assert text[found.start : found.end] == "cafe\u0301 au"


def test_it_finds_right_to_left_and_cjk_text() -> None:
    arabic, chinese = "قال الطبيب: خذ ٤٠٠ ملغ كل يوم.", "医生说：每天服用四百毫克。"

    assert find_quote("خذ ٤٠٠ ملغ", arabic).match == "exact"
    assert find_quote("每天服用四百毫克", chinese).start == 4


def test_it_finds_a_misquote_and_says_how_far_off_it_is() -> None:
    found = find_quote("Then he lefd, and nobody asked him anything", TEXT)

    assert found.match == "fuzzy"
    assert found.distance is not None
    assert 0 < found.distance <= 0.15
    assert TEXT[found.start : found.end] == "Then he left, and nobody asked him anything"


@pytest.mark.parametrize(
    "quote",
    [
        "take 800 mg",  # short: a near miss would be a different dose
        "The sun is a star that shines for billions of years.",
        "””",
        TEXT + " And more that is not there at all, which makes it longer than the text itself.",
    ],
)
def test_it_gives_no_place_to_what_is_not_there(quote: str) -> None:
    assert find_quote(quote, TEXT) == Quote(quote, None, None, "none", None)


def test_it_finds_nothing_in_an_empty_response() -> None:
    assert find_quote("anything at all", "").match == "none"


def test_blank_quotes_are_dropped_and_order_is_kept() -> None:
    found = find_quotes(["400 mg", " ", "He said", ""], TEXT)

    assert [each.text for each in found] == ["400 mg", "He said"]


@given(st.text(min_size=1, max_size=80), st.data())
def test_any_part_of_a_text_is_found_exactly(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    part = text[start : data.draw(st.integers(start + 1, len(text)))]

    found = find_quote(part, text)

    assert found.match == "exact"
    assert text[found.start : found.end] == part


@given(st.lists(st.text("ab“”'é ß\u0301—", min_size=1, max_size=9), min_size=1, max_size=6))
def test_what_is_found_by_folding_folds_to_the_quote(words: list[str]) -> None:
    text = "start. " + "  ".join(words) + " end."
    quote = "\n".join(words).upper()

    found = find_quote(quote, text)

    if found.match == "folded":
        assert fold(text[found.start : found.end])[0].strip(" \"'") == fold(quote)[0].strip(" \"'")


@given(st.text(max_size=60))
def test_folding_points_every_character_back_into_the_text(text: str) -> None:
    folded, starts, ends = fold(text)

    assert len(folded) == len(starts) == len(ends)
    assert starts == sorted(starts)
    assert all(0 <= a < b <= len(text) for a, b in zip(starts, ends, strict=True))
