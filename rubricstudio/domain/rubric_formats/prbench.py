"""PRBench: a row a task, whose criteria have a title and a weight by class.

The weight in force is that of `weight_class`; its siblings may be stale. The three
detrimental classes are for what a response should not do. Source: scaleapi/PRBench.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing, lines, number
from rubricstudio.domain.rubric_formats.polarity import polarity
from rubricstudio.domain.rubric_formats.protocol import (
    Loss,
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
IMPORTANCE = ("critically important", "important", "slightly important")
DETRIMENT = ("critically detrimental", "detrimental", "slightly detrimental")
CLASSES = (*IMPORTANCE, *DETRIMENT)
# Sizes from which a weight is written under a class; the files hold other bounds, too.
_BOUNDS = (7.0, 4.0)
_KNOWN = (
    *("weight_class", "criteria_category", "criteria_description"),
    *(f"{name.replace(' ', '_')}_weight" for name in CLASSES),
)


def class_of(weight: float) -> str:
    """The class under which a weight is written."""
    names = DETRIMENT if weight < 0 else IMPORTANCE
    place = next((n for n, bound in enumerate(_BOUNDS) if abs(weight) >= bound), 2)
    return names[place]


def read(text: str) -> ReadResult:
    """The rubrics of PRBench rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    dropped = Dropped()
    dropped.note(fields, ("task", "rubric", "prompt_0"))
    other = 0
    criteria: list[Criterion] = []
    guesses: list[PolarityGuess] = []
    for place, item in enumerate(items_of(fields, "rubric"), 1):
        dropped.note(item, ("id", "title", "annotations"), criterion=True)
        noted = item.values.get("annotations")
        if not isinstance(noted, dict):
            item.problem("annotations", "is missing", "It holds weight_class and the weights.")
            continue
        inner = Fields(noted, item.place, item.problems, f"{item.prefix}annotations.")
        dropped.note(inner, _KNOWN, criterion=True)
        criterion, asked = _criterion(item, inner, place)
        other += inner.text("weight_class").strip().lower() != class_of(criterion.weight)
        criteria.append(criterion)
        guesses += asked
    prompt, lost = prompt_of(fields, "prompt_0")
    losses = (*dropped.losses, *lost)
    if other:
        losses += (Loss("weight classes: written by the size of the weight from now on", other),)
    task = fields.text("task")
    return rubric_of(criteria, AGGREGATOR, task=task, prompt=prompt, guesses=guesses, losses=losses)


def _criterion(
    item: Fields, noted: Fields, place: int
) -> tuple[Criterion, tuple[PolarityGuess, ...]]:
    key = item.name("id", limit=100) or position_key(place)
    text, weight = item.text("title", required=True), _weight(noted)
    means, asked = polarity(key, text, weight, "PRBench")
    description = noted.text("criteria_description")
    category = noted.name("criteria_category")
    return Criterion(
        key, text, description, weight=weight, met_means=means, category=category
    ), asked


def _weight(noted: Fields) -> float:
    name = noted.text("weight_class", required=True).strip().lower()
    if name and name not in CLASSES:
        noted.problem("weight_class", f"is {name[:40]!r}", f"Use one of: {', '.join(CLASSES)}.")
        return 1.0
    field = f"{name.replace(' ', '_')}_weight"
    if name and noted.values.get(field) in (None, ""):
        noted.problem(field, "is missing", "The weight class names it.")
    return noted.number(field, 1.0)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric. The class follows from sign and size of the weight."""
    losing, rows = Losing(), []
    for named in rubrics:
        losing.about(named, AGGREGATOR, kept=("task", "prompt"))
        leaves = losing.flat(named, keyed=True)
        losing.fields(leaves, ("description", "weight", "met_means", "category"))
        rows.append(
            {
                "task": named.task,
                "prompt_0": named.prompt,
                "rubric": [_item(c, losing.signed(c)) for c in leaves],
            }
        )
    return Written(lines(rows), losing.losses)


def _item(criterion: Criterion, weight: float) -> dict[str, Any]:
    name = class_of(weight)
    noted = {
        "weight_class": name,
        "criteria_category": criterion.category,
        "criteria_description": criterion.description,
        f"{name.replace(' ', '_')}_weight": number(weight),
    }
    return {"id": criterion.key, "title": criterion.text, "annotations": noted}


FORMAT = RubricFormat(
    name="prbench",
    label="PRBench",
    about="A task a row, with titled criteria whose weight stands under its class.",
    endings=(".jsonl", ".json"),
    matches=lambda name, text: '"weight_class"' in text,
    read=read,
    write=write,
)
