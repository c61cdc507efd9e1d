"""The native format: JSON Lines, one object a line, each says in `type` what it is.

`read` turns lines into records and problems and never raises on bad input; `write.to_line`
is its inverse. docs/formats.md describes every field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rubricstudio.domain.formats.fields import Fields, kind_of
from rubricstudio.domain.formats.records import (
    DEFAULT_ROUND,
    ROLES,
    ROUND_OF,
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
from rubricstudio.domain.formats.rubrics import read_rubric
from rubricstudio.domain.verdict import InvalidVerdict, Quote, VerdictStatus

LINE_LIMIT = 32 * 1024 * 1024
# Lines that an export adds and an import has no use for: what they say follows from the rest.
DERIVED = frozenset({"export", "score"})

TASK_FIELDS = (
    *("type", "id", "messages", "prompt", "system", "reference", "context", "tags", "metadata"),
)
RESPONSE_FIELDS = ("type", "id", "task", "source", "text", "metadata")
RUBRIC_FIELDS = (
    *("type", "id", "name", "task", "published", "version", "aggregator", "params", "criteria"),
)
_RATING_FIELDS = (
    *("type", "rubric", "rater", "rater_kind", "round", "session", "run", "status", "rationale"),
    *("sample", "revision", "raw_reply", "provenance", "created_at"),
)
PREFERENCE_FIELDS = (*_RATING_FIELDS, "task", "a", "b", "preferred", "strength")
_CELL_FIELDS = (
    *("criterion", "value", "status", "rationale", "evidence", "confidence", "sample"),
    *("raw_reply", "provenance", "created_at"),
)
VERDICT_FIELDS = tuple(dict.fromkeys((*_RATING_FIELDS, "response", "verdicts", *_CELL_FIELDS)))
QUOTE_FIELDS = ("text", "start", "end", "match", "distance")

WORDS = {"met": 1.0, "not_met": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}


def read(
    lines: Iterable[str | bytes], file: str = "", *, first_line: int = 1
) -> Iterator[Record | Problem]:
    """Yield the records of a file, and a problem for each thing that is wrong with a line.

    `lines` may be texts or UTF-8 bytes. Blank lines are passed over, as are the derived
    lines of an export. An id that stands twice is a problem on its second line.
    """
    seen: set[tuple[type[Any], str]] = set()
    for number, line in enumerate(lines, first_line):
        place = Place(file, number)
        for record in read_line(line, place):
            if isinstance(record, TaskRecord | ResponseRecord | RubricRecord):
                name = (type(record), record.id)
                if name in seen:
                    message = f"the id {record.id!r} stands in this file before"
                    yield Problem(file, number, "id", message, "Ids are unique by type.")
                    continue
                seen.add(name)
            yield record


def read_line(line: str | bytes, place: Place) -> list[Record | Problem]:
    """The records of one line: none for a blank one, several for a sheet of verdicts."""
    if len(line) > LINE_LIMIT:
        return [_wrong(place, f"is longer than {LINE_LIMIT} characters")]
    try:
        text = line.decode("utf-8-sig") if isinstance(line, bytes) else line
        values = json.loads(text) if text.strip() else None
    except UnicodeDecodeError as error:
        return [_wrong(place, f"is not UTF-8 (byte {error.start})", "Save the file as UTF-8.")]
    except (ValueError, RecursionError) as error:
        return [_wrong(place, f"is not JSON: {error}", "Each line holds one JSON object.")]
    if values is None and not text.strip():
        return []
    if not isinstance(values, dict):
        return [_wrong(place, f"is {kind_of(values)}", "Each line holds one JSON object.")]
    return read_object(values, place)


def _wrong(place: Place, message: str, hint: str = "") -> Problem:
    return Problem(place.file, place.line, "line", message, hint)


def read_object(values: Mapping[str, Any], place: Place) -> list[Record | Problem]:
    """The records that one object stands for, or what is wrong with it."""
    kind = values.get("type")
    if kind == RecordType.VERDICT:
        quick = _plain_verdict(values, place)
        if quick is not None:
            return [quick]
    if kind in DERIVED:
        return []
    reader = _READERS.get(str(kind))
    problems: list[Problem] = []
    fields = Fields(values, place, problems)
    if reader is None:
        known = ", ".join(_READERS)
        message = "is missing" if kind is None else f"is {str(kind)[:40]!r}"
        fields.problem("type", message, f"Use one of: {known}.")
        return list(problems)
    records = reader(fields)
    return list(problems) if problems else records


# The fields a verdict may have to be read the quick way, which is most verdicts of most files.
_PLAIN = frozenset(
    {"type", "response", "rubric", "criterion", "rater", "rater_kind", "round", "value"}
    | {"rationale", "status"}
)


def _plain_verdict(values: Mapping[str, Any], place: Place) -> VerdictRecord | None:
    """A verdict with nothing unusual about it; None hands it to the careful reader."""
    if not values.keys() <= _PLAIN:
        return None
    get = values.get
    value: Any = get("value")
    kind = get("rater_kind", "person")
    texts: tuple[Any, Any, Any, Any] = (
        get("response"),
        get("rubric"),
        get("criterion"),
        get("rater"),
    )
    round_, rationale = get("round", DEFAULT_ROUND), get("rationale", "")
    if (
        type(value) not in (int, float)
        or not -1e15 < value < 1e15
        or get("status", "ok") != "ok"
        or kind not in ("person", "judge")
        or not all(type(text) is str and text for text in (*texts, round_))
        or type(rationale) is not str
        or "\x00" in rationale
        or not (rationale.isascii() or _encodable(rationale))
    ):
        return None
    return VerdictRecord(
        *texts,
        RaterKind.PERSON if kind == "person" else RaterKind.JUDGE,
        round_,
        VerdictStatus.OK,
        float(value),
        rationale,
        place=place,
    )


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_task(fields: Fields) -> list[Record | Problem]:
    fields.only(TASK_FIELDS)
    messages = [_message(member) for member in fields.objects("messages")]
    system, prompt = fields.optional_text("system"), fields.optional_text("prompt")
    if system is not None:
        messages.insert(0, Message("system", system))
    if prompt is not None:
        messages.append(Message("user", prompt))
    if not messages:
        fields.problem("messages", "is missing", "Give messages, or a prompt.")
    return [
        TaskRecord(
            id=fields.text("id", required=True),
            messages=tuple(messages),
            reference=fields.optional_text("reference"),
            context=fields.texts("context"),
            tags=fields.texts("tags"),
            metadata=fields.object("metadata"),
            place=fields.place,
        )
    ]


def _message(fields: Fields) -> Message:
    fields.only(Message._fields)
    role = fields.text("role", "user")
    if role not in ROLES:
        fields.problem("role", f"is {role[:40]!r}", f"Use one of: {', '.join(ROLES)}.")
    return Message(role, fields.text("content"))


def _read_response(fields: Fields) -> list[Record | Problem]:
    fields.only(RESPONSE_FIELDS)
    return [
        ResponseRecord(
            id=fields.text("id", required=True),
            task=fields.text("task", required=True),
            text=fields.optional_text("text"),
            source=fields.text("source"),
            metadata=fields.object("metadata"),
            place=fields.place,
        )
    ]


def _read_rubric(fields: Fields) -> list[Record | Problem]:
    fields.only(RUBRIC_FIELDS)
    identity = fields.text("id", required=True)
    rubric = read_rubric(fields)
    if rubric is None:
        return []
    return [
        RubricRecord(
            id=identity,
            rubric=rubric,
            name=fields.text("name"),
            task=fields.optional_text("task"),
            published=fields.flag("published"),
            place=fields.place,
        )
    ]


def _round(fields: Fields, kind: RaterKind) -> str:
    """The session or run; a person's round may stand under `session`, a judge's under `run`."""
    other = ROUND_OF[kind].value
    return fields.text("round") or fields.text(other) or DEFAULT_ROUND


def _rater_kind(fields: Fields) -> RaterKind:
    default = RaterKind.JUDGE if fields.values.get("run") else RaterKind.PERSON
    return fields.choice("rater_kind", RaterKind, default) or default


def _read_preference(fields: Fields) -> list[Record | Problem]:
    fields.only(PREFERENCE_FIELDS)
    kind = _rater_kind(fields)
    preferred = fields.choice("preferred", Preferred, None)
    default = VerdictStatus.OK if preferred else None
    status = fields.choice("status", VerdictStatus, default)
    if status is None:
        fields.problem("preferred", "is missing", "Give it, or a status that says why not.")
        return []
    record = fields.make(
        lambda: PreferenceRecord(
            task=fields.text("task", required=True),
            response_a=fields.text("a", required=True),
            response_b=fields.text("b", required=True),
            rater=fields.text("rater", required=True),
            rater_kind=kind,
            round=_round(fields, kind),
            status=status,
            preferred=preferred,
            strength=fields.optional_number("strength"),
            rationale=fields.text("rationale"),
            raw_reply=fields.text("raw_reply"),
            provenance=fields.object("provenance"),
            created_at=fields.moment("created_at"),
            place=fields.place,
        ),
        InvalidVerdict,
    )
    return [record] if record is not None else []


def _read_verdict(fields: Fields) -> list[Record | Problem]:
    fields.only(VERDICT_FIELDS)
    kind = _rater_kind(fields)
    shared = VerdictRecord(
        response=fields.text("response", required=True),
        rubric=fields.text("rubric", required=True),
        criterion="",
        rater=fields.text("rater", required=True),
        rater_kind=kind,
        round=_round(fields, kind),
        place=fields.place,
    )
    if "verdicts" not in fields.values:
        return [_cell(fields, shared)]
    cells = fields.objects("verdicts")
    for cell in cells:
        cell.only(_CELL_FIELDS)
    return [_cell(cell, shared) for cell in cells]


def _cell(fields: Fields, shared: VerdictRecord) -> VerdictRecord:
    status, value = _answer(fields)
    confidence = fields.optional_number("confidence")
    if confidence is not None and not 0 <= confidence <= 1:
        fields.problem("confidence", f"is {confidence:g}", "It lies between 0 and 1.")
    return shared._replace(
        criterion=fields.text("criterion", required=True),
        status=status,
        value=value,
        rationale=fields.text("rationale"),
        evidence=tuple(_quote(member) for member in fields.objects("evidence")),
        confidence=confidence,
        sample=fields.whole("sample"),
        raw_reply=fields.text("raw_reply"),
        provenance=fields.object("provenance"),
        created_at=fields.moment("created_at"),
    )


def _answer(fields: Fields) -> tuple[VerdictStatus, float | None]:
    """The status and value; a word such as met or a status may stand for the value."""
    given = fields.values.get("value")
    if isinstance(given, bool):
        given = "true" if given else "false"
    word = given.strip().lower().replace(" ", "_") if isinstance(given, str) else None
    value: float | None
    if word in WORDS:
        value = WORDS[word]
    elif word and word in set(VerdictStatus) - {VerdictStatus.OK}:
        return VerdictStatus(word), None
    else:
        before = len(fields.problems)
        value = fields.optional_number("value")
        if len(fields.problems) > before:
            return VerdictStatus.OK, 0.0
    default = VerdictStatus.OK if value is not None else None
    status = fields.choice("status", VerdictStatus, default)
    if status is None or (status is VerdictStatus.OK and value is None):
        fields.problem("value", "is missing", "Give it, or a status that says why not.")
        return VerdictStatus.OK, 0.0
    if status is not VerdictStatus.OK and value is not None:
        fields.problem("value", f"stands beside the status {status}", "Leave one of them out.")
    return status, value


def _quote(fields: Fields) -> Quote:
    fields.only(QUOTE_FIELDS)
    start, end = fields.optional_number("start"), fields.optional_number("end")
    return Quote(
        fields.text("text", required=True),
        None if start is None else int(start),
        None if end is None else int(end),
        fields.text("match", "none"),
        fields.optional_number("distance"),
    )


_READERS: dict[str, Callable[[Fields], list[Record | Problem]]] = {
    RecordType.TASK: _read_task,
    RecordType.RESPONSE: _read_response,
    RecordType.PREFERENCE: _read_preference,
    RecordType.RUBRIC: _read_rubric,
    RecordType.VERDICT: _read_verdict,
}
