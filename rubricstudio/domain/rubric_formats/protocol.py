"""What a rubric format is: how one is read, what it gives, and what it could not hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rubricstudio.domain.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that a format cannot hold, in words, with the number of criteria it touched."""

    message: str
    criteria: int = 0


@dataclass(frozen=True, slots=True)
class FormatProblem:
    """What is wrong with a file: where (a line, 0 for the whole), which field, what to do."""

    line: int
    field: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class PolarityGuess:
    """Whether meeting a criterion is good, where its format leaves that open.

    `met_is_good` is the guess, `why` the reason a person can check. It is asked about before
    anything is stored.
    """

    key: str
    met_is_good: bool
    why: str


@dataclass(frozen=True, slots=True)
class ReadRubric:
    """One rubric of a file. `name` and `task` are what the file calls it and its task, or empty.

    `guesses` stand for criteria whose polarity the file does not say; the rubric already
    follows them.
    """

    rubric: Rubric
    name: str = ""
    task: str = ""
    prompt: str = ""
    guesses: tuple[PolarityGuess, ...] = ()
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The rubrics of a file and what is wrong with it."""

    rubrics: tuple[ReadRubric, ...] = ()
    problems: tuple[FormatProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedRubric:
    """A rubric to be written, with what formats beside it ask for."""

    rubric: Rubric
    name: str = ""
    task: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A file's text and what the format could not hold."""

    text: str
    losses: tuple[Loss, ...] = ()


Reader = Callable[[str], ReadResult]
Writer = Callable[[Sequence[NamedRubric]], Written]


@dataclass(frozen=True, slots=True)
class RubricFormat:
    """A format by name. `read` or `write` is None where only the other direction exists.

    `matches` says whether a text looks like this format, from a file's name and its start.
    `by_line`: each line of its JSON Lines is a rubric by itself, so that a file of any size
    can be read line by line.
    """

    name: str
    label: str
    about: str
    endings: tuple[str, ...]
    matches: Callable[[str, str], bool]
    read: Reader | None = None
    write: Writer | None = None
    by_line: bool = False
