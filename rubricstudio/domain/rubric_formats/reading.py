"""What readers share: objects out of a text, and a tally of rubrics, problems and losses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.lines import DECODER, clean, kind_of, members
from rubricstudio.domain.formats.records import Place, Problem
from rubricstudio.domain.rubric import Criterion, InvalidRubric, Rubric
from rubricstudio.domain.rubric_formats.places import refused_line
from rubricstudio.domain.rubric_formats.protocol import (
    FormatProblem,
    Loss,
    PolarityGuess,
    ReadResult,
    ReadRubric,
)

LoadYaml = Callable[[str], Any]
DumpYaml = Callable[[Any], str]
BROKEN = "Correct the file, or choose its format."
NO_RUBRIC = "Choose the format by hand where it was guessed wrongly."


class UnreadableText(ValueError):
    """A text is not what its format asks for. `line` counts from 1; 0 is the whole."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Reading:
    """Gathers what a reader finds. A row that has a problem gives no rubric; the others do."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._rubrics: list[ReadRubric] = []
        self._beside: list[Loss] = []

    def fields(self, values: Mapping[str, Any], line: int = 0, prefix: str = "") -> Fields:
        return Fields(values, Place("", line), self.problems, prefix)

    def problem(self, line: int, field: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem("", line, field, message, hint))

    def rows(self, text: str, inside: str = "", load: LoadYaml | None = None) -> Iterator[Fields]:
        """Each object of a JSON text (one, or a list of them) or of JSON Lines.

        inside: the field that may hold the list. load: what reads the text where it is YAML.
        """
        for line, value in self._values(text, load):
            if isinstance(value, dict):
                inner = value.get(inside) if inside else None
                if isinstance(inner, list):
                    beside = Dropped()
                    beside.note(self.fields(value, line), (inside, "format"))
                    self._beside += beside.losses
                    yield from self._members(inner, line, inside)
                else:
                    yield self.fields(value, line)
            elif isinstance(value, UnreadableText):
                self.problem(line, "", str(value), BROKEN)
            else:
                hint = "Give an object, a list of objects, or an object a line."
                self.problem(line, "", f"is {kind_of(value)}, not an object", hint)

    def _members(self, values: list[Any], line: int, name: str) -> Iterator[Fields]:
        for index, value in enumerate(values):
            if isinstance(value, dict):
                yield self.fields(value, line, f"{name}[{index}].")
            else:
                self.problem(line, f"{name}[{index}]", f"is {kind_of(value)}, not an object")

    def _values(self, text: str, load: LoadYaml | None) -> Iterator[tuple[int, Any]]:
        try:
            yield from _loaded(text.removeprefix("\ufeff"), load)
        except UnreadableText as error:
            self.problem(error.line, "", str(error), BROKEN)

    def each(
        self,
        text: str,
        build: Callable[[Fields], ReadRubric | None],
        *,
        inside: str = "",
        load: LoadYaml | None = None,
    ) -> ReadResult:
        """`build` over each row; it may raise InvalidRubric, or return None for a row of no use."""
        for fields in self.rows(text, inside, load):
            self.keep(fields, build)
        return self.result()

    def keep(self, fields: Fields, build: Callable[[Fields], ReadRubric | None]) -> None:
        """Keep what `build` makes of a row, unless something is wrong with the row."""
        before = len(self.problems)
        try:
            found = build(fields)
        except InvalidRubric as error:
            if len(self.problems) == before:
                fields.problem("", str(error))
            return
        if found is None or len(self.problems) > before:
            return
        if found.rubric.criteria:
            self._rubrics.append(found)
        else:
            fields.problem("", "holds no criterion", NO_RUBRIC)

    def result(self) -> ReadResult:
        """Everything found; a file without a rubric has at least one problem."""
        if not self._rubrics and not self.problems:
            self.problem(0, "", "holds no rubric", NO_RUBRIC)
        problems = tuple(
            FormatProblem(p.line, clean(p.field), clean(p.message), p.hint) for p in self.problems
        )
        rubrics = self._rubrics
        if self._beside and rubrics:
            first = replace(rubrics[0], losses=(*self._beside, *rubrics[0].losses))
            rubrics = [first, *rubrics[1:]]
        return ReadResult(tuple(rubrics), problems)


def _loaded(text: str, load: LoadYaml | None) -> Iterator[tuple[int, Any]]:
    if not text.strip():
        raise UnreadableText(0, "the file is empty")
    if load is not None:
        value = load(text)
        yield from ((0, item) for item in (value if isinstance(value, list) else [value]))
        return
    try:
        whole = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        yield from _lines(text, error)
        return
    yield from members(text) if isinstance(whole, list) else [(1, whole)]


def _lines(text: str, error: Exception) -> Iterator[tuple[int, Any]]:
    """The values of JSON Lines, an UnreadableText in the place of a broken line.

    Raises it with the `error` of the whole where the first line is broken: it is no JSON Lines.
    """
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    for place, (number, line) in enumerate(lines):
        try:
            yield number, DECODER.decode(line)
        except (ValueError, RecursionError) as wrong:
            if place == 0:
                at = getattr(error, "lineno", 0) or refused_line(text)
                raise UnreadableText(at, _not_json(error)) from wrong
            yield number, UnreadableText(number, _not_json(wrong))


def _not_json(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply to be read"
    return f"is not JSON: {error}"


class Dropped:
    """Counts the fields that a reader has no place for, and names them as losses."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, bool]] = Counter()
        self._said: Counter[str] = Counter()

    def say(self, message: str, criteria: int = 0) -> None:
        """Name another loss, and count the criteria that it touched."""
        self._said[message] += criteria

    def note(self, fields: Fields, known: Collection[str], *, criterion: bool = False) -> None:
        """Count the filled fields that are none of `known`."""
        for name, value in fields.values.items():
            if name not in known and value not in (None, "", [], {}):
                self._counts[clean(str(name)[:80]), criterion] += 1

    @property
    def losses(self) -> tuple[Loss, ...]:
        fields = (
            Loss(f"the field {name} is left out", count if criterion else 0)
            for (name, criterion), count in self._counts.items()
        )
        return (*fields, *(Loss(message, count) for message, count in self._said.items()))


def prompt_of(fields: Fields, name: str) -> tuple[str, tuple[Loss, ...]]:
    """The prompt in a text or a list of messages; a longer conversation becomes one text."""
    value = fields.values.get(name)
    if not isinstance(value, list):
        return fields.text(name), ()
    messages = fields.objects(name)
    if not messages:
        return "", ()
    if len(messages) == 1 and messages[0].text("role", "user") == "user":
        return messages[0].text("content"), ()
    parts = [f"{m.text('role', 'user')}: {m.text('content')}" for m in messages]
    return "\n\n".join(parts), (Loss(f"{len(parts)} messages of the prompt become one text"),)


def inner(fields: Fields, name: str) -> Fields:
    """The object in a field that holds one; its problems name the way to it."""
    return Fields(fields.values[name], fields.place, fields.problems, f"{fields.prefix}{name}.")


def items_of(fields: Fields, *names: str, short: str = "") -> list[Fields]:
    """The members of the first of these lists that is there; a problem where none is.

    Where `short` names a field, a text alone stands for an object with just that field.
    """
    found = next((name for name in names if fields.values.get(name) is not None), "")
    if not found:
        fields.problem(names[0], "is missing", NO_RUBRIC)
        return []
    return fields.objects(found, short)


def position_key(number: int) -> str:
    """The key of the criterion at this place, from 1, in a format without keys."""
    return f"c{number}"


def rubric_of(
    criteria: Sequence[Criterion | None],
    aggregator: str,
    *,
    name: str = "",
    task: str = "",
    prompt: str = "",
    guesses: Sequence[PolarityGuess] = (),
    losses: Sequence[Loss] = (),
) -> ReadRubric:
    """A read rubric. Raises InvalidRubric where the criteria do not fit together."""
    whole = tuple(criterion for criterion in criteria if criterion is not None)
    return ReadRubric(Rubric(whole, aggregator), name, task, prompt, tuple(guesses), tuple(losses))
