"""Verdict lines of the native format, read with care: one criterion, or a sheet of them."""

from __future__ import annotations

from rubricstudio.domain.formats.fields import Fields, word_of
from rubricstudio.domain.formats.records import (
    DEFAULT_ROUND,
    ID_LIMIT,
    KEY_LIMIT,
    ROUND_OF,
    RaterKind,
    Record,
    VerdictRecord,
)
from rubricstudio.domain.verdict import Quote, VerdictStatus

# What a verdict says about one criterion; in a sheet, each member of `verdicts`.
ANSWER_FIELDS = ("criterion", "value", "status", "rationale", "evidence", "confidence")
# What a sheet may also say once for all its members.
SHARED_FIELDS = ("sample", "revision", "raw_reply", "provenance", "created_at")
CELL_FIELDS = (*ANSWER_FIELDS, *SHARED_FIELDS)
RATER_FIELDS = ("rater", "rater_kind", "round", "session", "run")
VERDICT_FIELDS = ("type", "response", "rubric", *RATER_FIELDS, *CELL_FIELDS, "verdicts")
QUOTE_FIELDS = ("text", "start", "end", "match", "distance")
MATCHES = ("exact", "folded", "fuzzy", "none")

SAMPLE_LIMIT = 32_767
_OFFSET_LIMIT = 2**31 - 1
_NO_VALUE_HINT = "Give it, or a status that says why there is none."

WORDS = {"met": 1.0, "not_met": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
REASONS = {status.value: status for status in VerdictStatus if status is not VerdictStatus.OK}


def read_verdict(fields: Fields) -> list[Record]:
    """The verdicts of a line; what is wrong with it is in `fields.problems`."""
    fields.only(VERDICT_FIELDS)
    kind, round_ = read_round(fields)
    shared = VerdictRecord(
        response=fields.name("response", required=True, limit=ID_LIMIT),
        rubric=fields.name("rubric", required=True, limit=ID_LIMIT),
        criterion="",
        rater=fields.name("rater", required=True),
        rater_kind=kind,
        round=round_,
        place=fields.place,
    )
    if "verdicts" not in fields.values:
        return [_cell(fields, shared)]
    for name in ANSWER_FIELDS:
        if name in fields.values:
            fields.problem(name, "stands beside verdicts", "Put it into each of the verdicts.")
    shared = _shared(fields, shared)
    cells = fields.objects("verdicts")
    if not cells:
        fields.problem("verdicts", "is empty", "Give a verdict for each criterion.")
    for cell in cells:
        cell.only(CELL_FIELDS)
    return [_cell(cell, shared) for cell in cells]


def read_round(fields: Fields) -> tuple[RaterKind, str]:
    """Who rated, and in which session or run.

    A person's session may stand under `session`, a judge's run under `run`, either under `round`.
    """
    given = {name for name in ("round", "session", "run") if fields.values.get(name)}
    default = RaterKind.JUDGE if "run" in given else RaterKind.PERSON
    kind = fields.choice("rater_kind", RaterKind, default) or default
    other = (set(ROUND_OF.values()) - {ROUND_OF[kind]}).pop().value
    if len(given) > 1:
        fields.problem(sorted(given)[0], f"stands beside {sorted(given)[1]}", "Keep one of them.")
    elif other in given:
        fields.problem(other, f"does not go with a {kind}", f"Write {ROUND_OF[kind]} or round.")
    named = given.pop() if given else "round"
    return kind, fields.name(named) or DEFAULT_ROUND


def read_status(fields: Fields, name: str) -> VerdictStatus | None:
    """The status given as such, or as a word under `name` in place of a value."""
    given = fields.values.get(name)
    word = word_of(given) if isinstance(given, str) else ""
    if word not in REASONS:
        return fields.choice("status", VerdictStatus, None)
    status = fields.choice("status", VerdictStatus, REASONS[word])
    if status is not REASONS[word]:
        fields.problem(name, f"is {word} beside the status {status}", "Keep one of them.")
    return REASONS[word]


def _cell(fields: Fields, shared: VerdictRecord) -> VerdictRecord:
    status, value = read_answer(fields)
    confidence = fields.optional_number("confidence")
    if confidence is not None and not 0 <= confidence <= 1:
        fields.problem("confidence", f"is {confidence:g}", "It lies between 0 and 1.")
    return _shared(
        fields,
        shared._replace(
            criterion=fields.name("criterion", required=True, limit=KEY_LIMIT),
            status=status,
            value=value,
            rationale=fields.text("rationale"),
            evidence=read_evidence(fields),
            confidence=confidence,
        ),
    )


def _shared(fields: Fields, record: VerdictRecord) -> VerdictRecord:
    fields.optional_whole("revision", SAMPLE_LIMIT)
    sample = fields.optional_whole("sample", SAMPLE_LIMIT)
    return record._replace(
        sample=record.sample if sample is None else sample,
        raw_reply=fields.text("raw_reply") or record.raw_reply,
        provenance=fields.object("provenance") or record.provenance,
        created_at=fields.moment("created_at") or record.created_at,
    )


def read_answer(fields: Fields) -> tuple[VerdictStatus, float | None]:
    """The status and value; a word such as met, or a status, may stand for the value."""
    before = len(fields.problems)
    status = read_status(fields, "value")
    value = _value(fields)
    if len(fields.problems) > before:
        return VerdictStatus.OK, 0.0
    if status is None:
        status = VerdictStatus.OK
    if status is VerdictStatus.OK and value is None:
        fields.problem("value", "is missing", _NO_VALUE_HINT)
    elif status is not VerdictStatus.OK and value is not None:
        fields.problem("value", f"stands beside the status {status}", "Leave one of them out.")
    return status, value


def _value(fields: Fields) -> float | None:
    given = fields.values.get("value")
    if isinstance(given, bool):
        return float(given)
    word = word_of(given) if isinstance(given, str) else ""
    if word in WORDS:
        return WORDS[word]
    if word in REASONS:
        return None
    if word and not word[0].isdigit() and word[0] not in "+-.":
        hint = f"Give a number, met or not_met, or one of {', '.join(REASONS)}."
        fields.problem("value", f"is {word[:40]!r}", hint)
        return None
    return fields.optional_number("value")


def read_evidence(fields: Fields) -> tuple[Quote, ...]:
    """The quotes of a line."""
    return tuple(read_quote(member) for member in fields.objects("evidence", "text"))


def read_quote(fields: Fields) -> Quote:
    """One piece of evidence: a text alone, or where it stands in the response."""
    fields.only(QUOTE_FIELDS)
    start = fields.optional_whole("start", _OFFSET_LIMIT)
    end = fields.optional_whole("end", _OFFSET_LIMIT)
    if (start is None) != (end is None) or (start is not None and end is not None and start > end):
        fields.problem("start", "and end are not two offsets in order", "Give both or neither.")
    match, distance = fields.text("match") or "none", fields.optional_number("distance")
    if match not in MATCHES:
        fields.problem("match", f"is {match[:40]!r}", f"Use one of: {', '.join(MATCHES)}.")
    if distance is not None and not 0 <= distance <= 1:
        fields.problem("distance", f"is {distance:g}", "It lies between 0 and 1.")
    return Quote(fields.text("text", required=True), start, end, match, distance)
