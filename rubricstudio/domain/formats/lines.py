"""Strict JSON from lines of text: what is ambiguous or cannot be stored is a problem, no guess."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from rubricstudio.domain.formats.records import Place, Problem

LINE_LIMIT = 32 * 1024 * 1024
DEPTH_LIMIT = 100
_TOO_DEEP = f"is nested more than {DEPTH_LIMIT} deep"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# How JSON writes NUL and halves of surrogate pairs, which PostgreSQL cannot hold.
_ODD_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")


def parse_line(line: str | bytes, place: Place) -> dict[str, Any] | Problem | None:
    """The object of one line; None for a blank one. Never raises.

    A byte order mark before it is passed over.
    """
    if len(line) > LINE_LIMIT:
        return _wrong(place, f"is longer than {LINE_LIMIT} characters", "Split it up.")
    text = decode(line, place)
    if isinstance(text, Problem):
        return text
    if not text or text.isspace():
        return None
    try:
        values = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return _wrong(place, f"is not JSON: {error}", "Each line holds one JSON object.")
    if isinstance(values, dict):
        return values
    return _wrong(place, f"is {kind_of(values)}", "Each line holds one JSON object.")


def quick_object(line: str | bytes) -> dict[str, Any] | None:
    """The object of a line that has nothing unusual about it, or None.

    Every text in it can be stored as it stands. What is unusual is for `parse_line` to say.
    """
    try:
        text = line.decode() if isinstance(line, bytes) else line
        values, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if len(text) > LINE_LIMIT or text[end:] not in ("", "\n", "\r\n") or type(values) is not dict:
        return None
    if "\\u" in text and _ODD_ESCAPE.search(text):
        return None
    return values if isinstance(line, bytes) or can_be_stored(text) else None


def decode(line: str | bytes, place: Place) -> str | Problem:
    """The text of a line without a byte order mark, or a problem where it is not UTF-8."""
    if isinstance(line, str):
        return line.removeprefix("\ufeff")
    try:
        return line.decode("utf-8-sig" if line.startswith(b"\xef") else "utf-8")
    except UnicodeDecodeError as error:
        said = "is UTF-16" if line.startswith(_UTF16) else f"is not UTF-8 (byte {error.start})"
        return _wrong(place, said, "Save the file as UTF-8.")


def _wrong(place: Place, message: str, hint: str) -> Problem:
    return Problem(place.file, place.line, "line", message, hint)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number; leave the field out or write null")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = doubled(name for name, _ in pairs)
        raise ValueError(f"the field {twice!r} stands twice in one object")
    return found


def doubled(names: Iterable[str]) -> str | None:
    """The first name that stood before, in one pass; None where each stands once."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def can_be_stored(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no half of a surrogate pair."""
    if text.isascii():
        return "\x00" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def clean(text: str) -> str:
    """The text with each character that PostgreSQL cannot hold replaced by U+FFFD."""
    if can_be_stored(text):
        return text
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def clean_json(value: Any, depth: int = DEPTH_LIMIT) -> Any:
    """`clean` for every text inside a JSON value.

    Raises ValueError for a number without end and for nesting below `depth`.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | dict) and depth == 0:
        raise ValueError(_TOO_DEEP)
    if isinstance(value, list):
        return [clean_json(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): clean_json(item, depth - 1) for key, item in value.items()}
    if isinstance(value, float) and value - value != 0:
        raise ValueError("holds a number that is not finite")
    return value


def _no_number(name: str) -> None:
    if name != "NaN":
        _no_constant(name)


# For rows of files that others wrote: there NaN is how some programs write null.
ROWS = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def members(text: str, path: str = "") -> Iterator[tuple[int, Any]]:
    """Each member of the list in a JSON text, with the line it starts on.

    path: the dotted names that lead to the list. Raises ValueError for broken JSON, KeyError
    for a path that leads to no list.
    """
    at = skip(text, 0)
    if path:
        ROWS.decode(text)  # what lies beside the path has to be sound, too
    for name in path.split(".") if path else ():
        at = _inside(text, at, name)
    if text[at : at + 1] != "[":
        if not path:
            ROWS.decode(text)
        raise KeyError(path)
    line, counted = 1, 0
    for start, value in _list(text, at, whole=not path):
        line, counted = line + text.count("\n", counted, start), start
        yield line, value


def _list(text: str, at: int, *, whole: bool) -> Iterator[tuple[int, Any]]:
    at = skip(text, at + 1)
    while text[at : at + 1] != "]":
        value, end = ROWS.raw_decode(text, at)
        yield at, value
        at = skip(text, end)
        if text[at : at + 1] == ",":
            at = skip(text, at + 1)
            if text[at : at + 1] == "]":
                raise json.JSONDecodeError("Expecting value", text, at)
        elif text[at : at + 1] != "]":
            raise json.JSONDecodeError("Expecting ',' or ']'", text, at)
    if whole and skip(text, at + 1) < len(text):
        raise json.JSONDecodeError("Extra data", text, skip(text, at + 1))


def _inside(text: str, at: int, name: str) -> int:
    """Where the member `name` of the sound JSON object at `text[at]` starts. Raises KeyError."""
    if text[at] != "{":
        raise KeyError(name)
    at = skip(text, at + 1)
    while text[at] == '"':
        key, end = ROWS.raw_decode(text, at)
        at = skip(text, skip(text, end) + 1)
        if key == name:
            return at
        at = skip(text, ROWS.raw_decode(text, at)[1])
        at = skip(text, at + 1) if text[at] == "," else at
    raise KeyError(name)


def skip(text: str, at: int) -> int:
    """The position of the first character from `at` on that is no JSON white space."""
    while text[at : at + 1] in (" ", "\n", "\t", "\r"):
        at += 1
    return at
