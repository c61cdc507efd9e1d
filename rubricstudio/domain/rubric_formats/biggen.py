"""BiGGen-Bench and Prometheus: a row a criterion whose levels 1 to 5 are described.

Rows that follow each other with one `id` and input are criteria of one rubric. Source:
prometheus-eval, BiGGen-Bench.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import BINARY, Criterion, Level, Scale, ScaleKind
from rubricstudio.domain.rubric_formats.losing import Losing, filled, lines
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import (
    Dropped,
    Reading,
    position_key,
    rubric_of,
)

AGGREGATOR = "hierarchical_grades"
_LEVEL = re.compile(r"score_?(\d{1,3})(?:_description)?", re.ASCII)
_ROW = ("id", "task", "input", "instruction", "capability", "score_rubric", "rubric")


def read(text: str) -> ReadResult:
    """The rubrics of BiGGen-Bench rows, in JSON Lines or a JSON list."""
    reading = Reading()
    for _, members in groupby(_numbered(reading, text), key=lambda pair: pair[0]):
        rows = [fields for _, fields in members]
        reading.keep(rows[0], lambda first, rows=rows: _rubric(rows))  # type: ignore[misc]
    return reading.result()


def _numbered(reading: Reading, text: str) -> Iterator[tuple[Any, Fields]]:
    """Each row with what it shares with the others of its rubric."""
    for place, fields in enumerate(reading.rows(text)):
        task, prompt = fields.values.get("id"), fields.values.get("input")
        yield (str(task), str(prompt), -1) if task else ("", "", place), fields


def _rubric(rows: Sequence[Fields]) -> ReadRubric:
    dropped = Dropped()
    criteria = [_criterion(row, place, dropped) for place, row in enumerate(rows, 1)]
    first = rows[0]
    return rubric_of(
        criteria,
        AGGREGATOR,
        name=first.text("task"),
        task=first.text("id"),
        prompt=first.text("input") or first.text("instruction"),
        losses=dropped.losses,
    )


def _criterion(row: Fields, place: int, dropped: Dropped) -> Criterion:
    inner = row
    for name in ("score_rubric", "rubric"):
        if isinstance(row.values.get(name), dict):
            prefix = f"{row.prefix}{name}."
            inner = Fields(row.values[name], row.place, row.problems, prefix)
            dropped.note(row, _ROW)
            break
    found = {name: _LEVEL.fullmatch(name) for name in inner.values}
    levels = [
        Level(float(match.group(1)), match.group(1).lstrip("0") or "0", inner.text(name))
        for name, match in found.items()
        if match
    ]
    known = {name for name, match in found.items() if match} | {"criteria"}
    dropped.note(inner, known if inner is not row else {*known, *_ROW}, criterion=True)
    levels.sort(key=lambda level: level.value)
    if len({level.value for level in levels}) < max(len(levels), 2):
        hint = "Describe two or more levels: score1_description, score2_description, ..."
        inner.problem("score1_description", "the levels are missing or stand twice", hint)
        levels = []
    scale = Scale(ScaleKind.ORDINAL, tuple(levels)) if levels else BINARY
    text, category = inner.text("criteria", required=True), row.name("capability")
    return Criterion(position_key(place), text, scale=scale, category=category)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a criterion; scales become levels from 1 on."""
    losing, rows = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("name", "task", "prompt"))
        leaves = losing.flat(named)
        losing.fields(leaves, ("met_means", "scale", "category"))
        if len(leaves) > 1 and not named.task:
            losing.note("a rubric without a task falls apart: its criteria are read as rubrics")
        rows += [_row(named, criterion, losing) for criterion in leaves]
    if any(a.task and (a.task, a.prompt) == (b.task, b.prompt) for a, b in pairwise(rubrics)):
        losing.note("rubrics of the same task that follow each other are read as one")
    return Written(lines(rows), losing.losses)


def _row(named: NamedRubric, criterion: Criterion, losing: Losing) -> dict[str, Any]:
    about = {"id": named.task, "task": named.name, "input": named.prompt}
    levels = {
        f"score{place}_description": text
        for place, text in enumerate(_levels(criterion, losing), 1)
    }
    return {
        **filled(**about, capability=criterion.category),
        "score_rubric": {"criteria": losing.good(criterion), **levels},
    }


def _levels(criterion: Criterion, losing: Losing) -> list[str]:
    """The description of each level from 1 on."""
    scale = criterion.scale
    if scale.kind is not ScaleKind.ORDINAL:
        losing.note("scales without levels: become the levels 1 and 2", 1)
        return ["Not met", "Met"]
    if any(level.value != place for place, level in enumerate(scale.levels, 1)):
        losing.note("levels: their values become 1, 2 and so on", 1)
    if any(level.label != str(place) for place, level in enumerate(scale.levels, 1)):
        losing.note("levels: their labels are left out where they are described", 1)
    return [level.description or level.label for level in scale.levels]


FORMAT = RubricFormat(
    name="biggen",
    label="BiGGen-Bench, Prometheus",
    about="A criterion a row, with a description of each level from 1 to 5.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"score1' in text or '"score_rubric"' in text,
    read=read,
    write=write,
)
