"""From a judge's stored configuration (plain JSON) to typed parameters, with clear refusals.

A judge is a frozen dataclass; each field made with `parameter` is something its author
may set. The same declaration serves `build`, the form on the judge page and the docs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from scoring.judges.protocol import InvalidJudgeConfig

NAMES: dict[str, str] = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "an object",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing the author of a judge may set.

    `kind` is a key of NAMES. `low` and `high` bound a number, both inclusive.
    `default` is None for a required parameter (`required` says so) or an optional one.
    """

    name: str
    kind: str
    default: object
    help: str
    required: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


def parameter(
    help: str,
    *,
    default: Any = MISSING,
    optional: bool = False,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """Declare a field of a judge that its author may set; `optional` allows null."""
    metadata = {
        "parameter": {
            "help": help,
            "optional": optional,
            "choices": choices,
            "low": low,
            "high": high,
        }
    }
    if isinstance(default, dict | list):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


def parameters_of(judge: type) -> tuple[Parameter, ...]:
    """The parameters a judge class declares: required ones first, then in order of its fields."""
    found = []
    for each in fields(judge):
        if "parameter" in each.metadata:
            default = each.default
            if each.default_factory is not MISSING:
                default = each.default_factory()
            required = default is MISSING
            found.append(
                Parameter(
                    name=each.name,
                    kind=_kind(str(each.type)),
                    default=None if required else default,
                    required=required,
                    **each.metadata["parameter"],
                )
            )
    return tuple(sorted(found, key=lambda each: not each.required))


def _kind(annotation: str) -> str:
    """The JSON kind of an annotation such as "int | None" or "dict[str, object]"."""
    kind = annotation.split("|")[0].split("[")[0].strip()
    if kind not in NAMES:
        raise TypeError(f"a judge's parameter cannot be {annotation!r}")
    return kind


def read_config(
    judge: str, declared: tuple[Parameter, ...], config: Mapping[str, object]
) -> dict[str, Any]:
    """The values to build a judge with. Raises InvalidJudgeConfig naming the parameter."""
    by_name = {each.name: each for each in declared}
    for name in config:
        if name not in by_name:
            raise InvalidJudgeConfig(_unknown(judge, name, by_name))
    for each in declared:
        if each.required and each.name not in config:
            raise InvalidJudgeConfig(
                f"A judge of the kind {judge!r} needs {each.name!r}: {each.help}"
            )
    return {name: _value(by_name[name], value) for name, value in config.items()}


def _unknown(judge: str, name: str, known: Mapping[str, Parameter]) -> str:
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(known)}."
    return f"A judge of the kind {judge!r} has no parameter {name!r}: {hint}"


def _value(declared: Parameter, value: object) -> object:
    if value is None and declared.optional:
        return None
    number = _number(value) if declared.kind in ("int", "float") else None
    if declared.kind == "float" and number is not None:
        value = number
    if declared.kind == "int" and number is not None and number.is_integer():
        value = int(number)
    unfit = declared.kind in ("int", "float") and number is None
    if unfit or type(value).__name__ != declared.kind:
        raise InvalidJudgeConfig(
            f"The parameter {declared.name!r} must be {NAMES[declared.kind]}, not {value!r}."
        )
    _check_choice(declared, value)
    _check_range(declared, number)
    return value


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def _check_choice(declared: Parameter, value: object) -> None:
    if declared.choices and value not in declared.choices:
        raise InvalidJudgeConfig(
            f"The parameter {declared.name!r} must be one of {', '.join(declared.choices)}, "
            f"not {value!r}."
        )


def _check_range(declared: Parameter, number: float | None) -> None:
    if number is None:
        return
    if declared.low is not None and number < declared.low:
        raise InvalidJudgeConfig(
            f"The parameter {declared.name!r} must be {declared.low:g} or more, not {number:g}."
        )
    if declared.high is not None and number > declared.high:
        raise InvalidJudgeConfig(
            f"The parameter {declared.name!r} must be {declared.high:g} or less, not {number:g}."
        )
