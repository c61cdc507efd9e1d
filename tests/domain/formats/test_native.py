"""The native format: what goes out comes back, and bad lines are named, never raised."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.formats import native
from rubricstudio.domain.formats.native import read
from rubricstudio.domain.formats.records import (
    Message,
    PreferenceRecord,
    Preferred,
    Problem,
    RaterKind,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.formats.write import to_line
from rubricstudio.domain.rubric import Criterion, Level, MetMeans, Rubric, Scale, ScaleKind, Tier
from rubricstudio.domain.verdict import Quote, VerdictStatus

SCALES = st.sampled_from(
    [
        Scale(),
        Scale(ScaleKind.POINTS, maximum=4.5),
        Scale(ScaleKind.ORDINAL, (Level(1, "low", "worst"), Level(2, "high"))),
    ]
)
# What PostgreSQL can hold: no NUL, no halves of surrogate pairs.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NAME = TEXT.filter(lambda text: bool(text.strip()))
CRITERIA = st.builds(
    Criterion,
    key=NAME,
    text=NAME,
    description=TEXT,
    weight=st.floats(-100, 100),
    met_means=st.sampled_from(MetMeans),
    scale=SCALES,
    tier=st.none() | st.sampled_from(Tier),
    gate=st.booleans(),
    evidence_required=st.booleans(),
    tags=st.lists(TEXT, max_size=2).map(tuple),
    category=TEXT,
)
RUBRICS = st.lists(CRITERIA, min_size=1, max_size=3, unique_by=lambda c: c.key).map(
    lambda criteria: Rubric(tuple(criteria))
)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
ANSWERS = st.one_of(
    st.tuples(st.just(VerdictStatus.OK), st.floats(-9, 9)),
    st.tuples(st.sampled_from([s for s in VerdictStatus if s != VerdictStatus.OK]), st.none()),
)


@st.composite
def verdicts(draw: st.DrawFn) -> VerdictRecord:
    status, value = draw(ANSWERS)
    quotes = st.builds(
        Quote, text=NAME, start=st.none() | st.integers(0, 99), match=st.just("exact")
    )
    return VerdictRecord(
        *(draw(NAME), draw(NAME), draw(NAME), draw(NAME), draw(st.sampled_from(RaterKind))),
        *(draw(NAME), status, value, draw(TEXT), tuple(draw(st.lists(quotes, max_size=2)))),
        *(draw(st.none() | st.floats(0, 1)), draw(st.integers(0, 9)), draw(TEXT)),
        draw(st.dictionaries(NAME, TEXT, max_size=2)),
        draw(MOMENTS),
    )


RECORDS = st.one_of(
    st.builds(
        TaskRecord,
        id=NAME,
        messages=st.lists(
            st.builds(Message, st.sampled_from(["user", "system", "assistant"]), TEXT), min_size=1
        ).map(tuple),
        reference=st.none() | TEXT,
        context=st.lists(TEXT, max_size=2).map(tuple),
        tags=st.lists(TEXT, max_size=2).map(tuple),
    ),
    st.builds(ResponseRecord, id=NAME, task=NAME, text=st.none() | TEXT, source=TEXT),
    st.builds(RubricRecord, id=NAME, rubric=RUBRICS, name=TEXT, published=st.booleans()),
    st.builds(
        PreferenceRecord,
        *(NAME, NAME, NAME, NAME),
        rater_kind=st.sampled_from(RaterKind),
        round=NAME,
        preferred=st.sampled_from(Preferred),
        strength=st.none() | st.floats(0, 2),
        rationale=TEXT,
        created_at=MOMENTS,
    ),
    verdicts(),
)


def _without_place(record: Record | Problem) -> Any:
    return record._replace(place=("", 0)) if isinstance(record, VerdictRecord) else record


@given(RECORDS)
def test_a_record_survives_its_line(record: Record) -> None:
    [back] = read([to_line(record)])

    assert _without_place(back) == _without_place(record)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_line_raises(line: str | bytes) -> None:
    for record in read([line]):
        assert str(record)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELD_NAMES = st.sampled_from(
    [*native.VERDICT_FIELDS, *native.TASK_FIELDS, *native.RUBRIC_FIELDS, *native.PREFERENCE_FIELDS]
)


@given(st.sampled_from([*native._READERS]), st.dictionaries(FIELD_NAMES, JSON, max_size=8))
def test_no_object_raises(kind: str, values: dict[str, Any]) -> None:
    line = json.dumps({**values, "type": kind})

    for record in read([line]):
        assert str(record)


def _said(*lines: str | bytes) -> list[str]:
    return [str(record) for record in read(lines, "f.jsonl") if isinstance(record, Problem)]


VERDICT = {"type": "verdict", "response": "r", "rubric": "u", "criterion": "c", "rater": "ann"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "f.jsonl:1: line: is not JSON"),
        ("[1]", "f.jsonl:1: line: is a list. Each line holds one JSON object."),
        (b"\xff\xfe", "f.jsonl:1: line: is not UTF-8 (byte 0). Save the file as UTF-8."),
        ('{"id": "t"}', "f.jsonl:1: type: is missing. Use one of: task, response"),
        ('{"type": "tasks"}', "f.jsonl:1: type: is 'tasks'. Use one of:"),
        (
            '{"type": "task", "id": "t"}',
            "f.jsonl:1: messages: is missing. Give messages, or a prompt.",
        ),
        (
            '{"type": "task", "id": "t", "promt": "x", "prompt": "x"}',
            "f.jsonl:1: promt: is no field of this type. Did you mean 'prompt'?",
        ),
        (json.dumps(VERDICT), "f.jsonl:1: value: is missing. Give it, or a status"),
        (
            json.dumps({**VERDICT, "value": float("nan")}),
            "f.jsonl:1: value: is not a finite number",
        ),
        (json.dumps({**VERDICT, "value": "maybe"}), "f.jsonl:1: value: is 'maybe', not a number"),
        (
            json.dumps({**VERDICT, "value": 1, "status": "timeout"}),
            "f.jsonl:1: value: stands beside the status timeout",
        ),
        (json.dumps({**VERDICT, "value": 1, "rater": ""}), "f.jsonl:1: rater: is empty"),
        (
            '{"type": "rubric", "id": "u", "criteria": [{"key": "a", "text": "A", "weight": "x"}]}',
            "f.jsonl:1: criteria[0].weight: is 'x', not a number",
        ),
        (
            '{"type": "rubric", "id": "u", "criteria": [{"key": "a", "text": "A", "parent": "g"}]}',
            "names the parent 'g', which does not stand before it",
        ),
    ],
)
def test_a_bad_line_is_named(line: str | bytes, said: str) -> None:
    [problem] = _said(line)

    assert said in problem


def test_an_id_that_stands_twice_is_named_on_its_second_line() -> None:
    line = '{"type": "response", "id": "r", "task": "t", "text": "x"}'

    assert _said(line, line) == [
        "f.jsonl:2: id: the id 'r' stands in this file before. Ids are unique by type."
    ]


def test_a_sheet_gives_a_verdict_for_each_criterion() -> None:
    sheet = {
        "type": "verdict",
        "response": "r",
        "rubric": "u",
        "rater": "gpt",
        "run": "first",
        "verdicts": [
            {"criterion": "a", "value": "met"},
            {"criterion": "b", "value": "cannot_assess"},
            {"criterion": "c", "value": 2.5},
        ],
    }

    found = [r for r in read([json.dumps(sheet)]) if isinstance(r, VerdictRecord)]

    assert [(v.criterion, v.status, v.value) for v in found] == [
        ("a", "ok", 1.0),
        ("b", "cannot_assess", None),
        ("c", "ok", 2.5),
    ]
    assert {(v.rater_kind, v.round) for v in found} == {(RaterKind.JUDGE, "first")}


def test_the_quick_and_the_careful_reader_agree() -> None:
    plain = {**VERDICT, "value": 1, "rationale": "because é"}

    [quick] = read([json.dumps(plain)])
    [careful] = read([json.dumps({**plain, "sample": 0})])

    assert quick == careful


def test_blank_and_derived_lines_are_passed_over() -> None:
    assert list(read(["", "  \n", '{"type": "export"}', '{"type": "score", "value": 1}'])) == []


def test_what_the_database_cannot_hold_is_replaced() -> None:
    [record] = read(['{"type": "response", "id": "r", "task": "t", "text": "a\\u0000b\\ud800"}'])

    assert isinstance(record, ResponseRecord)
    assert record.text == "a\ufffdb\ufffd"


def test_times_need_an_offset() -> None:
    assert (
        "has no time zone"
        in _said(json.dumps({**VERDICT, "value": 1, "created_at": "2026-01-31"}))[0]
    )
    [record] = read([json.dumps({**VERDICT, "value": 1, "created_at": "2026-01-31T09:30:00Z"})])
    assert isinstance(record, VerdictRecord)
    assert record.created_at == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
