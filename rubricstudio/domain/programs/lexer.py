"""From the text of a program to its words and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rubricstudio.domain.programs.values import InvalidProgram, ProgramError

_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NAME = re.compile(r"[^\W\d]\w*")
_SIGN = re.compile(r"<=|>=|==|!=|[-+*/<>=(),\[\]{}:]")
_BLANK = re.compile(r"(?:\s|#[^\n]*)+")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_ADVICE = {
    "&": "write “and”",
    "|": "write “or”",
    "!": "write “not”",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "×": "write *",
    "÷": "write /",
    "−": "write a plain -",
    "%": "write the share as a number, such as 0.2",
    ";": "a program is one expression: join checks by “and” or “or”",
    "“": 'write straight quotation marks: "',
    "”": 'write straight quotation marks: "',
    "„": 'write straight quotation marks: "',
    "‘": "write straight quotation marks: '",
    "’": "write straight quotation marks: '",
    "`": 'write straight quotation marks: "',
}


class Kind(StrEnum):
    NAME = "name"
    NUMBER = "number"
    TEXT = "text"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a program. `value` is the number or the text that it stands for."""

    kind: Kind
    text: str
    start: int
    end: int
    value: float | str = ""


def tokens(text: str) -> tuple[Token, ...]:
    """The words of a program, closed by one of the kind END. Raises InvalidProgram."""
    found, at = list[Token](), 0
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if at >= len(text):
            return (*found, Token(Kind.END, "", len(text), len(text)))
        found.append(_token(text, at))
        at = found[-1].end


def _token(text: str, at: int) -> Token:
    raw = text[at] in "rR" and text[at + 1 : at + 2] in ('"', "'")
    if raw or text[at] in "\"'":
        return _quoted(text, at, raw=raw)
    for kind, pattern in ((Kind.NUMBER, _NUMBER), (Kind.NAME, _NAME), (Kind.SIGN, _SIGN)):
        match = pattern.match(text, at)
        if match:
            value = _number(match) if kind is Kind.NUMBER else ""
            return Token(kind, match.group(), at, match.end(), value)
    advice = _ADVICE.get(text[at])
    tail = f": {advice}" if advice else ""
    raise InvalidProgram([ProgramError(f"“{text[at]}” means nothing here{tail}", at, at + 1)])


def _number(match: re.Match[str]) -> float:
    value = float(match.group())
    if value == float("inf"):
        raise InvalidProgram([ProgramError("the number is too large", *match.span())])
    return value


def _quoted(text: str, at: int, *, raw: bool) -> Token:
    r"""A text in quotation marks: \n, \t, \\ and an escaped quotation mark are one character.

    Any other backslash stays as it is, so that "\d+" is the regular expression it looks
    like. After r no backslash means anything, but a quotation mark behind one does not end it.
    """
    first = at + 1 + raw
    quote, parts, here = text[first - 1], list[str](), first
    while here < len(text) and text[here] != quote:
        pair = text[here : here + 2]
        if pair[0] == "\\" and len(pair) == 2:
            parts.append(pair if raw else _ESCAPES.get(pair[1], pair))
            here += 2
        else:
            parts.append(pair[0])
            here += 1
    if here >= len(text):
        raise InvalidProgram(
            [ProgramError(f"the text that begins here has no closing {quote}", at, at + 1)]
        )
    return Token(Kind.TEXT, text[at : here + 1], at, here + 1, "".join(parts))
