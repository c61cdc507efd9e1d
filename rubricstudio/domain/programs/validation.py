"""What is wrong with a program before any text is judged by it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rubricstudio.domain.programs.checks import CHECKS, Takes
from rubricstudio.domain.programs.evaluation import on_scale
from rubricstudio.domain.programs.nodes import Call, Choice, Constant, Negation, Node, Program
from rubricstudio.domain.programs.parser import parse
from rubricstudio.domain.programs.values import InvalidProgram, ProgramError, Returns, Tools
from rubricstudio.domain.rubric import Scale, ScaleKind


def check(text: str, scale: Scale | None = None, tools: Tools | None = None) -> list[ProgramError]:
    """The errors of a program, in order of position; none where it can judge on `scale`.

    With `tools` its regular expressions, schemas and languages are looked at too.
    """
    try:
        program = parse(text)
    except InvalidProgram as error:
        return list(error.errors)
    found = [] if tools is None else _of_arguments(program, tools)
    if scale is not None:
        found += _of_scale(program, scale)
    return sorted(found, key=lambda error: (error.start, error.end))


def _of_scale(program: Program, scale: Scale) -> list[ProgramError]:
    root = program.root
    yes_no = program.returns is Returns.YES_NO
    if scale.kind is ScaleKind.BINARY:
        if yes_no:
            return []
        message = "the criterion is met or not: compare the number, such as words >= 100"
    elif yes_no:
        message = f"the criterion wants a number, such as {scale.high:g} if … else {scale.low:g}"
    else:
        return [
            ProgramError(f"the scale has no {value:g}", node.start, node.end)
            for node, value in _results(root)
            if on_scale(value, scale) is None
        ]
    return [ProgramError(message, root.start, root.end)]


def _results(node: Node) -> Iterator[tuple[Node, float]]:
    """The numbers that the program itself names as its outcome."""
    if isinstance(node, Choice):
        yield from _results(node.chosen)
        yield from _results(node.otherwise)
    elif isinstance(node, Constant):
        yield node, float(node.value)
    elif isinstance(node, Negation) and isinstance(node.operand, Constant):
        yield node, -float(node.operand.value)


def _of_arguments(program: Program, tools: Tools) -> list[ProgramError]:
    found = []
    for node in _calls(program.root):
        problem = _problem(node, tools)
        if problem:
            found.append(ProgramError(problem, node.start, node.end))
    return found


def _problem(node: Call, tools: Tools) -> str | None:
    parameters = CHECKS[node.name].parameters
    given = {each.takes: value for each, value in zip(parameters, node.arguments, strict=True)}
    if Takes.PATTERN in given:
        pattern, flags = node.arguments
        problem = tools.pattern_problem(str(pattern), str(flags))
        return problem and f"the regular expression cannot be used: {problem}"
    if Takes.JSON in given:
        problem = tools.schema_problem(json.loads(str(given[Takes.JSON])))
        return problem and f"the JSON Schema cannot be used: {problem}"
    if node.name == "language" and not tools.knows_language(str(node.arguments[0])):
        return f"“{node.arguments[0]}” is no language that can be told; write a code such as en"
    return None


def _calls(node: Node) -> Iterator[Call]:
    if isinstance(node, Call):
        yield node
    elif isinstance(node, Negation):
        yield from _calls(node.operand)
    elif isinstance(node, Choice):
        for part in (node.chosen, node.test, node.otherwise):
            yield from _calls(part)
    elif not isinstance(node, Constant):
        for part in node.operands:
            yield from _calls(part)
