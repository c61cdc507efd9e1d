"""From words to a tree: the grammar, and what each part must come to.

choice: either ["if" either "else" choice]; either: both {"or" both}; both: denial {"and"
denial}; denial: "not" denial | comparison; comparison: sum {operator sum}; sum: product
{"+" or "-" product}; product: signed {"*" or "/" signed}; signed: "-" signed | atom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches

from rubricstudio.domain.programs.arguments import Given, bind
from rubricstudio.domain.programs.checks import CHECKS
from rubricstudio.domain.programs.lexer import Kind, Token, tokens
from rubricstudio.domain.programs.literals import Literals
from rubricstudio.domain.programs.nodes import (
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Constant,
    Extreme,
    Joined,
    Negation,
    Node,
    Program,
)
from rubricstudio.domain.programs.values import InvalidProgram, ProgramError, Returns

MOST_CHARACTERS = 10_000
MOST_NODES = 400
MOST_DEPTH = 30

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
CONSTANTS = {"true": True, "True": True, "false": False, "False": False}
EXTREMES = ("min", "max")
RESERVED = ("and", "or", "not", "if", "else")


def returns(node: Node) -> Returns:
    """What a node comes to."""
    if isinstance(node, Constant):
        return Returns.YES_NO if isinstance(node.value, bool) else Returns.NUMBER
    if isinstance(node, Call):
        return CHECKS[node.name].returns
    if isinstance(node, Negation | Choice):
        return node.returns
    return Returns.YES_NO if isinstance(node, Joined | Comparison) else Returns.NUMBER


def parse(text: str) -> Program:
    """Read a program. Raises InvalidProgram with every error that does not follow from another."""
    if not text.strip():
        raise InvalidProgram([ProgramError("the program is empty", 0, 0)])
    if len(text) > MOST_CHARACTERS:
        message = f"a program has at most {MOST_CHARACTERS} characters, not {len(text)}"
        raise InvalidProgram([ProgramError(message, MOST_CHARACTERS, len(text))])
    parser = _Parser(text)
    try:
        root = parser.whole()
    except InvalidProgram as error:
        raise InvalidProgram(sorted([*parser.errors, *error.errors], key=_place)) from error
    if parser.errors:
        raise InvalidProgram(sorted(parser.errors, key=_place))
    return Program(text, root, returns(root))


def _place(error: ProgramError) -> tuple[int, int]:
    return error.start, error.end


class _Parser(Literals):
    """One pass over the words. A wrong word ends it; an error of sense is noted in `errors`."""

    def __init__(self, text: str) -> None:
        super().__init__(tokens(text))
        self.errors: list[ProgramError] = []
        self._nodes = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._choice()
        if self.now.kind is not Kind.END:
            raise self.unexpected("the program should end here, or go on with “and” or “or”")
        return node

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self.fail(f"nested more than {MOST_DEPTH} deep", self.now)
        yield
        self._depth -= 1

    def _choice(self) -> Node:
        with self._deeper():
            chosen = self._either()
            if not self.take("if"):
                return chosen
            test = self._yes_no(self._either())
            self.expect("else", '“if” needs an “else”: 2 if contains("x") else 0')
            otherwise = self._choice()
            if returns(chosen) is not returns(otherwise) and not self.errors:
                self.note("both sides of “else” have to be numbers, or both yes or no", otherwise)
            return Choice(chosen.start, otherwise.end, chosen, test, otherwise, returns(chosen))

    def _either(self) -> Node:
        return self._joined("or", lambda: self._joined("and", self._denial))

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        operands = [part()]
        while self.take(word):
            operands.append(part())
        if len(operands) == 1:
            return operands[0]
        for operand in operands:
            self._yes_no(operand)
        return Joined(operands[0].start, operands[-1].end, word, tuple(operands))

    def _denial(self) -> Node:
        start = self.now.start
        if not self.take("not"):
            return self._comparison()
        with self._deeper():
            operand = self._yes_no(self._denial())
        return Negation(start, operand.end, operand, Returns.YES_NO)

    def _comparison(self) -> Node:
        operands, operators = self._chain(COMPARISONS, self._sum)
        if not operators:
            return operands[0]
        return Comparison(operands[0].start, operands[-1].end, operators, operands)

    def _sum(self) -> Node:
        return self._arithmetic(("+", "-"), lambda: self._arithmetic(("*", "/"), self._signed))

    def _arithmetic(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        operands, operators = self._chain(signs, part)
        if not operators:
            return operands[0]
        return Arithmetic(operands[0].start, operands[-1].end, operators, operands)

    def _chain(
        self, signs: tuple[str, ...], part: Callable[[], Node]
    ) -> tuple[tuple[Node, ...], tuple[str, ...]]:
        operands, operators = [part()], []
        while self.now.kind is Kind.SIGN and self.now.text in signs:
            operators.append(self.next().text)
            operands.append(part())
        return tuple(operands), tuple(operators)

    def _signed(self) -> Node:
        start = self.now.start
        if not self.take("-"):
            return self._atom()
        with self._deeper():
            operand = self._signed()
        return Negation(start, operand.end, operand, Returns.NUMBER)

    def _atom(self) -> Node:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self.fail(f"a program has at most {MOST_NODES} parts", self.now)
        token = self.now
        if token.kind is Kind.NUMBER and isinstance(token.value, float):
            return Constant(token.start, self.next().end, token.value)
        if token.kind is Kind.NAME and token.text not in RESERVED:
            return self._named(self.next())
        if self.take("("):
            node = self._choice()
            closing = self.expect(")", "a bracket that was opened is not closed")
            return replace(node, start=token.start, end=closing.end)
        if token.kind is Kind.TEXT:
            raise self.unexpected(
                f"a text alone decides nothing; did you mean contains({token.text[:40]})?"
            )
        raise self.unexpected("a check or a number should stand here")

    def _named(self, token: Token) -> Node:
        if token.text in CONSTANTS:
            return Constant(token.start, token.end, CONSTANTS[token.text])
        if token.text in EXTREMES:
            return self._extreme(token)
        given, end = self.arguments() if self.take("(") else ([], token.end)
        return self._call(token, given, end)

    def _call(self, token: Token, given: list[Given], end: int) -> Node:
        check = CHECKS.get(token.text)
        if check is None:
            names = (*CHECKS, *EXTREMES)
            close = get_close_matches(token.text.casefold(), names, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
            message = f"unknown check “{token.text}”; {hint}"
            self.errors.append(ProgramError(message, token.start, token.end))
            # Stands for either, so that nothing more is said of what holds it.
            return Call(token.start, end, "words", ())
        bound, errors = bind(check, given, token)
        self.errors += errors
        return Call(token.start, end, check.name, bound)

    def _extreme(self, token: Token) -> Node:
        self.expect("(", f"{token.text} takes numbers: {token.text}(3, citations)")
        operands = [self._choice()]
        while self.take(","):
            operands.append(self._choice())
        closing = self.expect(")", "a bracket that was opened is not closed")
        return Extreme(token.start, closing.end, token.text, tuple(operands))

    def _yes_no(self, node: Node) -> Node:
        unknown = any(node.start <= error.start < node.end for error in self.errors)
        if returns(node) is Returns.NUMBER and not unknown:
            self.note("this is a number: compare it, such as words >= 100", node)
        return node

    def note(self, message: str, node: Node) -> None:
        self.errors.append(ProgramError(message, node.start, node.end))
