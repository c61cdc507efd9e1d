"""What a check is given, fitted to what it takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches

from rubricstudio.domain.programs.checks import Check, Parameter, Takes
from rubricstudio.domain.programs.lexer import Token
from rubricstudio.domain.programs.nodes import Argument
from rubricstudio.domain.programs.values import ProgramError

LONGEST_PATTERN = 1000
FLAGS = "imsx"
_EMPTY: dict[Takes, Argument] = {
    **{Takes.TEXT: "", Takes.PATTERN: "", Takes.NUMBER: 0.0},
    **{Takes.FLAG: False, Takes.TEXTS: (), Takes.JSON: "{}"},
}


@dataclass(frozen=True, slots=True)
class Given:
    """One argument as written: its name (empty where it has none), value and place."""

    name: str
    value: object
    start: int
    end: int


def bind(
    check: Check, given: list[Given], word: Token
) -> tuple[tuple[Argument, ...], list[ProgramError]]:
    """An argument for each parameter, in order, and what is wrong with what was given.

    Where something is wrong, a stand-in of the right kind takes its place.
    """
    errors: list[ProgramError] = []
    placed: dict[str, list[Given]] = {}
    waiting = list(check.parameters)
    for argument in given:
        parameter = _parameter(check, argument, waiting)
        if isinstance(parameter, str):
            errors.append(ProgramError(parameter, argument.start, argument.end))
            continue
        placed.setdefault(parameter.name, []).append(argument)
        if parameter.takes is not Takes.TEXTS:
            waiting.remove(parameter)
    bound = []
    for parameter in check.parameters:
        value = _value(check, parameter, placed.get(parameter.name, []), word, errors)
        bound.append(value)
    return tuple(bound), errors


def _parameter(check: Check, argument: Given, waiting: list[Parameter]) -> Parameter | str:
    """The parameter an argument is for, or what is wrong."""
    if not argument.name:
        return waiting[0] if waiting else f"{check.name} takes no more: {check.signature}"
    by_name = {parameter.name: parameter for parameter in check.parameters}
    if argument.name in by_name:
        found = by_name[argument.name]
        return found if found in waiting else f"“{argument.name}” is given twice"
    close = get_close_matches(argument.name, by_name, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it is written {check.signature}"
    return f"{check.name} has no “{argument.name}”; {hint}"


def _value(
    check: Check,
    parameter: Parameter,
    given: list[Given],
    word: Token,
    errors: list[ProgramError],
) -> Argument:
    if parameter.takes is Takes.TEXTS:
        return _texts(check, parameter, given, word, errors)
    if not given:
        if parameter.required:
            message = f"{check.name} needs {_article(parameter)}: {check.signature}"
            errors.append(ProgramError(message, word.start, word.end))
        return _EMPTY[parameter.takes] if parameter.default is None else parameter.default
    argument = given[0]
    value = _fitted(parameter.takes, argument.value)
    problem = _problem(check, parameter, value)
    if problem is None and value is not None:
        return value
    errors.append(ProgramError(problem or "", argument.start, argument.end))
    return _EMPTY[parameter.takes]


def _article(parameter: Parameter) -> str:
    return f"“{parameter.name}”, {_kind(parameter.takes)}"


def _kind(takes: Takes) -> str:
    if takes is Takes.NUMBER:
        return "a number"
    if takes is Takes.FLAG:
        return "true or false"
    if takes is Takes.JSON:
        return 'an object such as {"type": "object"}'
    return "a text in quotation marks"


def _fitted(takes: Takes, value: object) -> Argument | None:
    if takes in (Takes.TEXT, Takes.PATTERN):
        return value if isinstance(value, str) else None
    if takes is Takes.NUMBER:
        return value if isinstance(value, float) else None
    if takes is Takes.FLAG:
        return value if isinstance(value, bool) else None
    return json.dumps(value) if isinstance(value, dict | bool) else None


def _problem(check: Check, parameter: Parameter, value: Argument | None) -> str | None:
    """Why a value is none that the parameter takes; None where it is one."""
    name = f"“{parameter.name}” of {check.name}"
    if value is None:
        return f"{name} is {_kind(parameter.takes)}"
    if parameter.choices and value not in parameter.choices:
        return f"{name} is one of {', '.join(parameter.choices)}, not “{value}”"
    if parameter.low is not None and isinstance(value, float) and value < parameter.low:
        return f"{name} is {parameter.low:g} or more"
    if parameter.name == "flags" and isinstance(value, str) and set(value) - set(FLAGS):
        return f"{name} are among i (ignore case), m (lines), s (. takes all) and x (spaced out)"
    needed = parameter.required and parameter.takes in (Takes.TEXT, Takes.PATTERN)
    if needed and check.name != "equals" and not str(value).strip() and str(value) != "\n":
        return f"{name} is empty"
    if parameter.takes is Takes.PATTERN and len(str(value)) > LONGEST_PATTERN:
        return f"a regular expression has at most {LONGEST_PATTERN} characters"
    return None


def _texts(
    check: Check,
    parameter: Parameter,
    given: list[Given],
    word: Token,
    errors: list[ProgramError],
) -> tuple[str, ...]:
    """All that stands without a name, lists opened."""
    found: list[str] = []
    for argument in given:
        members = argument.value if isinstance(argument.value, list) else [argument.value]
        problem = next(filter(None, (_unfit(check, parameter, each) for each in members)), None)
        if problem:
            errors.append(ProgramError(problem, argument.start, argument.end))
        else:
            found += map(str, members)
    if not found and not parameter.choices and not errors:
        message = f'{check.name} needs at least one text: {check.name}("as an AI")'
        errors.append(ProgramError(message, word.start, word.end))
    return tuple(found)


def _unfit(check: Check, parameter: Parameter, member: object) -> str | None:
    if not isinstance(member, str) or not member.strip():
        return f"{check.name} takes texts in quotation marks"
    return _problem(check, parameter, member) if parameter.choices else None
