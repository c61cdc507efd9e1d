"""The short way for task and response lines that hold nothing unusual, as quick.py for verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rubricstudio.domain.formats.fields import NAME_LIMIT
from rubricstudio.domain.formats.lines import clean_json
from rubricstudio.domain.formats.records import (
    ID_LIMIT,
    NOTHING,
    ROLES,
    Json,
    Message,
    Place,
    ResponseRecord,
    TaskRecord,
)

_TASK = frozenset({"type", "id", "messages", "reference", "context", "tags", "metadata"})
_RESPONSE = frozenset({"type", "id", "task", "source", "text", "metadata"})
_MESSAGE = {"role", "content"}


def quick_response(values: dict[str, Any], place: Place) -> ResponseRecord | None:
    """The response of a line's object, or None where it is not plain."""
    get = values.get
    text, source, metadata = get("text"), get("source", ""), get("metadata", NOTHING)
    if (
        values.keys() <= _RESPONSE
        and _is_id(get("id"))
        and _is_id(get("task"))
        and (text is None or type(text) is str)
        and (type(source) is str and len(source) <= NAME_LIMIT)
        and (kept := _kept(metadata)) is not None
    ):
        return ResponseRecord(values["id"], values["task"], text, source, kept, place)
    return None


def quick_task(values: dict[str, Any], place: Place) -> TaskRecord | None:
    """The task of a line's object, or None where it is not plain."""
    get = values.get
    reference, context, tags = get("reference"), get("context", []), get("tags", [])
    if (
        values.keys() <= _TASK
        and _is_id(get("id"))
        and (messages := _messages(get("messages")))
        and (reference is None or type(reference) is str)
        and _are_texts(context)
        and (_are_texts(tags) and all(len(tag) <= NAME_LIMIT for tag in tags))
        and (kept := _kept(get("metadata", NOTHING))) is not None
    ):
        name = values["id"]
        return TaskRecord(name, messages, reference, tuple(context), tuple(tags), kept, place)
    return None


def _is_id(value: object) -> bool:
    return type(value) is str and len(value) <= ID_LIMIT and bool(value) and not value.isspace()


def _are_texts(value: object) -> bool:
    return type(value) is list and all(type(item) is str for item in value)


def _messages(value: object) -> tuple[Message, ...] | None:
    """The messages, or None where one is unusual or all are blank."""
    if type(value) is not list:
        return None
    for item in value:
        if type(item) is not dict or item.keys() != _MESSAGE or item["role"] not in ROLES:
            return None
        if type(item["content"]) is not str:
            return None
    if not any(item["content"].strip() for item in value):
        return None
    return tuple([Message(item["role"], item["content"]) for item in value])


def _kept(value: Any) -> Mapping[str, Json] | None:
    """The object as it is stored, or None where the careful reader has something to say."""
    if value is NOTHING or value == {}:
        return NOTHING
    if type(value) is not dict:
        return None
    try:
        kept: Mapping[str, Json] = clean_json(value)
    except ValueError:
        return None
    return kept
