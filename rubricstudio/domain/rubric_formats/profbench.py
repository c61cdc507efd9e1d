"""ProfBench: a row a task; criteria are Critical, Major, Minor or Additional (4, 3, 2, 1).

No weight is negative. The type of a criterion (extraction, reasoning, style) is kept as its
category. Source: NVlabs/ProfBench.
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
from rubricstudio.domain.rubric_formats.reading import (
    Dropped,
    Reading,
    items_of,
    position_key,
    prompt_of,
    rubric_of,
)

AGGREGATOR = "weighted_mean"
WEIGHTS = {"Critical": 4.0, "Major": 3.0, "Minor": 2.0, "Additional": 1.0}
_NAMES = {weight: name for name, weight in WEIGHTS.items()}


def read(text: str) -> ReadResult:
    """The rubrics of ProfBench rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    dropped = Dropped()
    dropped.note(fields, ("task_id", "prompt", "rubrics"))
    criteria = []
    for place, item in enumerate(items_of(fields, "rubrics"), 1):
        known = ("criterion_description", "criterion_type", "criterion_weight")
        dropped.note(item, known, criterion=True)
        text = item.text("criterion_description", required=True)
        weight, kind = _weight(item), item.name("criterion_type")
        criteria.append(Criterion(position_key(place), text, weight=weight, category=kind))
    prompt, lost = prompt_of(fields, "prompt")
    task = fields.text("task_id")
    return rubric_of(
        criteria, AGGREGATOR, task=task, prompt=prompt, losses=(*dropped.losses, *lost)
    )


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
    losing, rows = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("task", "prompt"))
        leaves = losing.flat(named)
        losing.fields(leaves, ("weight", "met_means", "category"))
        items = [
            {
                "criterion_description": losing.good(c),
                "criterion_type": c.category,
                "criterion_weight": _name(losing.positive(c), losing),
            }
            for c in leaves
        ]
        rows.append({"task_id": named.task, "prompt": named.prompt, "rubrics": items})
    return Written(lines(rows), losing.losses)


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
)
