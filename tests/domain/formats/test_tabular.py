"""Rows of tables and JSON files: contents, the line each starts on, and what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.formats.records import Problem
from rubricstudio.domain.formats.tabular import read_rows


def _rows(text: str, format: str, **options: str) -> list[tuple[int, dict[str, Any]] | str]:
    rows = read_rows(text.splitlines(keepends=True), "f", format=format, **options)
    return [str(row) if isinstance(row, Problem) else (row[0], dict(row[1])) for row in rows]


def test_a_row_is_named_by_the_line_it_starts_on() -> None:
    text = 'id,text\n1,"two\nlines, and a comma"\n\n2,"said ""so"""\n'

    assert _rows(text, "csv") == [
        (2, {"id": "1", "text": "two\nlines, and a comma"}),
        (5, {"id": "2", "text": 'said "so"'}),
    ]


@pytest.mark.parametrize(
    ("text", "format", "delimiter"),
    [
        ("\ufeffa,b\r\n1,2\r\n", "csv", ""),
        ("a;b\n1;2", "csv", ""),
        ("a|b\n1|2", "csv", "|"),
        ("a\tb\n1\t2", "csv", ""),
        ("a\tb\n1\t2", "tsv", ""),
    ],
)
def test_the_delimiter_is_given_or_seen(text: str, format: str, delimiter: str) -> None:
    assert _rows(text, format, delimiter=delimiter) == [(2, {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n4,5\n", "f:3: line: has 1 cells, the header 2. Put quotes"),
        ("a,b\n1,2,3\n", "f:2: line: has 3 cells, the header 2"),
        ("a,a\n1,2\n", "f:1: header: names 'a' twice"),
        ("a,\n1,2\n", "f:1: header: has a column without name"),
        ('a,b\n1,2\n3,"x\n4,y\n', "f:3: line: cannot be read: unexpected end of data. A quote is"),
        ('a,b\n1,"x"y\n', "f:2: line: cannot be read"),
    ],
)
def test_a_broken_table_is_named(text: str, said: str) -> None:
    [problem] = [row for row in _rows(text, "csv") if isinstance(row, str)]

    assert said in problem


JSON_LIST = '[\n  {"a": 1},\n\n  {"a": [2, "]"],\n   "b": null}\n]\n'


def test_members_of_a_json_list_are_named_by_the_line_they_start_on() -> None:
    assert _rows(JSON_LIST, "json") == [(2, {"a": 1}), (4, {"a": [2, "]"], "b": None})]


def test_a_json_list_may_lie_deeper() -> None:
    text = '{"about": {"data": [9]},\n "in": {"x": 1, "data":' + JSON_LIST + "}}"

    assert [row[0] for row in _rows(text, "json", path="in.data")] == [3, 5]


@given(
    st.lists(st.dictionaries(st.text(max_size=4), st.integers() | st.text(), max_size=3)),
    st.sampled_from([None, 0, 2]),
)
def test_rows_of_a_json_file_are_its_members(rows: list[dict[str, Any]], indent: int) -> None:
    text = json.dumps({"n": 1, "rows": rows}, indent=indent)
    lines = text.split("\n")

    found = _rows(text, "json", path="rows")

    assert [row[1] for row in found] == rows
    assert all(lines[int(row[0]) - 1].lstrip().startswith(("{", '{"n"')) for row in found)


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ('[{"a": 1},\n {"a" 2}]', "", "f:2: line: is not JSON: Expecting ':'"),
        ('[{"a": 1},\n 5]', "", "f:2: line: is a number. Each row is a JSON object."),
        ('[{"a": 1}', "", "f:1: line: is not JSON: Expecting ',' or ']'"),
        ('[{"a": 1},]', "", "f:1: line: is not JSON: Expecting value"),
        ('[{"a": 1}] []', "", "f:1: line: is not JSON: Extra data"),
        ('[{"a": 1, "a": 2}]', "", "the field 'a' stands twice in one object"),
        ('{"a": [{}]', "a", "f:1: line: is not JSON: Expecting ',' delimiter"),
        ('{"a": 1}', "a", "f: path: there is no list at 'a'. Say where the list is with path."),
        ('{"a": 1}', "b", "f: path: there is no list at 'b'"),
        ('{"a": 1}', "", "f: path: is not a list of objects"),
        ("", "", "f:1: line: is not JSON: Expecting value"),
        ("[" * 100_000, "", "f: line: is not JSON: maximum recursion depth"),
    ],
)
def test_a_broken_json_file_is_named(text: str, path: str, said: str) -> None:
    [problem] = [row for row in _rows(text, "json", path=path) if isinstance(row, str)]

    assert said in problem


def test_what_is_not_a_number_in_the_files_of_others_is_missing() -> None:
    assert _rows('[{"a": NaN}]', "json") == [(1, {"a": None})]
    assert _rows('{"a": NaN}\n', "jsonl") == [(1, {"a": None})]
    assert "Infinity is no JSON number" in str(_rows('[{"a": Infinity}]', "json")[0])


def test_a_broken_line_of_json_lines_is_named_and_the_others_are_read() -> None:
    assert _rows('{"a": 1}\n\n{"a"\n[1]\n{"a": 2}', "jsonl") == [
        (1, {"a": 1}),
        "f:3: line: is not JSON: Expecting ':' delimiter: line 2 column 1 (char 5)",
        "f:4: line: is a list. Each row is a JSON object.",
        (5, {"a": 2}),
    ]


@given(st.text(max_size=80), st.sampled_from(["csv", "tsv", "json", "jsonl"]))
def test_no_text_raises(text: str, format: str) -> None:
    for row in _rows(text, format):
        assert row


def test_a_header_of_very_many_columns_is_checked_in_one_pass() -> None:
    # Compared each with each, these names would keep a web process busy for half an hour.
    names = [f"c{n}" for n in range(300_000)]

    assert _rows(",".join(names) + "\n" + ",".join(["1"] * 300_000), "csv") == [
        (2, dict.fromkeys(names, "1"))
    ]
    assert _rows(",".join([*names, "c7"]) + "\n", "csv") == [
        "f:1: header: names 'c7' twice. Each column needs a name of its own."
    ]


def test_an_object_of_very_many_fields_is_checked_in_one_pass() -> None:
    fields = ", ".join(f'"c{n}": 1' for n in range(300_000))

    (problem,) = _rows(f'{{{fields}, "c299999": 2}}\n', "jsonl")

    assert "the field 'c299999' stands twice in one object" in str(problem)
