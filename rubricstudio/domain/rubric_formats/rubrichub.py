"""RubricHub: a row a question, with `rubrics` of `criterion` and `points` from 0 to 10.

The published sets are read, too: that for reinforcement learning, with `prompt` and `Rubrics`,
which stand again in `reward_model`, and that for fine-tuning, with `query` and `sample_id`.
Source: teqkilla/RubricHub, step5_export_dataset.py; loaders of sojuL/RubricHub_v1.
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing, lines
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Reading, inner, items_of
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "weighted_mean"
SIGNED = "pos_normalised"
"""The aggregator of a rubric of the training form that has points below 0."""
HIGHEST = 10
_LISTS = ("rubrics", "Rubrics")
_PROMPTS = ("question", "query", "prompt")
_ROW = (*_LISTS, *_PROMPTS, "id", "sample_id", "reward_model")


def read(text: str) -> ReadResult:
    """The rubrics of RubricHub rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    row, holder = Row(fields, _ROW), fields
    if isinstance(fields.values.get("reward_model"), dict):
        model = inner(fields, "reward_model")
        row.dropped.note(model, _LISTS)
        holder = fields if any(name in fields.values for name in _LISTS) else model
    for key, item in row.items(items_of(holder, *_LISTS), ("criterion", "points")):
        text, points = item.text("criterion", required=True), item.number("points", 1.0)
        row.add_signed(Criterion(key, text, weight=points))
    prompt = row.prompt(next((name for name in _PROMPTS if name in fields.values), "prompt"))
    return row.rubric(
        SIGNED if row.guesses else AGGREGATOR,
        task=fields.text("id") or fields.text("sample_id"),
        prompt=prompt,
    )


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric; points are whole numbers from 0 to 10."""
    losing, kept = Losing(), ("weight", "met_means")
    rows = [
        {
            "question": named.prompt,
            "id": named.task,
            "rubrics": [
                {"criterion": losing.good(c), "points": _points(losing.positive(c), losing)}
                for c in leaves
            ],
        }
        for named, leaves in leaves_of(
            rubrics, losing, AGGREGATOR, about=("task", "prompt"), kept=kept
        )
    ]
    return Written(lines(rows), losing.losses)


def _points(weight: float, losing: Losing) -> int:
    points = int(min(max(round(weight), 0), HIGHEST))
    if points != weight:
        losing.note(f"weights: brought to a whole number from 0 to {HIGHEST}", 1)
    return points


_LOOKS = ('"question"', '"query"', '"reward_model"', '"Rubrics"')
FORMAT = RubricFormat(
    name="rubrichub",
    label="RubricHub",
    about="A question a row, with criteria of 0 to 10 points.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: (
        '"criterion"' in text and '"points"' in text and any(look in text for look in _LOOKS)
    ),
    read=read,
    write=write,
    by_line=True,
)
