"""Headings and code blocks of a Markdown text, line by line; and a text as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from rubricstudio.domain.programs.values import Span, Undecided
from rubricstudio.domain.verdict import VerdictStatus

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|\r?\n?\Z)")
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
# Python reads a longer whole number only after a change for the whole process.
_LONGEST_INT = 4000


@dataclass(frozen=True, slots=True)
class Block:
    """A heading with its level, or a fenced block with the language it names, lower case."""

    span: Span
    level: int = 0
    language: str = ""


def headings(text: str) -> list[Block]:
    """The lines that begin with one to six # and a space, outside code blocks."""
    return [block for block in _blocks(text) if block.level]


def code_blocks(text: str) -> list[Block]:
    """The blocks between fences of three or more ` or ~; one left open goes on to the end."""
    return [block for block in _blocks(text) if not block.level]


def _blocks(text: str) -> list[Block]:
    found: list[Block] = []
    fence, start, language = "", 0, ""
    for line in _LINE.finditer(text):
        opening = _FENCE.match(line.group())
        if fence:
            closes = opening and opening.group(1).startswith(fence)
            if closes and not line.group()[opening.end(1) :].strip():  # type: ignore[union-attr]
                found.append(Block(Span(start, line.end()), language=language))
                fence = ""
        elif opening:
            fence, start, language = opening.group(1), line.start(), opening.group(2).casefold()
        else:
            heading = _HEADING.match(line.group())
            if heading:
                found.append(Block(Span(*line.span()), level=len(heading.group(1))))
    if fence:
        found.append(Block(Span(start, len(text)), language=language))
    return found


class NotJson(ValueError):
    """A text is not JSON; the message says why and `at` where."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


def read_json(text: str, *, fenced: bool) -> object:
    """The value of a text that is JSON and nothing else.

    With `fenced` it may stand in the one code block of the text, with words around it. Raises
    NotJson, and Undecided where it is nested too deep to be read.
    """
    blocks = code_blocks(text) if fenced else []
    start, end = _inside(text, blocks[0].span) if len(blocks) == 1 else (0, len(text))
    try:
        return json.loads(text[start:end], parse_constant=_refuse, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise NotJson(error.msg, min(start + error.pos, len(text))) from error
    except RecursionError as error:
        raise Undecided(VerdictStatus.ERROR, "the JSON is nested too deep to be read") from error


def _inside(text: str, span: Span) -> tuple[int, int]:
    first = text.find("\n", span.start, span.end) + 1
    if not first:
        return span.end, span.end
    block = text[first : span.end].rstrip()
    last = block.rfind("\n") + 1
    closed = block[last:].lstrip().startswith(("```", "~~~"))
    return first, first + last if closed else span.end


def _refuse(name: str) -> object:
    raise NotJson(f"{name} is no JSON", 0)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INT else float(digits)
