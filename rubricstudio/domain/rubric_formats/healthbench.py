"""HealthBench: a row a prompt, with `rubrics` of `criterion`, `points` and `tags`.

Points below 0 stand for something bad that a response does. The professional edition names
its fields otherwise and is read, too. Source: openai/simple-evals, healthbench_eval.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing, lines, number
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Reading, inner, items_of
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "pos_normalised"
_ROW = ("prompt", "prompt_id", "rubrics", "id", "rubric_items", "conversation")
_ITEM = ("criterion", "criterion_text", "points", "tags")


def read(text: str) -> ReadResult:
    """The rubrics of HealthBench rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    row = Row(fields, _ROW)
    for key, item in row.items(items_of(fields, "rubrics", "rubric_items"), _ITEM):
        name = "criterion_text" if "criterion_text" in item.values else "criterion"
        text, points = item.text(name, required=True), item.number("points", 1.0)
        row.add_signed(Criterion(key, text, weight=points, tags=item.tags()), "HealthBench")
    if isinstance(fields.values.get("conversation"), dict):
        prompt = row.prompt("messages", inner(fields, "conversation"))
    else:
        prompt = row.prompt("conversation" if "conversation" in fields.values else "prompt")
    task = fields.text("prompt_id") or fields.text("id")
    return row.rubric(AGGREGATOR, task=task, prompt=prompt)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric."""
    losing, kept = Losing(), ("weight", "met_means", "tags")
    rows = [
        {
            "prompt": [{"role": "user", "content": named.prompt}] if named.prompt else [],
            "prompt_id": named.task,
            "rubrics": [
                {"criterion": c.text, "points": number(losing.signed(c)), "tags": list(c.tags)}
                for c in leaves
            ],
            "example_tags": [],
        }
        for named, leaves in leaves_of(
            rubrics, losing, AGGREGATOR, about=("task", "prompt"), kept=kept
        )
    ]
    return Written(lines(rows), losing.losses)


FORMAT = RubricFormat(
    name="healthbench",
    label="HealthBench",
    about="A prompt a row, with criteria, points and tags; points below 0 are failures.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: (
        '"points"' in text and any(word in text for word in ('"prompt_id"', '"rubric_items"'))
    ),
    read=read,
    write=write,
    by_line=True,
)
