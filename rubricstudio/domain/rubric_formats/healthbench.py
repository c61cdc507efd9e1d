"""HealthBench: a row a prompt, with `rubrics` of `criterion`, `points` and `tags`.

Points below 0 stand for something bad that a response does. The professional edition names
its fields otherwise and is read, too. Source: openai/simple-evals.
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

AGGREGATOR = "pos_normalised"


def read(text: str) -> ReadResult:
    """The rubrics of HealthBench rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    dropped = Dropped()
    dropped.note(fields, ("prompt", "prompt_id", "rubrics", "id", "rubric_items", "conversation"))
    criteria: list[Criterion] = []
    guesses: list[PolarityGuess] = []
    for place, item in enumerate(items_of(fields, "rubrics", "rubric_items"), 1):
        dropped.note(item, ("criterion", "criterion_text", "points", "tags"), criterion=True)
        name = "criterion_text" if "criterion_text" in item.values else "criterion"
        key, text = position_key(place), item.text(name, required=True)
        points = item.number("points", 1.0)
        means, asked = polarity(key, text, points, "HealthBench")
        guesses += asked
        criteria.append(Criterion(key, text, weight=points, met_means=means, tags=item.tags()))
    holder, field = fields, "prompt"
    if isinstance(fields.values.get("conversation"), dict):
        holder, field = (
            Fields(fields.values["conversation"], fields.place, fields.problems),
            "messages",
        )
    prompt, lost = prompt_of(holder, field)
    return rubric_of(
        criteria,
        AGGREGATOR,
        task=fields.text("prompt_id") or fields.text("id"),
        prompt=prompt,
        guesses=guesses,
        losses=(*dropped.losses, *lost),
    )


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric."""
    losing, rows = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("task", "prompt"))
        leaves = losing.flat(named)
        losing.fields(leaves, ("weight", "met_means", "tags"))
        messages = [{"role": "user", "content": named.prompt}] if named.prompt else []
        rows.append(
            {
                "prompt": messages,
                "prompt_id": named.task,
                "rubrics": [
                    {
                        "criterion": c.text,
                        "points": number(losing.signed(c)),
                        "tags": list(c.tags),
                    }
                    for c in leaves
                ],
                "example_tags": [],
            }
        )
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
)
