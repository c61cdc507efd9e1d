"""Lines that hold a picture: what is wrong with one is named, never raised."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rubricstudio.domain.formats.native import read
from rubricstudio.domain.formats.records import ImageRecord, Problem
from rubricstudio.domain.pictures import MOST_BYTES

PICTURE = {"type": "image", "id": "a.png", "media_type": "image/png", "data": "aGk="}


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"id": "../a"}, "id", "which no text can name"),
        ({"id": "-a"}, "id", "which no text can name"),
        ({"id": "a" * 101}, "id", "has 101 characters"),
        ({"id": None}, "id", "is missing"),
        ({"media_type": "image/svg+xml"}, "media_type", "is 'image/svg+xml'"),
        ({"media_type": None}, "media_type", "is missing"),
        ({"data": None}, "data", "is missing"),
        ({"data": "aGk"}, "data", "is not base64"),
        ({"data": "a\nGk="}, "data", "is not base64"),
        ({"data": "\u00e9"}, "data", "is not base64"),
        ({"data": ["aGk="]}, "data", "is a list, not a text"),
        ({"data": "A" * (MOST_BYTES * 4 // 3 + 8)}, "data", "holds more than 5 MB"),
        ({"digest": "0" * 64}, "digest", "is not that of the data"),
        ({"url": "http://example.org"}, "url", "is no field of this type"),
    ],
)
def test_a_line_with_a_wrong_picture_says_what_is_wrong(
    change: dict[str, Any], field: str, message: str
) -> None:
    [problem] = read([json.dumps({**PICTURE, **change})], "f.jsonl")

    assert isinstance(problem, Problem)
    assert (problem.line, problem.field) == (1, field)
    assert message in problem.message


def test_a_picture_needs_no_digest_and_its_places_are_passed_over() -> None:
    line = json.dumps({**PICTURE, "shown_in": [{"task": "nowhere"}]})

    [record] = read([line])

    assert record == ImageRecord("a.png", "image/png", b"hi")
    assert len(list(read([line, line]))) == 2
    assert isinstance(list(read([line, line]))[1], Problem)  # its id stands twice
