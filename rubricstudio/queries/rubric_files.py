"""Rubric files: what one holds, as it is looked at before it is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from rubricstudio import rubric_files
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.formats.lines import can_be_stored
from rubricstudio.domain.formats.records import KEY_LIMIT
from rubricstudio.domain.rubric_formats.protocol import (
    FormatProblem,
    PolarityGuess,
    ReadResult,
    ReadRubric,
    RubricFormat,
)
from rubricstudio.models import Project, Task

MAX_DEPTH = 50
"""How deep groups may sit in each other; public rubrics reach 10."""
MOST_RUBRICS, MOST_CRITERIA = 200, 5_000
"""What one import in the browser may hold; a command takes any number."""
FOLDED = 60
"""A rubric of more rows than this is shown with its groups folded."""
PROBLEMS_SHOWN = 50
NAME_LIMIT, SHORT_LIMIT = 200, 200


# -- reading


def read_file(format_name: str, file_name: str, text: str) -> ReadResult:
    """The rubrics of a file that can be stored; of the others, why not. Never raises."""
    try:
        result = rubric_files.read(format_name, file_name, text)
    except RecursionError:
        deep = FormatProblem(0, "", _("is nested too deeply to be read"), _("Is it a rubric?"))
        return ReadResult(problems=(deep,))
    return storable(result)


def storable(result: ReadResult) -> ReadResult:
    """The rubrics that can be stored; of the others, why not."""
    good, problems = [], list(result.problems)
    for number, found in enumerate(result.rubrics, 1):
        unfit = _unfit(found, number)
        if unfit is None:
            good.append(found)
        else:
            problems.append(unfit)
    return ReadResult(tuple(good), tuple(problems))


def _unfit(found: ReadRubric, number: int) -> FormatProblem | None:
    """Why the rubric cannot be stored, None where it can."""
    depths: dict[str | None, int] = {None: 0}
    for criterion in found.rubric.criteria:
        depths[criterion.key] = depths[criterion.parent] + 1
        message = _unfit_text(criterion)
        if message:
            shown = criterion.key[:40].encode("utf-8", "replace").decode()
            where = _("rubric %(n)s, criterion %(key)s") % {"n": number, "key": shown}
            return FormatProblem(0, where.replace("\x00", "?"), message)
        if depths[criterion.key] > MAX_DEPTH:
            message = _("has groups in groups more than %(n)s deep") % {"n": MAX_DEPTH}
            hint = _("Join some of the levels.")
            return FormatProblem(0, _("rubric %(n)s") % {"n": number}, message, hint)
    return None


def _unfit_text(criterion: domain.Criterion) -> str:
    if len(criterion.key) > KEY_LIMIT:
        return _("has a key longer than %(n)s characters") % {"n": KEY_LIMIT}
    if any(len(text) > SHORT_LIMIT for text in (*criterion.tags, criterion.category)):
        return _("has a tag or category longer than %(n)s characters") % {"n": SHORT_LIMIT}
    if abs(criterion.weight) >= 1e300:
        return _("has a weight too large to be stored")
    if not all(can_be_stored(text) for text in _texts(criterion)):
        return _("holds characters that cannot be stored")
    return ""


def _texts(criterion: domain.Criterion) -> Iterator[str]:
    yield from (criterion.key, criterion.text, criterion.description, criterion.category)
    yield from (criterion.program, *criterion.tags, *criterion.references)
    for level in criterion.scale.levels:
        yield from (level.label, level.description)
    for example in criterion.examples:
        yield from (example.text, example.note)
    if criterion.origin:
        yield from (criterion.origin.kind, criterion.origin.name, criterion.origin.ref)


# -- looking


@dataclass(frozen=True)
class Row:
    """A criterion of a file in its tree.

    index: its place in the rubric. size: how many rows sit below a group. closes: one item for
    each group that ends behind it. good: what meeting it means, where that is asked.
    """

    criterion: domain.Criterion
    index: int
    size: int
    closes: range
    open: bool
    guess: PolarityGuess | None = None
    good: bool = True


@dataclass(frozen=True)
class Found:
    """One rubric of a file under the name it would get.

    task: the one it would belong to. taken: whether it is to be stored. answers: by key,
    whether meeting a criterion is good, in place of the guess.
    """

    index: int
    read: ReadRubric
    name: str
    task: Task | None = None
    taken: bool = True
    answers: Mapping[str, bool] = field(default_factory=dict)

    @property
    def criteria(self) -> int:
        return len(self.read.rubric.leaves)

    @property
    def groups(self) -> int:
        return len(self.read.rubric.criteria) - self.criteria

    @cached_property
    def guesses(self) -> Mapping[str, PolarityGuess]:
        return {guess.key: guess for guess in self.read.guesses}

    @cached_property
    def settled(self) -> Mapping[str, bool]:
        """Whether meeting it is good, for each criterion whose file does not say."""
        return {
            key: self.answers.get(key, guess.met_is_good) for key, guess in self.guesses.items()
        }

    @cached_property
    def rows(self) -> list[Row]:
        """The rows depth first.

        Groups stand open where they hold an open question, and otherwise down to the level to
        which a page of rows is enough.
        """
        walked = _walked(self.read.rubric)
        asked, shown = self._asked(), _shown_depth([depth for depth, *_rest in walked])
        rows = []
        for place, (depth, index, criterion) in enumerate(walked):
            end = place + 1
            while end < len(walked) and walked[end][0] > depth:
                end += 1
            behind = walked[place + 1][0] if place + 1 < len(walked) else 0
            level = depth + 1 if criterion.is_group else depth
            row = Row(
                criterion=criterion,
                index=index,
                size=end - place - 1,
                closes=range(max(level - behind, 0)),
                open=depth < shown or criterion.key in asked,
                guess=self.guesses.get(criterion.key),
                good=self.settled.get(criterion.key, True),
            )
            rows.append(row)
        return rows

    def _asked(self) -> set[str]:
        """The groups that hold a criterion whose polarity is asked about."""
        asked: set[str] = set()
        for key in self.guesses:
            above = self.read.rubric.by_key[key].parent
            while above is not None and above not in asked:
                asked.add(above)
                above = self.read.rubric.by_key[above].parent
        return asked


def _walked(value: domain.Rubric) -> list[tuple[int, int, domain.Criterion]]:
    """(depth, place in the rubric, criterion), depth first."""
    children: dict[str | None, list[tuple[int, domain.Criterion]]] = {}
    for index, criterion in enumerate(value.criteria):
        children.setdefault(criterion.parent, []).append((index, criterion))
    walked = []
    stack = [(0, *child) for child in reversed(children.get(None, []))]
    while stack:
        depth, index, criterion = stack.pop()
        walked.append((depth, index, criterion))
        stack += [(depth + 1, *child) for child in reversed(children.get(criterion.key, []))]
    return walked


def _shown_depth(depths: Sequence[int]) -> int:
    """The deepest level that is shown without unfolding: FOLDED rows, or the first level."""
    counts = Counter(depths)
    shown = total = 0
    for depth in sorted(counts):
        total += counts[depth]
        if total <= FOLDED:
            shown = depth
    return shown


@dataclass(frozen=True)
class Look:
    """What is in a file: its rubrics and its problems. too_many: why it is not offered here."""

    format: RubricFormat | None
    file_name: str
    rubrics: Sequence[Found]
    all_problems: Sequence[FormatProblem]
    too_many: str = ""

    @property
    def problems(self) -> Sequence[FormatProblem]:
        return self.all_problems[:PROBLEMS_SHOWN]

    @property
    def n_problems(self) -> int:
        return len(self.all_problems)

    @property
    def n_guesses(self) -> int:
        return sum(len(found.read.guesses) for found in self.rubrics)

    @property
    def n_guessed(self) -> dict[str, int]:
        """How many rows are guessed good, and how many bad."""
        good = sum(guess.met_is_good for found in self.rubrics for guess in found.read.guesses)
        return {"good": good, "bad": self.n_guesses - good}

    @property
    def n_criteria(self) -> int:
        return sum(found.criteria for found in self.rubrics)

    @property
    def origin(self) -> domain.Origin:
        label = self.format.label if self.format else ""
        return domain.Origin("import", label, self.file_name)


def look_at(*, project: Project, text: str, file_name: str, format_name: str = "") -> Look:
    """The rubrics of a file, named apart from each other and joined with their tasks."""
    known = rubric_files.FORMATS.get(format_name) if format_name else None
    chosen = known or rubric_files.detect(file_name, text)
    result = read_file(chosen.name if chosen else format_name, file_name, text)
    return look_of(project, chosen, file_name, result, {})


def look_of(
    project: Project,
    chosen: RubricFormat | None,
    file_name: str,
    result: ReadResult,
    names: dict[str, int],
) -> Look:
    """What was read of a file, or of a piece of it.

    names: those given so far, with the last number behind each; the new ones are added.
    """
    wanted = {found.task for found in result.rubrics if found.task}
    tasks = {t.external_id: t for t in project.tasks.filter(external_id__in=wanted)}
    rubrics = []
    for index, found in enumerate(result.rubrics):
        name = _apart(_name(found, file_name), names)
        rubrics.append(Found(index, found, name, tasks.get(found.task)))
    return Look(chosen, file_name, rubrics, result.problems)


def _apart(base: str, names: dict[str, int]) -> str:
    """`base`, or the first of base-2, base-3, ... that was not given; quick for any number."""
    number = names.get(base, 0) + 1
    while (name := base if number == 1 else f"{base}-{number}") in names and number > 1:
        number += 1
    names[base] = number
    names.setdefault(name, 1)
    return name


def bounded(look: Look) -> Look:
    """The same, without its rubrics where they are more than a page can show."""
    n, rows = len(look.rubrics), sum(len(f.read.rubric.criteria) for f in look.rubrics)
    if n <= MOST_RUBRICS and rows <= MOST_CRITERIA:
        return look
    facts = {"n": n, "rows": rows, "most": MOST_RUBRICS, "most_rows": MOST_CRITERIA}
    message = _(
        "The file holds %(n)s rubrics with %(rows)s criteria and groups; here it may be"
        " %(most)s with %(most_rows)s. Split it, or use manage.py import_rubric."
    )
    return replace(look, rubrics=(), too_many=message % facts)


def _name(found: ReadRubric, file_name: str) -> str:
    """What the file calls the rubric or its task, the prompt, or the file; room for a number."""
    stem = PurePath(file_name).stem
    prompt = Truncator(" ".join(found.prompt.split())).chars(80)
    name = found.name or found.task or prompt or stem or _("Imported rubric")
    return " ".join(name.split())[: NAME_LIMIT - 10] or _("Imported rubric")


# -- choosing


@dataclass(frozen=True)
class Chosen:
    """A rubric of a file as it is to be stored."""

    name: str
    value: domain.Rubric
    task: Task | None = None


def choose(found: Found, origin: domain.Origin) -> Chosen:
    """The rubric with its polarity settled.

    A criterion that says where it came from keeps that; the others came from the file.
    """
    criteria = tuple(
        replace(
            criterion,
            origin=criterion.origin or origin,
            met_means=_polarity(found.settled[criterion.key])
            if criterion.key in found.settled
            else criterion.met_means,
        )
        for criterion in found.read.rubric.criteria
    )
    return Chosen(found.name, replace(found.read.rubric, criteria=criteria), found.task)


def _polarity(good: bool) -> domain.MetMeans:
    return domain.MetMeans.GOOD if good else domain.MetMeans.BAD


def readable() -> list[RubricFormat]:
    """The formats that can be read, by label."""
    known = [format_ for format_ in rubric_files.FORMATS.values() if format_.read is not None]
    return sorted(known, key=lambda format_: format_.label.lower())
