"""One field of a mapping: where its value comes from in a row, and what is done with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from difflib import get_close_matches
from typing import Any

from rubricstudio.domain.formats.patterns import Pattern, UnsafePattern, compile_pattern

# Exactly one of these says where the value comes from.
SOURCE_KEYS = ("column", "template", "value", "join", "list", "object")
# The others say what is done with it, in this order.
STEP_KEYS = ("between", "null_if", "null_unless", "match", "leading", "map", "otherwise", "split")
FIELD_KEYS = (*SOURCE_KEYS, *STEP_KEYS)
_NAMED = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")


class InvalidMapping(ValueError):
    """A mapping file cannot be used; the message names table, key and what to do."""


class BadRow(ValueError):
    """A row does not have what a rule needs: (column, message, hint)."""

    def __init__(self, column: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.column, self.message, self.hint = column, message, hint


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Where a field's value comes from (one of the first five), and the steps that follow.

    column: a column or dotted path of the row, as it is. template: text with {names} of
    columns. value: a constant. parts: templates put together with `between`, blank ones left
    out. members: a list of rules. object_: an object of rules. Null members are left out.

    null_if: a text that the pattern matches from its start becomes null; null_unless: one that
    it does not match. match: the pattern's first group, searched anywhere. leading: the one of
    these words that the text starts with. map: what each text becomes. otherwise: what a text
    becomes that `match`, `leading` or `map` does not know; without it, null after `match` and
    `leading`, and unchanged after `map`. split: a text becomes a list.
    """

    column: str = ""
    template: str = ""
    value: Any = None
    parts: tuple[str, ...] = ()
    between: str = "\n\n"
    members: tuple[FieldRule, ...] = ()
    object_: Mapping[str, FieldRule] | None = None
    null_if: Pattern | None = None
    null_unless: Pattern | None = None
    match: Pattern | None = None
    leading: tuple[str, ...] = ()
    map: Mapping[str, Any] | None = None
    otherwise: Any = None
    has_otherwise: bool = False
    split: str = ""

    def of(self, row: Mapping[str, Any]) -> Any:
        """The field's value for a row. Raises BadRow."""
        try:
            found = self._read(self._nulled(self._raw(row)))
        except UnsafePattern as error:
            raise BadRow(self.origin, str(error)) from None
        if self.split and isinstance(found, str):
            return [part.strip() for part in found.split(self.split) if part.strip()]
        return found

    @property
    def origin(self) -> str:
        """What to call the place in the row that the value comes from; empty for a constant."""
        return self.column or self.template or " + ".join(self.parts)

    def _raw(self, row: Mapping[str, Any]) -> Any:
        if self.column:
            return look_up(row, self.column)
        if self.template:
            return fill(self.template, row)
        if self.parts:
            texts = (text_of(fill(part, row)) for part in self.parts)
            return self.between.join(text for text in texts if text.strip())
        if self.members:
            return [item for rule in self.members if (item := rule.of(row)) is not None]
        if self.object_ is not None:
            found = {name: rule.of(row) for name, rule in self.object_.items()}
            return {name: value for name, value in found.items() if value is not None}
        return self.value

    def _nulled(self, found: Any) -> Any:
        if isinstance(found, str):
            if self.null_if is not None and self.null_if.start(found):
                return None
            if self.null_unless is not None and not self.null_unless.start(found):
                return None
        return found

    def _read(self, found: Any) -> Any:
        if self.match is not None or self.leading:
            text = text_of(found)
            found = self._word(text)
            if found is None:
                return self.otherwise
        if self.map is None:
            return found
        text = text_of(found).strip()
        if text in self.map:
            return self.map[text]
        return self.otherwise if self.has_otherwise else found

    def _word(self, text: str) -> str | None:
        if self.match is not None:
            match = self.match.search(text)
            if match is None or not self.leading:
                return None if match is None else match[1] if match.re.groups else match[0]
            text = match[1] if match.re.groups else match[0]
        return leading_word(self.leading, text)


def read_rule(rule: Any, where: str) -> FieldRule:
    """A rule as a mapping file writes it. Raises InvalidMapping.

    A text alone is a template, a list a list of rules, any other plain value a constant.
    """
    if isinstance(rule, str):
        return FieldRule(template=rule) if rule else FieldRule(value="")
    if isinstance(rule, list):
        return FieldRule(members=_members(rule, where)) if rule else FieldRule(value=[])
    if not isinstance(rule, dict):
        return FieldRule(value=_constant(rule))
    only(rule, FIELD_KEYS, where)
    given = [name for name in SOURCE_KEYS if name in rule]
    if len(given) != 1:
        said = " and ".join(given) or "none of them"
        raise InvalidMapping(f"{where}: give one of {', '.join(SOURCE_KEYS)}; it has {said}")
    members, object_ = rule.get("list", []), rule.get("object")
    if object_ is not None and not isinstance(object_, dict):
        raise InvalidMapping(f"{where}.object is not a table of rules")
    return FieldRule(
        column=text_key(rule, "column", where),
        template=text_key(rule, "template", where),
        value=_constant(rule.get("value")),
        parts=texts_key(rule, "join", where),
        between=text_key(rule, "between", where, "\n\n"),
        members=_members(members, f"{where}.list"),
        object_=None
        if object_ is None
        else {name: read_rule(inner, f"{where}.{name}") for name, inner in object_.items()},
        null_if=pattern_key(rule, "null_if", where),
        null_unless=pattern_key(rule, "null_unless", where),
        match=pattern_key(rule, "match", where),
        leading=texts_key(rule, "leading", where),
        map=_map(rule, where),
        otherwise=_constant(rule.get("otherwise")),
        has_otherwise="otherwise" in rule,
        split=text_key(rule, "split", where),
    )


def _members(rules: Any, where: str) -> tuple[FieldRule, ...]:
    if not isinstance(rules, list):
        raise InvalidMapping(f"{where} is not a list of rules")
    return tuple(read_rule(inner, f"{where}[{n}]") for n, inner in enumerate(rules, 1))


def _map(rule: Mapping[str, Any], where: str) -> Mapping[str, Any] | None:
    given = rule.get("map")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise InvalidMapping(f'{where}.map is not a table such as {{ Yes = "met" }}')
    return {key: _constant(value) for key, value in given.items()}


def _constant(value: Any) -> Any:
    """A TOML value as a JSON value: dates and times become texts, NUL is taken out."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _constant(inner) for key, inner in value.items()}
    return [_constant(inner) for inner in value] if isinstance(value, list) else value


def text_key(table: Mapping[str, Any], name: str, where: str, default: str = "") -> str:
    """A text of a table. Raises InvalidMapping for anything else, or an empty one."""
    value = table.get(name, default)
    if not isinstance(value, str) or (name in table and not value and name != "between"):
        raise InvalidMapping(f"{where}.{name} is not a text: write it in quotes")
    return value


def texts_key(table: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    """A list of texts of a table; one text alone is a list of one. Raises InvalidMapping."""
    value = table.get(name, [])
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
        raise InvalidMapping(f'{where}.{name} is not a list of texts such as ["a", "b"]')
    return tuple(items)


def pattern_key(table: Mapping[str, Any], name: str, where: str) -> Pattern | None:
    """A pattern of a table, or None where it has none. Raises InvalidMapping."""
    if name not in table:
        return None
    try:
        return compile_pattern(text_key(table, name, where))
    except UnsafePattern as error:
        raise InvalidMapping(f"{where}.{name}: {error}") from None


def only(table: Any, known: Sequence[str], where: str) -> None:
    """Raises InvalidMapping for what is no table, or has a key that is none of `known`."""
    if not isinstance(table, dict):
        raise InvalidMapping(f"{where} is not a table")
    for name in table:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(known)}"
            raise InvalidMapping(f"{where}: {name!r} is unknown; {hint}")


def look_up(row: Mapping[str, Any], path: str) -> Any:
    """The value of a column, or of a dotted path into nested objects and lists from 0.

    A column whose own name has dots comes first. With a question mark behind it, a path
    that is not there is null. Raises BadRow.
    """
    if path in row:
        return row[path]
    optional, path = path.endswith("?"), path.removesuffix("?")
    if path in row:
        return row[path]
    found: Any = row
    for part in path.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        elif optional:
            return None
        else:
            near = get_close_matches(path, row, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"The row has: {', '.join(row)[:200]}."
            raise BadRow(path, "is not there", hint)
    return found


def fill(template: str, row: Mapping[str, Any]) -> Any:
    """The template with each {column} replaced; {{ and }} stand for braces. Raises BadRow.

    A template that is one {column} and nothing else is its value, of whatever type.
    """
    whole = _NAMED.fullmatch(template)
    if whole and whole[1] is not None:
        return look_up(row, whole[1])
    return _NAMED.sub(lambda match: _part(match, row), template)


def _part(match: re.Match[str], row: Mapping[str, Any]) -> str:
    if match[1] is None:
        return match[0][0]
    value = look_up(row, match[1])
    if value is None and not match[1].endswith("?"):
        hint = f"Where that is meant, write {{{match[1]}?}} in the mapping."
        raise BadRow(match[1], "is null and cannot become part of a text", hint)
    return text_of(value)


def text_of(value: Any) -> str:
    """A value of a row as text: null is empty, 1.0 is 1, lists and objects are JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def leading_word(words: Sequence[str], text: str) -> str | None:
    """The one of `words` that the text starts with, marks and case aside; None for none."""
    opening = re.match(r"\W*(\w+)", text)
    said = opening[1].casefold() if opening else ""
    return next((word for word in words if word.casefold() == said), None)
