"""Reading one JSON object field by field: every problem is named, none is raised."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar, cast

from rubricstudio.domain.formats.records import NOTHING, Json, Place, Problem

E = TypeVar("E", bound=StrEnum)
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    return _KINDS.get(type(value), "a number")


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
                self.problem(name, "is no field of this type", hint)

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """A text; where `required`, one that is not blank. A number is taken as its digits."""
        value = self.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if value is None:
            if required:
                self.problem(name, "is missing", "Every line of this type needs it.")
            return default
        if not isinstance(value, str):
            self.problem(name, f"is {kind_of(value)}, not a text")
            return default
        if required and not value.strip():
            self.problem(name, "is empty", "Every line of this type needs it.")
        return clean(value)

    def optional_text(self, name: str) -> str | None:
        """A text, or None where the field is absent or null."""
        return None if self.values.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            self.problem(name, f"is {kind_of(value)}, not true or false")
            return False
        return value

    def number(self, name: str, default: float) -> float:
        value = self.optional_number(name)
        return default if value is None else value

    def optional_number(self, name: str) -> float | None:
        """A finite number, or digits in a text, or None."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self.problem(name, f"is {kind_of(value)}, not a number")
            return None
        try:
            number = float(value)
        except (ValueError, OverflowError):
            self.problem(name, f"is {str(value)[:40]!r}, not a number")
            return None
        if not math.isfinite(number):
            self.problem(name, "is not a finite number", "Leave it out where there is none.")
            return None
        return number

    def whole(self, name: str, default: int = 0) -> int:
        number = self.number(name, default)
        if number != int(number) or not 0 <= number < 32_768:
            self.problem(name, "is not a whole number from 0 to 32767")
            return default
        return int(number)

    def choice(self, name: str, kind: type[E], default: E | None) -> E | None:
        """A word of `kind`, in any case; `default` where it is absent."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return kind(str(value).strip().lower().replace(" ", "_"))
        except ValueError:
            words = ", ".join(kind)
            self.problem(name, f"is {str(value)[:40]!r}", f"Use one of: {words}.")
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

    def object(self, name: str) -> Mapping[str, Json]:
        value = self.values.get(name)
        if value is None:
            return NOTHING
        if not isinstance(value, dict):
            self.problem(name, f"is {kind_of(value)}, not an object")
            return NOTHING
        return cast(Mapping[str, Json], clean_json(value))

    def objects(self, name: str) -> list[Fields]:
        """The members of a list of objects, each with its own prefix."""
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
            self.problem(name, "is no time", "Write it as in 2026-01-31T09:30:00+00:00.")
            return None
        if moment.tzinfo is None:
            self.problem(name, "has no time zone", "Write it as in 2026-01-31T09:30:00+00:00.")
            return None
        return moment

    def make(self, build: Callable[[], Any], wrong: type[ValueError]) -> Any:
        """What `build` returns, or None where nothing was wrong so far but it raises `wrong`."""
        try:
            return build()
        except wrong as error:
            self.problem("", str(error))
            return None


def clean(text: str) -> str:
    """The text without what PostgreSQL cannot hold: NUL, and halves of surrogate pairs."""
    if "\x00" in text:
        text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_json(value: Any) -> Any:
    """`clean` for every text inside a JSON value."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): clean_json(item) for key, item in value.items()}
    return value
