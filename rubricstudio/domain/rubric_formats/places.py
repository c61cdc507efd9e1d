"""Where in a JSON text something stands that its grammar allows and this studio refuses."""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|-?\bInfinity\b|\bNaN\b')


def refused_line(text: str) -> int:
    """The line of the first NaN, Infinity or field that stands twice; 0 where there is none.

    For a text that is JSON but for these; in any other the line is that of what looks like it.
    """
    open_: list[set[str] | None] = []
    last = ""
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token in "{[":
            open_.append(set() if token == "{" else None)
        elif token in "}]":
            open_[-1:] = []
        elif token == ":" and open_ and open_[-1] is not None:
            if last in open_[-1]:
                return _line(text, found.start())
            open_[-1].add(last)
        elif token.endswith(("NaN", "Infinity")):
            return _line(text, found.start())
        last = _name(token) if token.startswith('"') else ""
    return 0


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _name(token: str) -> str:
    """The text that a JSON string stands for, or the string where it is not sound."""
    try:
        return str(json.loads(token))
    except ValueError:
        return token
