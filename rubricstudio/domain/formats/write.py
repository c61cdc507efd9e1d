"""Records as lines of the native format; `native.read` is the inverse."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from rubricstudio.domain.formats.records import (
    GoldRecord,
    ImageRecord,
    PreferenceRecord,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.formats.rubrics import rubric_to_json
from rubricstudio.domain.formats.verdicts import QUOTE_FIELDS


def to_line(record: Record) -> str:
    """The record as a line of the native format, without the line break."""
    return json.dumps(to_json(record), ensure_ascii=False)


def to_json(record: Record) -> dict[str, Any]:
    """The record as an object of the native format; `read_object` is the inverse."""
    writer: Callable[[Any], dict[str, Any]] = _WRITERS[type(record)]
    return {name: value for name, value in writer(record).items() if value not in ({}, [], None)}


def _task_to_json(record: TaskRecord) -> dict[str, Any]:
    return {
        "type": "task",
        "id": record.id,
        "messages": [m._asdict() for m in record.messages],
        "reference": record.reference,
        "context": list(record.context),
        "tags": list(record.tags),
        "metadata": dict(record.metadata),
    }


def _response_to_json(record: ResponseRecord) -> dict[str, Any]:
    return {
        "type": "response",
        "id": record.id,
        "task": record.task,
        "source": record.source,
        "text": record.text,
        "metadata": dict(record.metadata),
    }


def _rubric_to_json(record: RubricRecord) -> dict[str, Any]:
    return {
        "type": "rubric",
        "id": record.id,
        "name": record.name,
        "task": record.task,
        "published": record.published,
        **rubric_to_json(record.rubric),
    }


def _rating_to_json(record: VerdictRecord | PreferenceRecord) -> dict[str, Any]:
    return {
        "rater": record.rater,
        "rater_kind": record.rater_kind.value,
        "round": record.round,
        "status": record.status.value,
        "rationale": record.rationale,
        "raw_reply": record.raw_reply,
        "provenance": dict(record.provenance),
        "created_at": record.created_at.isoformat() if record.created_at else None,
    }


def _preference_to_json(record: PreferenceRecord) -> dict[str, Any]:
    return {
        "type": "preference",
        "task": record.task,
        "a": record.response_a,
        "b": record.response_b,
        "preferred": record.preferred.value if record.preferred else None,
        "strength": record.strength,
        **_rating_to_json(record),
    }


def _verdict_to_json(record: VerdictRecord) -> dict[str, Any]:
    return {
        "type": "verdict",
        "response": record.response,
        "rubric": record.rubric,
        "criterion": record.criterion,
        "value": record.value,
        **_rating_to_json(record),
        "evidence": _evidence_to_json(record),
        "confidence": record.confidence,
        "sample": record.sample,
    }


def _evidence_to_json(record: VerdictRecord | GoldRecord) -> list[dict[str, Any]]:
    return [{name: getattr(quote, name) for name in QUOTE_FIELDS} for quote in record.evidence]


def _image_to_json(record: ImageRecord) -> dict[str, Any]:
    return {
        "type": "image",
        "id": record.id,
        "media_type": record.media_type,
        "digest": record.digest,
        "data": base64.b64encode(record.data).decode(),
    }


def _gold_to_json(record: GoldRecord) -> dict[str, Any]:
    return {
        "type": "gold",
        "response": record.response,
        "rubric": record.rubric,
        "criterion": record.criterion,
        "value": record.value,
        "status": record.status.value,
        "note": record.note or None,
        "evidence": _evidence_to_json(record),
        "origin": record.origin.value,
        "session": record.session or None,
        "expert": record.expert or None,
        "n": record.n,
    }


_WRITERS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    TaskRecord: _task_to_json,
    ResponseRecord: _response_to_json,
    RubricRecord: _rubric_to_json,
    PreferenceRecord: _preference_to_json,
    VerdictRecord: _verdict_to_json,
    ImageRecord: _image_to_json,
    GoldRecord: _gold_to_json,
}
