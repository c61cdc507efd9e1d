"""Where two texts differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.contrast import LONGEST, WORD_BY_WORD, Piece, contrast


def _marked(pieces: tuple[Piece, ...]) -> list[str]:
    return [piece.text for piece in pieces if piece.differs]


def test_words_that_one_text_has_alone_are_marked_in_it() -> None:
    found = contrast("Take one tablet daily.", "Take two tablets daily, please.")
    assert found
    assert _marked(found.one) == ["one tablet "]
    assert _marked(found.other) == ["two tablets ", ", please"]


def test_a_script_without_spaces_is_compared_by_character() -> None:
    found = contrast("每日一片", "每日两片")
    assert found
    assert (_marked(found.one), _marked(found.other)) == (["一"], ["两"])


def test_white_space_is_no_difference() -> None:
    found = contrast("a  b\nc", "a b c")
    assert found
    assert not _marked(found.one) and not _marked(found.other)


def test_long_texts_are_compared_by_line_first() -> None:
    lines = [f"Line {n} says something of its own.\n" for n in range(400)]
    changed = [*lines[:200], "Line 200 says nothing of its own.\n", *lines[201:]]
    assert len("".join(lines)) * 2 > WORD_BY_WORD

    found = contrast("".join(lines), "".join(changed))
    assert found
    assert (_marked(found.one), _marked(found.other)) == (["something "], ["nothing "])


def test_a_changed_stretch_that_is_too_long_is_marked_whole() -> None:
    found = contrast("a " * WORD_BY_WORD, "b " * WORD_BY_WORD)
    assert found
    assert _marked(found.one) == ["a " * WORD_BY_WORD]


def test_texts_beyond_the_limit_are_not_compared() -> None:
    assert contrast("a" * LONGEST, "b") is None


TEXTS = st.text(alphabet="ab c\n一二\u0301-", max_size=80)


@given(TEXTS, TEXTS)
def test_the_pieces_make_up_both_texts(one: str, other: str) -> None:
    found = contrast(one, other)
    assert found
    assert "".join(p.text for p in found.one) == one
    assert "".join(p.text for p in found.other) == other


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    found = contrast(text, text)
    assert found
    assert not _marked(found.one) and not _marked(found.other)
