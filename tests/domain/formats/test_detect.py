"""Formats by name and first bytes; lines that are bounded."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.formats.detect import Format, detect, has_known_ending, plain_name
from rubricstudio.domain.formats.streams import (
    LONGEST_LINE,
    MOST_BLANK_LINES,
    Unreadable,
    byte_lines,
    first_rows,
    text_lines,
)


@pytest.mark.parametrize(
    ("name", "head", "format_"),
    [
        ("a.jsonl", b'{"type": "task"}', Format.JSONL),
        ("a.ndjson.gz", b"", Format.JSONL),
        ("A.CSV", b"id,prompt\n", Format.CSV),
        ("a.tab", b"id\tprompt\n", Format.TSV),
        ("a.json", b' \n[{"a": 1}]', Format.JSON),
        ("a.json", b'\xef\xbb\xbf[{"a": 1}]', Format.JSON),
        ("a.json", b'{"type": "task"}\n{"type": "task"}', Format.JSONL),
        ("a.txt", b'{"type": "task"}', Format.JSONL),
        ("noname", b"[1]", Format.JSON),
        ("noname", b"id,prompt\n1,a\tb", Format.CSV),
        ("noname", b"id\tprompt\n", Format.TSV),
    ],
)
def test_the_name_decides_and_else_the_first_bytes(name: str, head: bytes, format_: Format) -> None:
    assert detect(name, head) is format_


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"PK\x03\x04rest", "archive or a spreadsheet"),
        (b"\xff\xfei\x00d\x00", "UTF-16"),
        (b"\x7fELF\x00\x00", "not a text file"),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(head: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as caught:
        detect("a.csv", head)

    assert caught.value.hint


def test_packed_files_go_by_the_name_inside() -> None:
    assert plain_name("x/a.JSONL.GZ") == "x/a.JSONL"
    assert has_known_ending("a.tsv.gz")
    assert not has_known_ending("README.md")


@given(st.binary(max_size=200), st.text(max_size=20))
def test_it_answers_or_refuses_whatever_the_bytes(head: bytes, name: str) -> None:
    try:
        assert detect(name, head) in Format
    except Unreadable as refused:
        assert str(refused)


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"") + b"\n")))
def test_short_lines_come_back_as_they_are(lines: list[bytes]) -> None:
    assert list(byte_lines(io.BytesIO(b"".join(lines)))) == lines


def test_of_a_line_that_is_too_long_only_the_beginning_is_held() -> None:
    stream = io.BytesIO(b"ab\n" + b"x" * 100 + b"\nyz")

    # The limit is 10 bytes: 11 of the long line are given, so that the reader sees it.
    assert list(byte_lines(stream, limit=10)) == [b"ab\n", b"x" * 11, b"yz"]


def test_a_stream_that_unpacks_to_too_much_ends() -> None:
    with pytest.raises(Unreadable, match="once it is unpacked"):
        list(byte_lines(io.BytesIO(b"0123456789\n" * 10), most=50))
    with pytest.raises(Unreadable, match="once it is unpacked"):
        list(byte_lines(io.BytesIO(b"x" * 1000), limit=10, most=50))


def test_a_stream_of_blank_lines_ends() -> None:
    with pytest.raises(Unreadable, match="blank lines"):
        list(byte_lines(io.BytesIO(b"\n" * (MOST_BLANK_LINES + 1))))


def test_a_line_that_is_not_utf8_is_named() -> None:
    lines = text_lines([b"\xef\xbb\xbfid\n", "ü\n".encode(), b"caf\xe9\n"])

    assert next(lines) == "id\n"
    assert next(lines) == "ü\n"
    with pytest.raises(Unreadable, match="byte 4 of the line") as caught:
        next(lines)
    assert caught.value.line == 3


def test_a_text_line_that_is_too_long_is_named() -> None:
    with pytest.raises(Unreadable, match="is longer than"):
        list(text_lines([b"x" * (LONGEST_LINE + 1)]))


def test_the_first_rows_never_end_inside_a_quoted_cell() -> None:
    lines = [b"id,prompt\n", b'1,"one\n', b"two\n", b'three"\n', b"2,four\n"]

    # Two lines end inside the cell, which goes on to the fourth.
    assert list(first_rows(lines, 2)) == lines[:4]
    assert list(first_rows(lines, None)) == lines
    # A quote that is never closed ends at twice the number.
    assert len(list(first_rows([b'"\n', *[b"x\n"] * 9], 3))) == 6
