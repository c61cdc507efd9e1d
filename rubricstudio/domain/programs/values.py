"""What the parts of a program hand each other: errors, tools, and what an evaluation found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rubricstudio.domain.verdict import VerdictStatus

# How many places of one check are kept to be shown; counts are exact beyond it.
MOST_SPANS = 50


class Returns(StrEnum):
    """What an expression comes to."""

    YES_NO = "yes or no"
    NUMBER = "a number"


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open character offsets."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ProgramError:
    """What is wrong with a program, where (offsets into its text), and what would be right."""

    message: str
    start: int
    end: int

    def place(self, text: str) -> tuple[int, int]:
        """Line and column in the program's text, both from 1."""
        before = text[: self.start]
        return before.count("\n") + 1, self.start - (before.rfind("\n") + 1) + 1


class InvalidProgram(ValueError):
    """A text is no program; `errors` says why, in order of position, at least one."""

    def __init__(self, errors: Sequence[ProgramError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)


class Undecided(Exception):
    """A part could not be decided; never the same as no. `status` is not ok."""

    def __init__(self, status: VerdictStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hits:
    """How often something was found, and the first MOST_SPANS places."""

    count: int
    spans: tuple[Span, ...] = ()


class Tools(Protocol):
    """What needs a library. Each raises Undecided (timeout, error, cannot assess) or answers.

    An instance serves one evaluation: the time it allows is for all calls together.
    """

    def pattern_problem(self, pattern: str, flags: str) -> str | None:
        """Why a regular expression cannot be used, in words; None where it can."""
        ...

    def find(self, pattern: str, flags: str, text: str, most: int | None) -> Hits:
        """Where a regular expression matches, without overlap; stop after `most` matches."""
        ...

    def schema_problem(self, schema: object) -> str | None:
        """Why a value is no usable JSON Schema, in words; None where it is one."""
        ...

    def breach(self, schema: object, value: object) -> str | None:
        """Where a JSON value first breaks a schema, in words; None where it keeps to it."""
        ...

    def knows_language(self, code: str) -> bool:
        """Whether a language can be told by this code (ISO 639-1, lower case)."""
        ...

    def language(self, text: str) -> tuple[str, float]:
        """The code of the language that a text is most likely in, and a confidence in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One sub-expression after an evaluation, in reading order; depth 0 is the whole.

    `value` is None where the part has no answer; `note` says why, or what was found.
    `decisive`: the outcome rests on it. `spans` are places in the judged text.
    """

    text: str
    depth: int
    value: bool | float | None
    spans: tuple[Span, ...] = ()
    note: str = ""
    decisive: bool = False

    @property
    def is_literal(self) -> bool:
        """Whether it is a number or a truth value of the program itself, which tells nothing."""
        return self.text.casefold() in ("true", "false") or not any(map(str.isalpha, self.text))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program says of one text.

    `value` is None unless `status` is ok: on a scale, a value of it; without one, a bool or
    a number. `reason` says why there is none. `explanation` is empty where nothing was read.
    """

    status: VerdictStatus
    value: bool | float | None
    explanation: tuple[Part, ...] = ()
    reason: str = ""

    @property
    def spans(self) -> tuple[Span, ...]:
        """The places that decisive parts rest on, in order, without repeats."""
        found = {span for part in self.explanation if part.decisive for span in part.spans}
        return tuple(sorted(found, key=lambda span: (span.start, span.end)))
