"""Regular expressions from a mapping file, kept to ones that cannot run away.

Python's engine backtracks, so a careless pattern can take years on one cell. A pattern is
accepted when its work has a bound that is the product of its repeats, and it is run only on
texts for which that bound stays small.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PATTERN_LIMIT = 200
STEP_LIMIT = 10_000_000
_BOUNDED = re.compile(r"\{(\d*)(?:,(\d*))?\}")


class UnsafePattern(ValueError):
    """The pattern is not accepted; the message says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern and its bound: at most `factor` * length ** `power` steps.

    `power` counts the repeats without an end (`*`, `+`, `{2,}`), `factor` is the product of
    the others and of the number of alternatives.
    """

    regex: re.Pattern[str]
    factor: int
    power: int

    def longest(self, *, anywhere: bool) -> int | None:
        """The longest text that this is run on, in characters; None for any.

        A match that may start anywhere costs as much as one more repeat without an end.
        """
        said = self.regex.pattern
        power = self.power + (anywhere and not (said.startswith("^") and "|" not in said))
        return None if power == 0 else int((STEP_LIMIT / self.factor) ** (1 / power))

    def start(self, text: str) -> re.Match[str] | None:
        """The match at the start. Raises UnsafePattern where the text is too long for it."""
        self._check(text, anywhere=False)
        return self.regex.match(text)

    def search(self, text: str) -> re.Match[str] | None:
        """The first match anywhere. Raises UnsafePattern where the text is too long for it."""
        self._check(text, anywhere=True)
        return self.regex.search(text)

    def _check(self, text: str, *, anywhere: bool) -> None:
        limit = self.longest(anywhere=anywhere)
        if limit is not None and len(text) > limit:
            raise UnsafePattern(
                f"the pattern {self.regex.pattern!r} is run on at most {limit} characters, "
                f"this text has {len(text)}; repeats with an end, such as {{0,20}}, allow more"
            )


def compile_pattern(text: str) -> Pattern:
    """The pattern, if it is valid and bounded. Raises UnsafePattern."""
    if len(text) > PATTERN_LIMIT:
        raise UnsafePattern(f"a pattern has at most {PATTERN_LIMIT} characters")
    try:
        regex = re.compile(text)
    except re.error as error:
        raise UnsafePattern(f"the pattern is not valid: {error}") from None
    factor, power = _cost(text)
    if factor > STEP_LIMIT:
        raise UnsafePattern("the pattern has too many repeats")
    return Pattern(regex, factor, power)


def _cost(text: str) -> tuple[int, int]:
    """(factor, power) of a valid pattern. Raises UnsafePattern for repeats inside repeats."""
    factor, power, at = 1, 0, 0
    groups: list[bool] = []  # for each open group, whether it can match in several ways
    inner = False  # whether what was read last can
    while at < len(text):
        char = text[at]
        repeat = _repeat(text, at)
        if repeat:
            size, length = repeat
            if inner and size != 2:
                raise UnsafePattern("a repeat around repeats or alternatives can run away")
            power, factor = power + (size is None), factor * (size or 1)
            groups = [True] * len(groups)
            inner, at = False, at + length
            continue
        inner = False
        if char == "(":
            _check_group(text, at)
            groups.append(False)
        elif char == ")" and groups:
            inner = groups.pop()
        elif char == "|":
            factor += 1
            groups = [True] * len(groups)
        at = _after(text, at)
    return factor, power


def _repeat(text: str, at: int) -> tuple[int | None, int] | None:
    """(number of ways, or None without end; characters read) of a repeat that stands here."""
    if text[at] == "?":
        return (2, 1) if text[at - 1 : at] != "(" else None
    if text[at] in "*+":
        return None, 1 + (text[at + 1 : at + 2] in ("?", "+"))
    found = _BOUNDED.match(text, at)
    if not found:
        return None
    low, high = found[1], found[2]
    length = len(found[0]) + (text[found.end() : found.end() + 1] in ("?", "+"))
    if high is None:
        return 1, length
    return (None if high == "" else int(high) - int(low or 0) + 1), length


def _check_group(text: str, at: int) -> None:
    """Groups that look around or refer back have no simple bound."""
    start = text[at : at + 3]
    if start.startswith("(?") and start not in ("(?:", "(?P") or text[at : at + 4] == "(?P=":
        raise UnsafePattern("only (...), (?:...) and (?P<name>...) groups are accepted")


def _after(text: str, at: int) -> int:
    """The position behind the item that starts here: a character, an escape or a class."""
    if text[at] == "\\":
        if text[at + 1 : at + 2].isdigit():
            raise UnsafePattern("a pattern cannot refer back to a group")
        return at + 2
    if text[at] != "[":
        return at + 1
    at += 2 if text[at + 1 : at + 2] == "^" else 1
    at += text[at : at + 1] == "]"  # a bracket that comes first stands for itself
    while text[at] != "]":
        at += 2 if text[at] == "\\" else 1
    return at + 1
