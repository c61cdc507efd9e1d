"""From text, typed into a form or on a command line, to a judge's parameters as JSON values."""

from __future__ import annotations

import json
from typing import NoReturn

from django.utils.translation import gettext

from scoring.judges import Parameter

# Beyond these a number is no longer kept exactly on its way through JSON.
LARGEST = 2**53


class UnreadableValue(ValueError):
    """The text is not what the parameter takes; the message says where and why."""


def read_json(text: str) -> object:
    """The JSON value of `text`, fit to be stored. Raises UnreadableValue."""
    try:
        value: object = json.loads(text, parse_constant=_no_such_number)
        stored = json.dumps(value, ensure_ascii=False, allow_nan=False)
        stored.encode("utf-8")
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno, "why": error.msg}
        raise UnreadableValue(
            gettext("This is not JSON: line %(line)d, column %(column)d: %(why)s.") % where
        ) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableValue(gettext("This JSON cannot be stored: %s.") % error) from error
    if "\\u0000" in stored:
        raise UnreadableValue(gettext("This JSON cannot be stored: it holds a null character."))
    return value


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def read_value(parameter: Parameter, text: str) -> object:
    """The value of a parameter written as text: text as it is, everything else as JSON.

    `null` is None where the parameter may be left out. Raises UnreadableValue.
    """
    if parameter.optional and text == "null":
        return None
    if parameter.kind == "str":
        return text
    try:
        value = read_json(text)
    except UnreadableValue:
        if parameter.kind in ("dict", "list"):
            raise
        # Not a number: the judge says so, in words about the parameter.
        return text
    if isinstance(value, int) and abs(value) > LARGEST:
        raise UnreadableValue(gettext("This number is too large."))
    return value
