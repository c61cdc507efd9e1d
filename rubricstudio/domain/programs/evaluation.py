"""What a program says of a text: yes, no, a number, or why nothing can be said.

`and` and `or` follow Kleene's three-valued logic: no and undecided is no, yes or undecided
is yes, all else with something undecided in it is undecided. So the order of the parts says
nothing, and a part that ran out of time never passes for a no.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from math import isclose, isfinite

from rubricstudio.domain.programs.checks import run
from rubricstudio.domain.programs.finding import Subject
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
from rubricstudio.domain.programs.values import Outcome, Part, Returns, Span, Tools, Undecided
from rubricstudio.domain.rubric import Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus

MOST_TEXT = 1_000_000
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
    **{"==": operator.eq, "!=": operator.ne},
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv},
}
# Where several parts are undecided, the reason that is told.
_GRAVITY = (VerdictStatus.ERROR, VerdictStatus.TIMEOUT, VerdictStatus.CANNOT_ASSESS)


@dataclass(frozen=True, slots=True)
class _Result:
    """What a node came to. `rests_on`: the children that made it so."""

    node: Node
    value: bool | float | Undecided
    children: tuple[_Result, ...] = ()
    rests_on: tuple[_Result, ...] = ()
    spans: tuple[Span, ...] = ()
    note: str = ""


def evaluate(
    program: Program, text: str | None, tools: Tools, scale: Scale | None = None
) -> Outcome:
    """What a program says of a text, as a value of `scale` where one is given. Never raises.

    No text cannot be assessed, which is not the same as an empty one. A value that the scale
    does not have is an error, never clipped. `tools` serve this evaluation alone.
    """
    if text is None:
        return Outcome(VerdictStatus.CANNOT_ASSESS, None, reason="The response has no text.")
    if len(text) > MOST_TEXT:
        reason = f"The response has more than {MOST_TEXT} characters."
        return Outcome(VerdictStatus.ERROR, None, reason=reason)
    result = _evaluate(program.root, Subject(text, tools))
    explanation = tuple(_parts(result, program.text))
    if isinstance(result.value, Undecided):
        return Outcome(result.value.status, None, explanation, _sentence(str(result.value)))
    if scale is None:
        return Outcome(VerdictStatus.OK, result.value, explanation)
    value = on_scale(float(result.value), scale)
    if value is None:
        reason = f"The program gives {float(result.value):g}, which the scale does not have."
        return Outcome(VerdictStatus.ERROR, None, explanation, reason)
    return Outcome(VerdictStatus.OK, value, explanation)


def on_scale(value: float, scale: Scale) -> float | None:
    """The value of the scale that a number is, rounding of the arithmetic left out, or None."""
    if scale.kind is ScaleKind.POINTS:
        near = next((end for end in (scale.low, scale.high) if isclose(value, end)), value)
        return near if scale.allows(near) else None
    offered = [level.value for level in scale.levels] or [0.0, 1.0]
    return next((each for each in offered if isclose(value, each, abs_tol=1e-9)), None)


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."


def _evaluate(node: Node, subject: Subject) -> _Result:
    if isinstance(node, Constant):
        return _Result(node, node.value)
    if isinstance(node, Call):
        return _call(node, subject)
    if isinstance(node, Choice):
        return _choice(node, subject)
    parts = (node.operand,) if isinstance(node, Negation) else node.operands
    children = tuple(_evaluate(part, subject) for part in parts)
    if isinstance(node, Joined):
        return _joined(node, children)
    undecided = _gravest(children)
    if undecided is not None:
        blame = tuple(child for child in children if isinstance(child.value, Undecided))
        return _Result(node, undecided, children, blame)
    values = [float(child.value) for child in children if not isinstance(child.value, Undecided)]
    try:
        return _Result(node, _combined(node, values), children, children)
    except Undecided as problem:
        return _Result(node, problem, children, children, note=str(problem))


def _call(node: Call, subject: Subject) -> _Result:
    try:
        found = run(node.name, subject, node.arguments)
    except Undecided as problem:
        return _Result(node, problem, note=str(problem))
    return _Result(node, found.value, spans=found.spans, note=found.note)


def _choice(node: Choice, subject: Subject) -> _Result:
    test = _evaluate(node.test, subject)
    if isinstance(test.value, Undecided):
        return _Result(node, test.value, (test,), (test,))
    taken = _evaluate(node.chosen if test.value else node.otherwise, subject)
    return _Result(node, taken.value, (test, taken), (test, taken))


def _joined(node: Joined, children: tuple[_Result, ...]) -> _Result:
    settling = node.word == "or"
    settled = tuple(child for child in children if child.value is settling)
    if settled:
        return _Result(node, settling, children, settled)
    undecided = _gravest(children)
    if undecided is not None:
        blame = tuple(child for child in children if isinstance(child.value, Undecided))
        return _Result(node, undecided, children, blame)
    return _Result(node, not settling, children, children)


def _gravest(children: tuple[_Result, ...]) -> Undecided | None:
    found = [child.value for child in children if isinstance(child.value, Undecided)]
    return min(found, key=lambda each: (_GRAVITY.index(each.status), str(each)), default=None)


def _combined(node: Node, values: list[float]) -> bool | float:
    """The value of a node from those of its parts. Raises Undecided where there is none."""
    if isinstance(node, Negation):
        return not values[0] if node.returns is Returns.YES_NO else -values[0]
    if isinstance(node, Comparison):
        signs = zip(node.operators, pairwise(values), strict=True)
        return all(_COMPARE[sign](left, right) for sign, (left, right) in signs)
    if isinstance(node, Arithmetic):
        return _calculated(node, values)
    return min(values) if isinstance(node, Extreme) and node.name == "min" else max(values)


def _calculated(node: Arithmetic, values: list[float]) -> float:
    steps = zip(node.operators, values[1:], strict=True)
    try:
        found = reduce(lambda left, step: _ARITHMETIC[step[0]](left, step[1]), steps, values[0])
    except ZeroDivisionError as error:
        raise Undecided(VerdictStatus.ERROR, "a division by 0") from error
    if not isfinite(found):
        raise Undecided(VerdictStatus.ERROR, "a number that is too large")
    return found


def _parts(result: _Result, text: str, depth: int = 0, *, decisive: bool = True) -> list[Part]:
    """A result and all below it, in reading order."""
    value = None if isinstance(result.value, Undecided) else result.value
    words = text[result.node.start : result.node.end]
    found = [Part(words, depth, value, result.spans, result.note, decisive)]
    for child in result.children:
        rests = decisive and any(child is each for each in result.rests_on)
        found += _parts(child, text, depth + 1, decisive=rests)
    return found
