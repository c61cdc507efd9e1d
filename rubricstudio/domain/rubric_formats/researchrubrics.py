"""ResearchRubrics: a row a prompt, with `rubrics` of `criterion`, `weight` and `axis`.

Of the negative weights some name a failure and some its absence, so each is asked about.
Source: scaleapi/researchrubrics, evaluate_single_report.py.
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
from rubricstudio.domain.rubric_formats.reading import Reading, items_of
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "pos_normalised_unclipped"
_ROW = ("prompt", "sample_id", "rubrics")
_ITEM = ("criterion", "weight", "axis")


def read(text: str) -> ReadResult:
    """The rubrics of ResearchRubrics rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    row = Row(fields, _ROW)
    for key, item in row.items(items_of(fields, "rubrics"), _ITEM):
        text, weight = item.text("criterion", required=True), item.number("weight", 1.0)
        row.add_signed(Criterion(key, text, weight=weight, category=item.name("axis")))
    return row.rubric(AGGREGATOR, task=fields.text("sample_id"), prompt=row.prompt("prompt"))


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric."""
    losing, kept = Losing(), ("weight", "met_means", "category")
    rows = [
        {
            "prompt": named.prompt,
            "sample_id": named.task,
            "rubrics": [
                {"criterion": c.text, "weight": number(losing.guessed(c)), "axis": c.category}
                for c in leaves
            ],
        }
        for named, leaves in leaves_of(
            rubrics, losing, AGGREGATOR, about=("task", "prompt"), kept=kept
        )
    ]
    return Written(lines(rows), losing.losses)


FORMAT = RubricFormat(
    name="researchrubrics",
    label="ResearchRubrics",
    about="A prompt a row, with criteria, weights and axes.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"axis"' in text and '"criterion"' in text and '"weight"' in text,
    read=read,
    write=write,
    by_line=True,
)
