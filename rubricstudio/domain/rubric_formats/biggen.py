"""BiGGen-Bench and Prometheus: a row a criterion whose levels 1 to 5 are described.

Rows that follow each other with one `id` and input are criteria of one rubric. The task files
of BiGGen-Bench have no `id`: their loader joins capability, task and `instance_idx`, as is done
here. Rows of the Feedback Collection call every field `orig_...`. Source:
prometheus-eval/prometheus-eval, BiGGen-Bench/tasks and data_loader.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.lines import clean
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
    inner,
    position_key,
    rubric_of,
)
from rubricstudio.domain.rubric_formats.rows import leaves_of

AGGREGATOR = "hierarchical_grades"
_LEVEL = re.compile(r"(?:orig_)?score_?(\d{1,3})(?:_description)?", re.ASCII)
_PROMPTS = ("input", "orig_instruction", "instruction")
_ROW = (*_PROMPTS, "id", "task", "instance_idx", "capability", "score_rubric", "rubric")


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
        task, prompt = _task(fields), fields.values.get("input")
        yield (task, str(prompt), -1) if task else ("", "", place), fields


def _task(fields: Fields) -> str:
    """The id of a row, or what the benchmark's loader makes of a row without one."""
    values = fields.values
    if values.get("id") or values.get("instance_idx") is None:
        return str(values.get("id") or "")
    return clean(
        f"{values.get('capability', '')}_{values.get('task', '')}_{values['instance_idx']}"
    )


def _rubric(rows: Sequence[Fields]) -> ReadRubric:
    dropped = Dropped()
    criteria = [_criterion(row, place, dropped) for place, row in enumerate(rows, 1)]
    first = rows[0]
    prompt = next((name for name in _PROMPTS if first.values.get(name)), "input")
    return rubric_of(
        criteria,
        AGGREGATOR,
        name=first.text("task"),
        task=first.text("id") or _task(first),
        prompt=first.text(prompt),
        losses=dropped.losses,
    )


def _criterion(row: Fields, place: int, dropped: Dropped) -> Criterion:
    held = next((n for n in ("score_rubric", "rubric") if isinstance(row.values.get(n), dict)), "")
    holder = inner(row, held) if held else row
    found = {name: _LEVEL.fullmatch(name) for name in holder.values}
    levels = [
        Level(float(match.group(1)), match.group(1).lstrip("0") or "0", holder.text(name))
        for name, match in found.items()
        if match
    ]
    name = "criteria" if "orig_criteria" not in holder.values else "orig_criteria"
    known = {name, *(level for level, match in found.items() if match)}
    if held:
        dropped.note(row, _ROW)
    dropped.note(holder, known if held else {*known, *_ROW}, criterion=True)
    text, category = holder.text(name, required=True), row.name("capability")
    return Criterion(position_key(place), text, scale=_scale(holder, levels), category=category)


def _scale(holder: Fields, levels: list[Level]) -> Scale:
    if len({level.value for level in levels}) < max(len(levels), 2):
        hint = "Describe two or more levels: score1_description, score2_description, ..."
        holder.problem("score1_description", "the levels are missing or stand twice", hint)
        return BINARY
    return Scale(ScaleKind.ORDINAL, tuple(sorted(levels, key=lambda level: level.value)))


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a criterion; scales become levels from 1 on."""
    losing, rows = Losing(), []
    about, kept = ("name", "task", "prompt"), ("met_means", "scale", "category")
    for named, leaves in leaves_of(rubrics, losing, AGGREGATOR, about=about, kept=kept):
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
    matches=lambda name, text: any(
        look in text for look in ('"score1', '"score_rubric"', '"orig_score1_description"')
    ),
    read=read,
    write=write,
)
