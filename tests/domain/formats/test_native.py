"""The native format: what goes out comes back, and bad lines are named, never raised."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.formats import native
from rubricstudio.domain.formats.gold import GOLD_FIELDS
from rubricstudio.domain.formats.native import read
from rubricstudio.domain.formats.records import (
    NOWHERE,
    GoldOrigin,
    GoldRecord,
    ImageRecord,
    Message,
    Place,
    PreferenceRecord,
    Preferred,
    Problem,
    RaterKind,
    Record,
    RecordType,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.formats.verdicts import VERDICT_FIELDS
from rubricstudio.domain.formats.write import to_line
from rubricstudio.domain.pictures import MEDIA_TYPES
from rubricstudio.domain.pictures import NAME as NAME_PATTERN
from rubricstudio.domain.rubric import (
    Criterion,
    Example,
    Level,
    MetMeans,
    Origin,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)
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
    references=st.lists(NAME, max_size=2).map(tuple),
    examples=st.lists(st.builds(Example, NAME, st.booleans(), TEXT), max_size=2).map(tuple),
    program=TEXT,
    origin=st.none() | st.builds(Origin, kind=NAME, name=TEXT, ref=TEXT),
    tags=st.lists(TEXT, max_size=2).map(tuple),
    category=TEXT,
)
RUBRICS = st.lists(CRITERIA, min_size=1, max_size=3, unique_by=lambda c: c.key).map(
    lambda criteria: Rubric(tuple(criteria))
)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
REASONS = [status for status in VerdictStatus if status is not VerdictStatus.OK]
ANSWERS = st.one_of(
    st.tuples(st.just(VerdictStatus.OK), st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.sampled_from(REASONS), st.none()),
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


QUOTES = st.lists(
    st.builds(Quote, text=NAME, start=st.integers(0, 99), end=st.just(99), match=st.just("exact"))
    | st.builds(Quote, text=NAME, match=st.just("fuzzy"), distance=st.floats(0, 1)),
    max_size=2,
).map(tuple)


@st.composite
def verdicts(draw: st.DrawFn) -> VerdictRecord:
    status, value = draw(ANSWERS)
    return VerdictRecord(
        *(draw(NAME), draw(NAME), draw(NAME), draw(NAME), draw(st.sampled_from(RaterKind))),
        *(draw(NAME), status, value, draw(TEXT), draw(QUOTES)),
        *(draw(st.none() | st.floats(0, 1)), draw(st.integers(0, 9)), draw(TEXT)),
        draw(st.dictionaries(NAME, JSON_VALUES, max_size=2)),
        draw(MOMENTS),
    )


@st.composite
def gold(draw: st.DrawFn) -> GoldRecord:
    origin = draw(st.sampled_from(GoldOrigin))
    is_known = draw(st.booleans())
    return GoldRecord(
        *(draw(NAME), draw(NAME), draw(NAME)),
        status=VerdictStatus.OK if is_known else VerdictStatus.CANNOT_ASSESS,
        value=draw(st.floats(-9, 9)) if is_known else None,
        note=draw(TEXT),
        evidence=draw(QUOTES),
        origin=origin,
        session=draw(NAME) if origin not in (GoldOrigin.HAND, GoldOrigin.FILE) else "",
        expert=draw(NAME) if origin is GoldOrigin.EXPERT else "",
        n=draw(st.integers(2, 32_767)) if origin is GoldOrigin.UNANIMOUS else None,
    )


RECORDS = st.one_of(
    gold(),
    st.builds(
        TaskRecord,
        id=NAME,
        messages=st.lists(
            st.builds(Message, st.sampled_from(["user", "system", "assistant"]), TEXT), max_size=2
        ).map(lambda earlier: (*earlier, Message("user", "Why?"))),
        reference=st.none() | TEXT,
        context=st.lists(TEXT, max_size=2).map(tuple),
        tags=st.lists(TEXT, max_size=2).map(tuple),
    ),
    st.builds(
        ResponseRecord,
        *(NAME, NAME, st.none() | TEXT, TEXT),
        metadata=st.dictionaries(NAME, JSON_VALUES, max_size=2),
    ),
    st.builds(
        RubricRecord, NAME, RUBRICS, name=TEXT, task=st.none() | NAME, published=st.booleans()
    ),
    st.builds(
        PreferenceRecord,
        *(NAME, NAME, NAME, NAME),
        rater_kind=st.sampled_from(RaterKind),
        round=NAME,
        preferred=st.sampled_from(Preferred),
        strength=st.none() | st.floats(-2, 2),
        rationale=TEXT,
        created_at=MOMENTS,
    ).filter(lambda record: record.response_a != record.response_b),
    st.builds(
        PreferenceRecord,
        *(NAME, st.just("first"), st.just("second"), NAME),
        status=st.sampled_from(REASONS),
        raw_reply=TEXT,
        provenance=st.dictionaries(NAME, JSON_VALUES, max_size=2),
    ),
    verdicts(),
    st.builds(
        ImageRecord,
        id=st.from_regex(NAME_PATTERN, fullmatch=True).filter(lambda name: len(name) <= 100),
        media_type=st.sampled_from(MEDIA_TYPES),
        data=st.binary(min_size=1, max_size=40),
    ),
)


def _without_place(record: Record | Problem) -> Any:
    return record._replace(place=NOWHERE) if isinstance(record, VerdictRecord) else record


@given(RECORDS)
def test_a_record_survives_its_line(record: Record) -> None:
    [back] = read([to_line(record)])

    assert _without_place(back) == _without_place(record)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_line_raises(line: str | bytes) -> None:
    for record in read([line]):
        assert str(record)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELD_NAMES = st.sampled_from(
    [
        *(*VERDICT_FIELDS, *native.TASK_FIELDS, *native.RUBRIC_FIELDS),
        *(*native.PREFERENCE_FIELDS, *GOLD_FIELDS),
    ]
)


@given(st.sampled_from(RecordType), st.dictionaries(FIELD_NAMES, ANY_JSON, max_size=8))
def test_no_object_raises(kind: RecordType, values: dict[str, Any]) -> None:
    """Through the objects themselves, so that NaN and odd texts reach every field."""
    for record in native.read_object({**values, "type": kind.value}, NOWHERE):
        assert str(record)


CELLS = st.fixed_dictionaries(
    {"criterion": st.sampled_from(["a", "b"]), "value": st.sampled_from([1, 0.5, "met", True])},
    optional={
        "status": st.sampled_from(["ok", "timeout", 3]),
        "rationale": TEXT | st.integers(),
        "confidence": st.sampled_from([0.5, 1, 2, None, "0.5"]),
        "sample": st.sampled_from([0, 3, -1, 2.0]),
        "raw_reply": TEXT,
        "provenance": st.sampled_from([{}, {"model": "m"}, [], None]),
        "created_at": st.sampled_from(["2026-01-31T09:30:00Z", "2026-01-31", 5, None]),
        "evidence": st.sampled_from([[], ["said"], None]),
        "odd": st.just(1),
    },
)
HEADS = st.fixed_dictionaries(
    {"response": st.sampled_from(["r", "", " ", 7]), "rubric": st.just("u"), "rater": NAME},
    optional={
        "rater_kind": st.sampled_from(["person", "judge", "Judge", "owl"]),
        "round": st.sampled_from(["s", "", None]),
        "run": st.just("s"),
    },
)


@given(HEADS, st.lists(CELLS, min_size=1, max_size=2), st.booleans())
def test_the_quick_reader_agrees_with_the_careful_one(
    head: dict[str, Any], cells: list[dict[str, Any]], sheet: bool
) -> None:
    answers = {"verdicts": cells} if sheet else cells[0]
    values = {"type": "verdict", **head, **answers}

    assert list(read([json.dumps(values)])) == native.read_object(values, Place("", 1))


TEXTS: st.SearchStrategy[Any] = st.sampled_from(
    ["", " ", "x", "x" * 201, "x" * 301, None, 5, True, []]
)
LISTS: st.SearchStrategy[Any] = st.sampled_from([[], ["x"], ["x" * 201], ["x", 5], "x", None, 5])
OBJECTS: st.SearchStrategy[Any] = st.sampled_from([{}, {"a": [1]}, {"a": 1e400}, [], None, 5])
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"content": TEXTS},
        optional={"role": st.sampled_from(["user", "owl", None]), "odd": st.just(1)},
    )
    | st.just("x"),
    max_size=2,
)
TASKS = st.fixed_dictionaries(
    {"type": st.just("task"), "id": TEXTS},
    optional={
        **{"messages": MESSAGES | st.none(), "prompt": TEXTS, "reference": TEXTS},
        **{"context": LISTS, "tags": LISTS, "metadata": OBJECTS},
    },
)
RESPONSES = st.fixed_dictionaries(
    {"type": st.just("response"), "id": TEXTS, "task": TEXTS},
    optional={"source": TEXTS, "text": TEXTS, "metadata": OBJECTS, "txt": TEXTS},
)


@given(TASKS | RESPONSES)
def test_the_quick_reader_of_texts_agrees_with_the_careful_one(values: dict[str, Any]) -> None:
    # JSON has no infinity, but a number that becomes one.
    line = json.dumps(values).replace("Infinity", "1e400")

    assert list(read([line])) == native.read_object(values, Place("", 1))


def _said(*lines: str | bytes) -> list[str]:
    return [str(record) for record in read(lines, "f.jsonl") if isinstance(record, Problem)]


VERDICT = {"type": "verdict", "response": "r", "rubric": "u", "criterion": "c", "rater": "ann"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "f.jsonl:1: line: is not JSON"),
        ("[1]", "f.jsonl:1: line: is a list. Each line holds one JSON object."),
        (b'{"id": "\xe9"}', "f.jsonl:1: line: is not UTF-8 (byte 8). Save the file as UTF-8."),
        (b"\xff\xfe", "f.jsonl:1: line: is UTF-16. Save the file as UTF-8."),
        ('{"id": "t"}', "f.jsonl:1: type: is missing. Use one of: task, response"),
        ('{"type": "tasks"}', "f.jsonl:1: type: is 'tasks'. Did you mean 'task'?"),
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
            "f.jsonl:1: line: is not JSON: NaN is no JSON number",
        ),
        (
            json.dumps({**VERDICT, "value": "maybe"}),
            "f.jsonl:1: value: is 'maybe'. Give a number, met or",
        ),
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
        "f.jsonl:2: id: the id 'r' stands on line 1 already. "
        "Give each its own id, or leave one out."
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


def test_a_sheet_shares_what_it_says_once() -> None:
    sheet = {
        **{"type": "verdict", "response": "r", "rubric": "u", "rater": "gpt", "run": "first"},
        **{"raw_reply": "all of it", "created_at": "2026-01-31T09:30:00Z"},
        "verdicts": [{"criterion": "a", "value": 1}, {"criterion": "b", "value": 0, "sample": 2}],
    }

    first, second = read([json.dumps(sheet)])

    assert isinstance(first, VerdictRecord) and isinstance(second, VerdictRecord)
    assert first.raw_reply == second.raw_reply == "all of it"
    assert first.created_at == second.created_at == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert (first.sample, second.sample) == (0, 2)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": "1_0"}, "value: is '1_0', not a number"),
        ({"value": 1, "verdicts": []}, "value: stands beside verdicts"),
        ({"value": 1, "run": "g", "session": "h"}, "run: stands beside session. Keep one of them."),
        ({"value": 1, "run": "g", "rater_kind": "person"}, "run: does not go with a person"),
        ({"value": "timeout", "status": "refused"}, "value: is timeout beside the status refused"),
        ({"value": 1, "sample": 1.5}, "sample: is 1.5, not a whole number from 0 to 32767"),
        ({"value": 1, "confidence": 1.5}, "confidence: is 1.5. It lies between 0 and 1."),
        ({"value": 1, "evidence": [{"text": "a", "start": 3}]}, "evidence[0].start: and end are"),
        ({"value": 1, "evidence": [{"text": "a", "match": "no"}]}, "evidence[0].match: is 'no'"),
        ({"value": 1, "rater": "x" * 201}, "rater: has 201 characters, more than 200"),
        ({"value": 1, "provenance": {"cost": 1e999}}, "is no JSON number"),
    ],
)
def test_a_bad_verdict_is_named(fields: dict[str, Any], said: str) -> None:
    assert said in " ".join(_said(json.dumps({**VERDICT, **fields})))


def test_a_name_that_stands_twice_in_an_object_is_no_guess() -> None:
    [said] = _said('{"type": "verdict", "value": 1, "value": 0}')

    assert said == (
        "f.jsonl:1: line: is not JSON: the field 'value' stands twice in one object. "
        "Each line holds one JSON object."
    )


@pytest.mark.parametrize("depth", [101, 900, 100_000])
def test_deep_nesting_is_named(depth: int) -> None:
    task = '{"type": "task", "id": "t", "prompt": "x", "metadata": {"a": %s%s}}'

    [said] = _said(task % ("[" * depth, "]" * depth))

    assert "nested more than 100 deep" in said or "recursion" in said


def test_a_number_too_large_for_a_double_is_named() -> None:
    [said] = _said('{"type": "task", "id": "t", "prompt": "x", "metadata": {"a": 1e999}}')

    assert said == "f.jsonl:1: metadata: holds a number that is not finite"


def test_a_line_over_the_limit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rubricstudio.domain.formats.lines.LINE_LIMIT", 80)
    verdict = json.dumps({**VERDICT, "value": 1, "rationale": "x" * 80})

    assert _said(verdict) == ["f.jsonl:1: line: is longer than 80 characters. Split it up."]


def test_a_byte_order_mark_and_other_line_ends_are_passed_over() -> None:
    line = json.dumps({**VERDICT, "value": 1}).encode()

    plain, marked, other = read([line + b"\n", b"\xef\xbb\xbf" + line, line + b"\r\n"])

    assert _without_place(plain) == _without_place(marked) == _without_place(other)


def test_what_the_database_cannot_hold_is_replaced_in_every_reader() -> None:
    escaped = json.dumps({**VERDICT, "rater": "a\x00", "value": 1, "rationale": "\ud800"})
    emoji = json.dumps({**VERDICT, "value": 1, "rationale": "\N{GRINNING FACE}"})

    first, second = read([escaped, emoji])

    assert isinstance(first, VerdictRecord) and isinstance(second, VerdictRecord)
    assert (first.rater, first.rationale) == ("a\ufffd", "\ufffd")
    assert second.rationale == "\N{GRINNING FACE}"


def test_a_reply_without_a_preference_is_no_tie() -> None:
    line = {"type": "preference", "task": "t", "a": "x", "b": "y", "rater": "gpt", "run": "g"}

    [record] = read([json.dumps({**line, "preferred": "parse_error", "raw_reply": "hm"})])

    assert isinstance(record, PreferenceRecord)
    assert (record.status, record.preferred) == (VerdictStatus.PARSE_ERROR, None)
    assert _said(json.dumps({**line, "preferred": "a", "b": "x"})) == [
        "f.jsonl:1: b: is the same response as a. Name two responses of the task."
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"scale": {"kind": "ordinal", "levels": [{"label": "a"}]}},
            "scale.levels[0].value: is missing",
        ),
        ({"scale": {"levels": [{"value": 1, "text": "a"}]}}, "scale.levels[0].text: is no field"),
        ({"scale": {"kind": "binary", "maximum": 5}}, "scale.maximum: does not go with a scale"),
        ({"scale": 3}, "scale: is neither an object nor binary"),
        ({"weight": "1_0"}, "weight: is '1_0', not a number"),
        ({"key": "k" * 101}, "key: has 101 characters, more than 100"),
    ],
)
def test_a_bad_criterion_is_named(fields: dict[str, Any], said: str) -> None:
    criterion = {"key": "a", "text": "A", **fields}

    found = _said(json.dumps({"type": "rubric", "id": "u", "criteria": [criterion]}))

    assert f"f.jsonl:1: criteria[0].{said}" in found[0]


def test_a_parameter_without_a_number_is_named() -> None:
    rubric = {"type": "rubric", "id": "u", "criteria": [{"key": "a", "text": "A"}]}

    assert _said(json.dumps({**rubric, "params": {"k": None}})) == [
        "f.jsonl:1: params.k: is missing. Give a number."
    ]


def test_an_aggregator_that_is_not_there_is_named_before_anyone_judges_by_it() -> None:
    rubric = {"type": "rubric", "id": "u", "criteria": [{"key": "a", "text": "x", "weight": 1}]}

    (unknown,) = _said(json.dumps({**rubric, "aggregator": "pos_normalized"}))
    wrong = _said(json.dumps({**rubric, "params": {"gate_kap": 0.5}}))

    assert unknown.startswith(
        "f.jsonl:1: aggregator: is 'pos_normalized'. Use one of: pos_normalised, "
    )
    assert wrong == [
        "f.jsonl:1: params: pos_normalised has no parameter 'gate_kap'; it has gate_cap, gate_pass"
    ]
