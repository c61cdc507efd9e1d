"""RubricHub: a row a question, with `rubrics` of `criterion` and `points` from 0 to 10.

The form for training, with the rubrics inside `reward_model`, is read, too. Source:
teqkilla/RubricHub.
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing, lines
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

AGGREGATOR = "weighted_mean"
SIGNED = "pos_normalised"
"""The aggregator of a rubric of the training form that has points below 0."""
HIGHEST = 10


def read(text: str) -> ReadResult:
    """The rubrics of RubricHub rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    dropped = Dropped()
    dropped.note(fields, ("question", "id", "rubrics", "prompt", "reward_model"))
    criteria: list[Criterion] = []
    guesses: list[PolarityGuess] = []
    holder = fields
    if isinstance(fields.values.get("reward_model"), dict) and "rubrics" not in fields.values:
        model = fields.values["reward_model"]
        holder = Fields(model, fields.place, fields.problems, f"{fields.prefix}reward_model.")
        dropped.note(holder, ("rubrics",))
    for place, item in enumerate(items_of(holder, "rubrics"), 1):
        dropped.note(item, ("criterion", "points"), criterion=True)
        key, text = position_key(place), item.text("criterion", required=True)
        points = item.number("points", 1.0)
        means, asked = polarity(key, text, points)
        guesses += asked
        criteria.append(Criterion(key, text, weight=points, met_means=means))
    prompt, lost = prompt_of(fields, "question" if "question" in fields.values else "prompt")
    return rubric_of(
        criteria,
        SIGNED if guesses else AGGREGATOR,
        task=fields.text("id"),
        prompt=prompt,
        guesses=guesses,
        losses=(*dropped.losses, *lost),
    )


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric; points are whole numbers from 0 to 10."""
    losing, rows = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("task", "prompt"))
        leaves = losing.flat(named)
        losing.fields(leaves, ("weight", "met_means"))
        items = [
            {"criterion": losing.good(c), "points": _points(losing.positive(c), losing)}
            for c in leaves
        ]
        rows.append({"question": named.prompt, "id": named.task, "rubrics": items})
    return Written(lines(rows), losing.losses)


def _points(weight: float, losing: Losing) -> int:
    points = int(min(max(round(weight), 0), HIGHEST))
    if points != weight:
        losing.note(f"weights: brought to a whole number from 0 to {HIGHEST}", 1)
    return points


FORMAT = RubricFormat(
    name="rubrichub",
    label="RubricHub",
    about="A question a row, with criteria of 0 to 10 points.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: (
        '"criterion"' in text
        and '"points"' in text
        and any(word in text for word in ('"question"', '"reward_model"'))
    ),
    read=read,
    write=write,
)
