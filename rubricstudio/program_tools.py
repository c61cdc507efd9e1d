"""The tools of programs that need libraries: bounded regular expressions, JSON Schema, language.

Each library is imported on first use. An instance serves one evaluation: regular expressions
and schemas share its seconds, however many there are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rubricstudio.domain.programs import (
    MOST_SPANS,
    Hits,
    ProgramError,
    Span,
    Undecided,
    check,
)
from rubricstudio.domain.rubric import Scale
from rubricstudio.domain.verdict import VerdictStatus

if TYPE_CHECKING:
    import regex
    from py3langid.langid import LanguageIdentifier

SECONDS = 1.0
# Repeats such as {1000} are unrolled when a pattern is compiled, nested ones multiplied.
MOST_UNROLLED = 10_000
# Enough to tell a language by; reading it all would take seconds for the longest texts.
LANGUAGE_CHARACTERS = 20_000
_FLAGS = {"i": "IGNORECASE", "m": "MULTILINE", "s": "DOTALL", "x": "VERBOSE"}


def check_program(text: str, scale: Scale | None = None) -> list[ProgramError]:
    """What is wrong with a program, its regular expressions and schemas included."""
    return check(text, scale, ProgramTools())


class ProgramTools:
    """rubricstudio.domain.programs.Tools with `seconds` for all that is asked of it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._left = seconds

    def pattern_problem(self, pattern: str, flags: str) -> str | None:
        try:
            _compiled(pattern, flags)
        except ValueError as error:
            return str(error)
        return None

    def find(self, pattern: str, flags: str, text: str, most: int | None) -> Hits:
        try:
            compiled = _compiled(pattern, flags)
        except ValueError as error:
            raise Undecided(VerdictStatus.ERROR, str(error)) from error
        count, spans, start = 0, list[Span](), time.monotonic()
        try:
            for match in compiled.finditer(text, timeout=self._seconds_left()):
                count += 1
                # Its time limit is for each match anew.
                if time.monotonic() > start + self._left:
                    raise TimeoutError
                if len(spans) < MOST_SPANS and match.end() > match.start():
                    spans.append(Span(match.start(), match.end()))
                if count == most:
                    break
        except TimeoutError as error:
            raise _out_of_time("the regular expression") from error
        except (MemoryError, RecursionError) as error:
            raise Undecided(VerdictStatus.ERROR, "the regular expression needs too much") from error
        finally:
            self._left -= time.monotonic() - start
        return Hits(count, tuple(spans))

    def _seconds_left(self) -> float:
        if self._left <= 0:
            raise _out_of_time("the program")
        return self._left

    def schema_problem(self, schema: object) -> str | None:
        try:
            _validator(json.dumps(schema, sort_keys=True))
        except ValueError as error:
            return str(error)
        return None

    def breach(self, schema: object, value: object) -> str | None:
        from referencing.exceptions import Unresolvable

        start = time.monotonic()
        try:
            validator = _validator(json.dumps(schema, sort_keys=True))
            _ends.set(start + self._seconds_left())
            found = next(validator.iter_errors(value), None)
        except ValueError as error:
            raise Undecided(VerdictStatus.ERROR, str(error)) from error
        except (RecursionError, OverflowError, Unresolvable) as error:
            reason = "the JSON is too deep or too large, or a $ref of the schema leads nowhere"
            raise Undecided(VerdictStatus.ERROR, reason) from error
        finally:
            self._left -= time.monotonic() - start
        return None if found is None else _breach(found.json_path, found.message)

    def knows_language(self, code: str) -> bool:
        return code in _identifier().labels

    def language(self, text: str) -> tuple[str, float]:
        code, confidence = _identifier().classify(text[:LANGUAGE_CHARACTERS])
        return str(code), min(1.0, float(confidence))


def _out_of_time(what: str) -> Undecided:
    return Undecided(VerdictStatus.TIMEOUT, f"{what} took too long on this text")


# -- regular expressions


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: str) -> regex.Pattern[str]:
    """Raises ValueError saying why a pattern cannot be used."""
    import regex

    problem = _unsafe(pattern)
    if problem:
        raise ValueError(problem)
    chosen = regex.RegexFlag(0)
    for flag in flags:
        chosen |= getattr(regex, _FLAGS[flag])
    try:
        return regex.compile(pattern, chosen)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise ValueError(f"{error}") from error


def _unsafe(pattern: str) -> str | None:
    """What of a pattern no time limit could bound: it takes memory, or time to be compiled."""
    import regex

    sizes, last, at = [0], 0, 0
    while at < len(pattern):
        counted = regex.compile(r"\{\s*(\d*)\s*(?:,\s*(\d*)\s*)?\}").match(pattern, at)
        step = 1
        if pattern[at] == "\\":
            step, last = 2, 1
            sizes[-1] += 1
        elif pattern[at] == "[":
            step, last = _class_length(pattern, at), 1
            sizes[-1] += 1
        elif pattern[at] == "(":
            if regex.compile(r"\(\?(?:R|[+-]?\d|&|P>)").match(pattern, at):
                return "a pattern may not call itself"
            sizes.append(0)
        elif pattern[at] == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif counted:
            step = counted.end() - at
            times = max(int(each[:9]) for each in (*counted.groups(""), "1") if each)
            sizes[-1] += last * (times - 1)
        elif regex.compile(r"\{\s*(?:\d+\s*<=?\s*)?[eids]\s*(?:<=?|[,}:])").match(pattern, at):
            return "approximate matching is not on offer; write \\{ for a bracket"
        else:
            last = 1
            sizes[-1] += 1
        at += step
        if sizes[-1] > MOST_UNROLLED:
            return f"its counted repeats come to more than {MOST_UNROLLED} when written out"
    return None


def _class_length(pattern: str, at: int) -> int:
    """The characters of a set such as [^]a-z], its brackets included."""
    here = at + 1
    here += pattern[here : here + 1] == "^"
    here += pattern[here : here + 1] == "]"
    while here < len(pattern) and pattern[here] != "]":
        here += 2 if pattern[here] == "\\" else 1
    return here + 1 - at


# -- JSON Schema


# When the validation that is under way has to end, on the clock of time.monotonic.
_ends: ContextVar[float] = ContextVar("_ends", default=float("inf"))


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    """A validator of the 2020-12 draft. Raises ValueError saying why a schema cannot be used."""
    from jsonschema.exceptions import SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    value = json.loads(schema)
    for problem in _troubles(value):
        raise ValueError(problem)
    kind = _kind()
    try:
        kind.check_schema(value)
    except SchemaError as error:
        raise ValueError(_breach(error.json_path, error.message)) from error
    registry: Registry[Any] = Registry().with_resource("", DRAFT202012.create_resource(value))
    for pointer in _pointers(value):
        try:
            registry.resolver().lookup(pointer)
        except Unresolvable as error:
            raise ValueError(f"$ref {pointer} leads nowhere") from error
    return kind(value, registry=registry)


@lru_cache(maxsize=1)
def _kind() -> Any:
    """The draft's validator, with an end to its time and regular expressions that have one."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    own = {"pattern": _pattern, "uniqueItems": _unique}
    rules = {
        name: _timed(own.get(name, rule)) for name, rule in Draft202012Validator.VALIDATORS.items()
    }
    return extend(Draft202012Validator, rules)


Rule = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


def _timed(rule: Rule) -> Rule:
    def checked(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if time.monotonic() > _ends.get():
            raise _out_of_time("the schema")
        yield from rule(validator, wanted, instance, schema) or ()

    return checked


def _pattern(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str):
        tools = ProgramTools(max(0.0, _ends.get() - time.monotonic()))
        if not tools.find(wanted, "", instance, 1).count:
            yield ValidationError(f"{instance!r} does not match {wanted!r}")


def _unique(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """Equal members by their JSON text: jsonschema compares each with each."""
    from jsonschema.exceptions import ValidationError

    if wanted and isinstance(instance, list):
        texts = [json.dumps(each, sort_keys=True) for each in instance]
        if len(set(texts)) < len(texts):
            yield ValidationError("a list has the same member twice")


def _troubles(schema: object) -> Iterator[str]:
    """What of a schema would reach outside, or run without a bound."""
    if isinstance(schema, list):
        for each in schema:
            yield from _troubles(each)
    elif isinstance(schema, Mapping):
        for name, value in schema.items():
            if name in ("$ref", "$dynamicRef") and not str(value).startswith("#"):
                yield f"{name} may only point into the schema itself, such as #/$defs/name"
            if name == "$schema" and isinstance(value, str):
                yield "leave out $schema: schemas are read by the draft 2020-12"
            if name == "patternProperties":
                yield "patternProperties is not on offer; name the properties"
            if name == "pattern" and isinstance(value, str):
                problem = ProgramTools().pattern_problem(value, "")
                if problem:
                    yield f"its pattern: {problem}"
            yield from _troubles(value)


def _pointers(schema: object) -> Iterator[str]:
    """Every $ref of a schema."""
    if isinstance(schema, list):
        for each in schema:
            yield from _pointers(each)
    elif isinstance(schema, Mapping):
        for name, value in schema.items():
            if name == "$ref" and isinstance(value, str):
                yield value
            yield from _pointers(value)


def _breach(path: str, message: str) -> str:
    where = "" if path == "$" else f"{path}: "
    return f"{where}{message}"[:300]


# -- language


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
