"""The native format: JSON Lines, one object a line, each says in `type` what it is.

`read` turns lines into records and problems and never raises on bad input; `write.to_line`
is its inverse. docs/formats.md describes every field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from rubricstudio.domain.formats.fields import Fields, word_of
from rubricstudio.domain.formats.gold import read_gold
from rubricstudio.domain.formats.images import read_image
from rubricstudio.domain.formats.lines import clean, parse_line, quick_object
from rubricstudio.domain.formats.quick import QuickVerdicts
from rubricstudio.domain.formats.quick_tasks import quick_response, quick_task
from rubricstudio.domain.formats.records import (
    ID_LIMIT,
    ROLES,
    ImageRecord,
    Message,
    Place,
    PreferenceRecord,
    Preferred,
    Problem,
    Record,
    RecordType,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
)
from rubricstudio.domain.formats.rubrics import read_rubric
from rubricstudio.domain.formats.verdicts import (
    RATER_FIELDS,
    REASONS,
    read_round,
    read_status,
    read_verdict,
)
from rubricstudio.domain.verdict import InvalidVerdict, VerdictStatus

# Lines that an export adds and an import has no use for: what they say follows from the rest.
DERIVED = frozenset({"export", "score", "consensus"})

TASK_FIELDS = (
    *("type", "id", "messages", "prompt", "system", "reference", "context", "tags", "metadata"),
)
MESSAGE_FIELDS = Message._fields
RESPONSE_FIELDS = ("type", "id", "task", "source", "text", "metadata")
RUBRIC_FIELDS = (
    *("type", "id", "name", "task", "published", "version", "semantic_number", "aggregator"),
    *("params", "criteria"),
)
PREFERENCE_FIELDS = (
    *("type", "task", "a", "b", "preferred", "strength", *RATER_FIELDS, "status", "rationale"),
    *("raw_reply", "provenance", "created_at"),
)
STRENGTH_LIMIT = 2.0
_Reader = Callable[[Fields], "list[Record]"]


def read(
    lines: Iterable[str | bytes], file: str = "", *, first_line: int = 1
) -> Iterator[Record | Problem]:
    """Yield the records of a file, and a problem for each thing that is wrong with a line.

    `lines` may be texts or UTF-8 bytes. Blank lines are passed over, as are the derived
    lines of an export. A line with a problem yields no record. An id that stands twice is a
    problem on its second line.
    """
    quick = QuickVerdicts()
    seen: dict[tuple[type[Any], str], int] = {}
    for number, line in enumerate(lines, first_line):
        place = Place(file, number)
        plain = quick_object(line)
        if plain is not None and plain.get("type") == "verdict":
            verdicts = quick.read(plain, place)
            if verdicts is not None:
                yield from verdicts
                continue
        for record in _line(line, plain, place):
            yield _first_of_its_id(record, seen)


def _line(line: str | bytes, plain: dict[str, Any] | None, place: Place) -> list[Record | Problem]:
    """The records of one line; `plain` is its object where nothing about the line is unusual."""
    if plain is not None:
        return _quick_text(plain, place) or read_object(plain, place)
    values = parse_line(line, place)
    if values is None:
        return []
    return [values] if isinstance(values, Problem) else read_object(values, place)


def _quick_text(values: dict[str, Any], place: Place) -> list[Record | Problem] | None:
    """The task or response of a plain line's object, or None."""
    kind = values.get("type")
    if kind == "response":
        found = quick_response(values, place)
        return None if found is None else [found]
    task = quick_task(values, place) if kind == "task" else None
    return None if task is None else [task]


def _first_of_its_id(
    record: Record | Problem, seen: dict[tuple[type[Any], str], int]
) -> Record | Problem:
    """The record, or a problem where the file gave its id to another one before."""
    if not isinstance(record, TaskRecord | ResponseRecord | RubricRecord | ImageRecord):
        return record
    file, line = record.place
    first = seen.setdefault((type(record), record.id), line)
    if first == line:
        return record
    message = f"the id {record.id!r} stands on line {first} already"
    return Problem(file, line, "id", message, "Give each its own id, or leave one out.")


def read_object(values: Mapping[str, Any], place: Place) -> list[Record | Problem]:
    """The records that one object of the native format stands for, or what is wrong with it."""
    kind = values.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    problems: list[Problem] = []
    fields = Fields(values, place, problems)
    if reader is None:
        if isinstance(kind, str) and kind in DERIVED:
            return []
        _name_types(fields, kind)
        return [*problems]
    records = reader(fields)
    return [*problems] if problems else [*records]


def _name_types(fields: Fields, kind: Any) -> None:
    message = "is missing" if kind is None else f"is {clean(str(kind)[:40])!r}"
    near = get_close_matches(str(kind), _READERS, 1)
    known = f"Use one of: {', '.join(_READERS)}."
    fields.problem("type", message, f"Did you mean '{near[0]}'?" if near else known)


def _read_task(fields: Fields) -> list[Record]:
    fields.only(TASK_FIELDS)
    messages = [_message(member) for member in fields.objects("messages")]
    system, prompt = fields.optional_text("system"), fields.optional_text("prompt")
    if system:
        messages.insert(0, Message("system", system))
    if prompt:
        messages.append(Message("user", prompt))
    if not any(message.content.strip() for message in messages):
        fields.problem("messages", "is missing", "Give messages, or a prompt.")
    return [
        TaskRecord(
            id=fields.name("id", required=True, limit=ID_LIMIT),
            messages=tuple(messages),
            reference=fields.optional_text("reference"),
            context=fields.texts("context"),
            tags=fields.tags(),
            metadata=fields.object("metadata"),
            place=fields.place,
        )
    ]


def _message(fields: Fields) -> Message:
    fields.only(MESSAGE_FIELDS)
    role = fields.text("role", "user")
    if role not in ROLES:
        fields.problem("role", f"is {role[:40]!r}", f"Use one of: {', '.join(ROLES)}.")
    if fields.values.get("content") is None:
        fields.problem("content", "is missing", "Every message needs it, if only as an empty text.")
    return Message(role, fields.text("content"))


def _read_response(fields: Fields) -> list[Record]:
    fields.only(RESPONSE_FIELDS)
    return [
        ResponseRecord(
            id=fields.name("id", required=True, limit=ID_LIMIT),
            task=fields.name("task", required=True, limit=ID_LIMIT),
            text=fields.optional_text("text"),
            source=fields.name("source"),
            metadata=fields.object("metadata"),
            place=fields.place,
        )
    ]


def _read_rubric(fields: Fields) -> list[Record]:
    fields.only(RUBRIC_FIELDS)
    identity = fields.name("id", required=True, limit=ID_LIMIT)
    rubric = read_rubric(fields)
    if rubric is None:
        return []
    return [
        RubricRecord(
            id=identity,
            rubric=rubric,
            name=fields.name("name"),
            task=fields.name("task", limit=ID_LIMIT) or None,
            published=fields.flag("published"),
            place=fields.place,
        )
    ]


def _read_preference(fields: Fields) -> list[Record]:
    fields.only(PREFERENCE_FIELDS)
    kind, round_ = read_round(fields)
    status, preferred = _side(fields)
    strength = fields.optional_number("strength")
    if strength is not None and not abs(strength) <= STRENGTH_LIMIT:
        fields.problem("strength", f"is {strength:g}", "It lies between -2 and 2.")
    record = fields.make(
        lambda: PreferenceRecord(
            task=fields.name("task", required=True, limit=ID_LIMIT),
            response_a=fields.name("a", required=True, limit=ID_LIMIT),
            response_b=fields.name("b", required=True, limit=ID_LIMIT),
            rater=fields.name("rater", required=True),
            rater_kind=kind,
            round=round_,
            status=status,
            preferred=preferred,
            strength=strength,
            rationale=fields.text("rationale"),
            raw_reply=fields.text("raw_reply"),
            provenance=fields.object("provenance"),
            created_at=fields.moment("created_at"),
            place=fields.place,
        ),
        InvalidVerdict,
    )
    if record is not None and record.response_a == record.response_b:
        fields.problem("b", "is the same response as a", "Name two responses of the task.")
    return [record] if record is not None else []


def _side(fields: Fields) -> tuple[VerdictStatus, Preferred | None]:
    """The status and the side; a status may stand for the side."""
    given = fields.values.get("preferred")
    word = word_of(given) if isinstance(given, str) else ""
    status = read_status(fields, "preferred")
    if word in REASONS:
        return REASONS[word], None
    preferred = fields.choice("preferred", Preferred, None)
    if preferred is None and not word and status in (None, VerdictStatus.OK):
        hint = "Give it, or a status that says why there is none."
        fields.problem("preferred", "is missing", hint)
    if preferred is not None and status not in (None, VerdictStatus.OK):
        fields.problem("preferred", f"stands beside the status {status}", "Keep one of them.")
    if fields.problems:
        return VerdictStatus.OK, Preferred.TIE  # nobody sees it: the line has problems
    return status or VerdictStatus.OK, preferred


_READERS: dict[str, _Reader] = {
    RecordType.TASK: _read_task,
    RecordType.RESPONSE: _read_response,
    RecordType.PREFERENCE: _read_preference,
    RecordType.RUBRIC: _read_rubric,
    RecordType.VERDICT: read_verdict,
    RecordType.IMAGE: read_image,
    RecordType.GOLD: read_gold,
}
