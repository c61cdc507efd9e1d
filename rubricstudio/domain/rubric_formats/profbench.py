"""ProfBench: a row a task; criteria are Critical, Major, Minor or Additional (4, 3, 2, 1).

No weight is negative. Of the types of a criterion (extraction, reasoning, style) the first is
its category, the others are tags. Source: NVlabs/ProfBench, score_report_generation.py and
run_llm_judge_on_provided_reports.py.
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
from rubricstudio.domain.rubric_formats.reading import Reading, items_of
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "weighted_mean"
WEIGHTS = {"Critical": 4.0, "Major": 3.0, "Minor": 2.0, "Additional": 1.0}
_NAMES = {weight: name for name, weight in WEIGHTS.items()}
_ITEM = ("criterion_description", "criterion_type", "criterion_weight")


def read(text: str) -> ReadResult:
    """The rubrics of ProfBench rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    row = Row(fields, ("task_id", "prompt", "rubrics"))
    for key, item in row.items(items_of(fields, "rubrics"), _ITEM):
        text = item.text("criterion_description", required=True)
        kind, *others = item.tags("criterion_type") or ("",)
        weight = _weight(item)
        row.add(Criterion(key, text, weight=weight, category=kind, tags=tuple(others)))
    return row.rubric(AGGREGATOR, task=fields.text("task_id"), prompt=row.prompt("prompt"))


def _weight(item: Fields) -> float:
    said = item.values.get("criterion_weight")
    if isinstance(said, str) and said.strip().capitalize() in WEIGHTS:
        return WEIGHTS[said.strip().capitalize()]
    weight = item.number("criterion_weight", 1.0)
    if weight < 0:
        item.problem("criterion_weight", "is below 0", f"Use one of: {', '.join(WEIGHTS)}.")
    return weight


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric; each weight becomes the nearest of the four."""
    losing, kept = Losing(), ("weight", "met_means", "category", "tags")
    rows = [
        {
            "task_id": named.task,
            "prompt": named.prompt,
            "rubrics": [
                {
                    "criterion_description": losing.good(c),
                    "criterion_type": _types(c, losing),
                    "criterion_weight": _name(losing.positive(c), losing),
                }
                for c in leaves
            ],
        }
        for named, leaves in leaves_of(
            rubrics, losing, AGGREGATOR, about=("task", "prompt"), kept=kept
        )
    ]
    return Written(lines(rows), losing.losses)


def _types(criterion: Criterion, losing: Losing) -> list[str]:
    if criterion.category:
        return [criterion.category, *criterion.tags]
    if criterion.tags:
        losing.note("tags: left out where there is no category", 1)
    return []


def _name(weight: float, losing: Losing) -> str:
    near = min(_NAMES, key=lambda known: abs(known - weight))
    if near != weight:
        losing.note("weights: brought to the nearest of 1, 2, 3 and 4", 1)
    return _NAMES[near]


FORMAT = RubricFormat(
    name="profbench",
    label="ProfBench",
    about="A task a row; criteria are Critical, Major, Minor or Additional.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"criterion_description"' in text,
    read=read,
    write=write,
    by_line=True,
)
