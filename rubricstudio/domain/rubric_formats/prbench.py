"""PRBench: a row a task, whose criteria have a title and a weight by class.

The weight in force is that of `weight_class`; its siblings may be stale. The three
detrimental classes are for what a response should not do. A task of several turns has
`prompt_0`, `response_0`, `prompt_1` and so on, with `reference_texts_0` before its prompt.
Source: scaleapi/PRBench, evals.py, util.py and criteria.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing, lines, number
from rubricstudio.domain.rubric_formats.protocol import (
    Loss,
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Reading, inner, items_of
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "pos_normalised_unclipped"
IMPORTANCE = ("critically important", "important", "slightly important")
DETRIMENT = ("critically detrimental", "detrimental", "slightly detrimental")
CLASSES = (*IMPORTANCE, *DETRIMENT)
TURNS = 10
# Sizes from which a weight is written under a class; the files hold other bounds, too.
_BOUNDS = (7.0, 4.0)
_CATEGORY = "criteria_category"
_NOTED = (
    *("weight_class", _CATEGORY, "criteria_description"),
    *(f"{name.replace(' ', '_')}_weight" for name in CLASSES),
)
_PARTS = ("reference_texts", "prompt", "response")
_ROW = ("task", "rubric", "turns", *(f"{part}_{n}" for part in _PARTS for n in range(TURNS)))


def class_of(weight: float) -> str:
    """The class under which a weight is written."""
    names = DETRIMENT if weight < 0 else IMPORTANCE
    place = next((n for n, bound in enumerate(_BOUNDS) if abs(weight) >= bound), 2)
    return names[place]


def read(text: str) -> ReadResult:
    """The rubrics of PRBench rows, in JSON Lines or a JSON list."""
    return Reading().each(text, _row)


def _row(fields: Fields) -> ReadRubric:
    row, other = Row(fields, _ROW), 0
    for key, item in row.items(items_of(fields, "rubric"), ("id", "title", "annotations")):
        if not isinstance(item.values.get("annotations"), dict):
            item.problem("annotations", "is missing", "It holds weight_class and the weights.")
            continue
        noted = inner(item, "annotations")
        category = next((n for n in noted.values if n.endswith(_CATEGORY)), _CATEGORY)
        row.dropped.note(noted, (*_NOTED, category), criterion=True)
        criterion = Criterion(
            item.name("id", limit=100) or key,
            item.text("title", required=True),
            noted.text("criteria_description"),
            weight=_weight(noted),
            category=noted.name(category),
        )
        other += noted.text("weight_class").strip().lower() != class_of(criterion.weight)
        row.add_signed(criterion, "PRBench")
    prompt = _conversation(row)
    if other:
        row.losses.append(
            Loss("weight classes: written by the size of the weight from now on", other)
        )
    return row.rubric(AGGREGATOR, task=fields.text("task"), prompt=prompt)


def _weight(noted: Fields) -> float:
    name = noted.text("weight_class", required=True).strip().lower()
    if name and name not in CLASSES:
        noted.problem("weight_class", f"is {name[:40]!r}", f"Use one of: {', '.join(CLASSES)}.")
        return 1.0
    field = f"{name.replace(' ', '_')}_weight"
    if name and noted.values.get(field) in (None, ""):
        noted.problem(field, "is missing", "The weight class names it.")
    return noted.number(field, 1.0)


def _conversation(row: Row) -> str:
    """The prompt; the turns of a conversation, and texts to refer to, become one text."""
    fields, parts = row.fields, []
    for turn in range(TURNS):
        texts = fields.texts(f"reference_texts_{turn}")
        parts += [f"Reference text {n}:\n{text}" for n, text in enumerate(texts, 1)]
        for role, name in (("user", f"prompt_{turn}"), ("assistant", f"response_{turn}")):
            said = fields.text(name)
            parts += [f"{role}: {said}"] if said.strip() else []
    if len(parts) < 2:
        return fields.text("prompt_0")
    row.losses.append(Loss(f"{len(parts)} messages of the prompt become one text"))
    return "\n\n".join(parts)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """A row a rubric. The class follows from sign and size of the weight."""
    losing, kept = Losing(), ("description", "weight", "met_means", "category")
    rows = [
        {
            "task": named.task,
            "prompt_0": named.prompt,
            "rubric": [_item(c, losing.signed(c)) for c in leaves],
        }
        for named, leaves in leaves_of(
            rubrics, losing, AGGREGATOR, about=("task", "prompt"), kept=kept, keyed=True
        )
    ]
    return Written(lines(rows), losing.losses)


def _item(criterion: Criterion, weight: float) -> dict[str, Any]:
    name = class_of(weight)
    noted = {
        "weight_class": name,
        _CATEGORY: criterion.category,
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
    by_line=True,
)
