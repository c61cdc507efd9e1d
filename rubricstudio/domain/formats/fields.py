"""Reading one JSON object field by field: every problem is named, none is raised."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar, cast

from rubricstudio.domain.formats.lines import clean, clean_json, kind_of
from rubricstudio.domain.formats.records import NOTHING, Json, Place, Problem

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
NAME_LIMIT = 200
_DIGITS = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_TIME_HINT = "Write it as in 2026-01-31T09:30:00+00:00."
_MISSING = "Every line of this type needs it."


class Fields:
    """The fields of one object. A field that is missing or wrong yields a default and a problem.

    `prefix` is put before field names in problems, as in `criteria[2].weight`.
    """

    def __init__(
        self, values: Mapping[str, Any], place: Place, problems: list[Problem], prefix: str = ""
    ) -> None:
        self.values, self.place, self.problems, self.prefix = values, place, problems, prefix

    def problem(self, field: str, message: str, hint: str = "") -> None:
        name = f"{self.prefix}{field}" if field else self.prefix.rstrip(".")
        self.problems.append(Problem(self.place.file, self.place.line, name, message, hint))

    def only(self, known: Collection[str]) -> None:
        """Note each field that is none of `known`, with the nearest known name."""
        for name in self.values:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
                self.problem(clean(name[:80]), "is no field of this type", hint)

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """A text; where `required`, one that is not blank. A number is taken as its digits."""
        value = self.values.get(name)
        if value is None:
            if required:
                self.problem(name, "is missing", _MISSING)
            return default
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            self.problem(name, f"is {kind_of(value)}, not a text")
            return default
        if required and not value.strip():
            self.problem(name, "is empty", _MISSING)
        return clean(value)

    def name(
        self, name: str, default: str = "", *, required: bool = False, limit: int = NAME_LIMIT
    ) -> str:
        """A text of at most `limit` characters: what other lines, or a list, call something."""
        text = self.text(name, default, required=required)
        if len(text) > limit:
            message = f"has {len(text)} characters, more than {limit}"
            self.problem(name, message, "Shorten it wherever it stands.")
        return text

    def optional_text(self, name: str) -> str | None:
        """A text, or None where the field is absent or null."""
        return None if self.values.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        """True or false, also as a word; false where it is absent."""
        value = self.values.get(name)
        found = value if isinstance(value, bool) else _FLAGS.get(str(value).strip().lower())
        if found is None and value not in (None, ""):
            self.problem(name, f"is {kind_of(value)}, not true or false")
        return bool(found)

    def number(self, name: str, default: float) -> float:
        value = self.optional_number(name)
        return default if value is None else value

    def optional_number(self, name: str) -> float | None:
        """A finite number, or digits in a text, or None."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and not _DIGITS.fullmatch(value):
            self.problem(name, f"is {value[:40]!r}, not a number")
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self.problem(name, f"is {kind_of(value)}, not a number")
            return None
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.problem(name, "is not a finite number", "Leave it out where there is none.")
            return None
        return number

    def optional_whole(self, name: str, limit: int) -> int | None:
        """A whole number from 0 to `limit`, or None."""
        number = self.optional_number(name)
        if number is None or (number.is_integer() and 0 <= number <= limit):
            return None if number is None else int(number)
        self.problem(name, f"is {number:g}, not a whole number from 0 to {limit}")
        return None

    def choice(self, name: str, kind: type[E], default: E | None) -> E | None:
        """A word of `kind`, in any case; `default` where it is absent."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return kind(word_of(value))
        except ValueError:
            words = ", ".join(kind)
            self.problem(name, f"is {clean(str(value)[:40])!r}", f"Use one of: {words}.")
            return default

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        value = self.values.get(name)
        if value is None:
            return ()
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.problem(name, "is not a list of texts")
            return ()
        return tuple(clean(item) for item in items)

    def tags(self, name: str = "tags") -> tuple[str, ...]:
        """A list of texts, each at most NAME_LIMIT characters."""
        found = self.texts(name)
        if any(len(tag) > NAME_LIMIT for tag in found):
            self.problem(name, f"holds a tag of more than {NAME_LIMIT} characters", "Shorten it.")
        return found

    def object(self, name: str) -> Mapping[str, Json]:
        value = self.values.get(name)
        if not value and (value is None or isinstance(value, dict)):
            return NOTHING
        if not isinstance(value, dict):
            self.problem(name, f"is {kind_of(value)}, not an object")
            return NOTHING
        try:
            return cast(Mapping[str, Json], clean_json(value))
        except ValueError as error:
            self.problem(name, str(error))
            return NOTHING

    def objects(self, name: str, short: str = "") -> list[Fields]:
        """The members of a list of objects, each with its own prefix.

        Where `short` names a field, a text alone stands for an object with just that field.
        """
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(name, f"is {kind_of(value)}, not a list")
            return []
        members = []
        for index, item in enumerate(value):
            prefix = f"{self.prefix}{name}[{index}]."
            if isinstance(item, dict):
                members.append(Fields(item, self.place, self.problems, prefix))
            elif short and isinstance(item, str):
                members.append(Fields({short: item}, self.place, self.problems, prefix))
            else:
                self.problem(f"{name}[{index}]", f"is {kind_of(item)}, not an object")
        return members

    def moment(self, name: str) -> datetime | None:
        """A time in ISO 8601 with its offset, or None."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.problem(name, "is no time", _TIME_HINT)
            return None
        if moment.tzinfo is None:
            self.problem(name, "has no time zone", _TIME_HINT)
            return None
        return moment

    def make(self, build: Callable[[], T], wrong: type[ValueError]) -> T | None:
        """What `build` returns; None and a problem where it raises `wrong`."""
        try:
            return build()
        except wrong as error:
            self.problem("", str(error))
            return None


def word_of(value: object) -> str:
    """A word as the format spells words: `Not met` is not_met."""
    return str(value).strip().lower().replace(" ", "_")
