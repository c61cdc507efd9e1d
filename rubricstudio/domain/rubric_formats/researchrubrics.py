"""ResearchRubrics: a row a prompt, with `rubrics` of `criterion`, `weight` and `axis`.

Weights below 0 occur; whether meeting such a criterion is good is asked about. Partly
satisfied, which one of its graders knows, is not part of the files. Source:
scaleapi/researchrubrics.
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing, lines, number
from rubricstudio.domain.rubric_formats.polarity import polarity
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    PolarityGuess,
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

AGGREGATOR = "pos_normalised_unclipped"


def read(text: str) -> ReadResult:
    """The rubrics of ResearchRubrics rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    dropped = Dropped()
    dropped.note(fields, ("prompt", "sample_id", "rubrics"))
    criteria: list[Criterion] = []
    guesses: list[PolarityGuess] = []
    for place, item in enumerate(items_of(fields, "rubrics"), 1):
        dropped.note(item, ("criterion", "weight", "axis"), criterion=True)
        key, text = position_key(place), item.text("criterion", required=True)
        weight = item.number("weight", 1.0)
        means, asked = polarity(key, text, weight)
        guesses += asked
        axis = item.name("axis")
        criteria.append(Criterion(key, text, weight=weight, met_means=means, category=axis))
    prompt, lost = prompt_of(fields, "prompt")
    losses = (*dropped.losses, *lost)
    task = fields.text("sample_id")
    return rubric_of(criteria, AGGREGATOR, task=task, prompt=prompt, guesses=guesses, losses=losses)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric."""
    losing, rows = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("task", "prompt"))
        leaves = losing.flat(named)
        losing.fields(leaves, ("weight", "met_means", "category"))
        items = [
            {"criterion": c.text, "weight": number(losing.guessed(c)), "axis": c.category}
            for c in leaves
        ]
        rows.append({"prompt": named.prompt, "sample_id": named.task, "rubrics": items})
    return Written(lines(rows), losing.losses)


FORMAT = RubricFormat(
    name="researchrubrics",
    label="ResearchRubrics",
    about="A prompt a row, with criteria, weights and axes.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"axis"' in text and '"criterion"' in text and '"weight"' in text,
    read=read,
    write=write,
)
