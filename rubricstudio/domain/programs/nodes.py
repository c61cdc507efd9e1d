"""A program as a tree of frozen values. Offsets are into the text of the program."""

from __future__ import annotations

from dataclasses import dataclass

from rubricstudio.domain.programs.values import Returns

Argument = str | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number or a yes or no that stands in the program."""

    start: int
    end: int
    value: bool | float


@dataclass(frozen=True, slots=True)
class Call:
    """A check with an argument for each of its parameters, in their order.

    A JSON Schema is held as its JSON text, so that a program can be compared and hashed.
    """

    start: int
    end: int
    name: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """`not` before a yes or no, `-` before a number."""

    start: int
    end: int
    operand: Node
    returns: Returns


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more yes or no, joined by one word: `and` or `or`."""

    start: int
    end: int
    word: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """a < b <= c: each operator between two operands, all of which must hold."""

    start: int
    end: int
    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """a + b - c or a * b / c, from left to right."""

    start: int
    end: int
    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Extreme:
    """The smallest (min) or largest (max) of numbers."""

    start: int
    end: int
    name: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`chosen if test else otherwise`."""

    start: int
    end: int
    chosen: Node
    test: Node
    otherwise: Node
    returns: Returns


Node = Constant | Call | Negation | Joined | Comparison | Arithmetic | Extreme | Choice


@dataclass(frozen=True, slots=True)
class Program:
    """A text that was read without an error, and what it comes to."""

    text: str
    root: Node
    returns: Returns
