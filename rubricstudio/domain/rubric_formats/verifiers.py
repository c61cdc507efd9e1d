"""verifiers RubricJudge: `criteria` of name, text, weight of 0 or more, and choices.

Choices run from worst to best, ["no", "yes"] where none are named; their ends swapped say
that meeting is bad. The list may stand alone. JSON and TOML are read, JSON is written. Source:
PrimeIntellect-ai/verifiers, verifiers/v1/judges/rubric.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.records import KEY_LIMIT
from rubricstudio.domain.rubric import (
    BINARY,
    Criterion,
    Level,
    MetMeans,
    Scale,
    ScaleKind,
)
from rubricstudio.domain.rubric_formats.losing import Losing, number, pretty
from rubricstudio.domain.rubric_formats.protocol import (
    NamedRubric,
    ReadResult,
    ReadRubric,
    RubricFormat,
    Written,
)
from rubricstudio.domain.rubric_formats.reading import Reading, UnreadableText, items_of
from rubricstudio.domain.rubric_formats.rows import Row, leaves_of

AGGREGATOR = "weighted_mean"
NO_YES = ("no", "yes")
# A TOML text may start with [[criteria]].
_JSON = re.compile(r'[\ufeff\s]*(?:\{|\[\s*[\]{"])')


def read(text: str) -> ReadResult:
    """The rubric of a JSON or TOML text: an object with `criteria`, or the bare list of them."""
    reading = Reading()
    rows = list(reading.rows(text, load=None if _JSON.match(text) else load_toml))
    if rows and all("text" in row.values and "criteria" not in row.values for row in rows):
        about = reading.fields({}, rows[0].place.line)
        reading.keep(about, lambda fields: _rubric(fields, rows))
        return reading.result()
    for row in rows:
        reading.keep(row, _rubric)
    return reading.result()


def load_toml(text: str) -> Any:
    """The value of a TOML text. Raises UnreadableText for anything else."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableText(0, f"is neither JSON nor TOML: {error}") from error


def _rubric(fields: Fields, listed: Sequence[Fields] | None = None) -> ReadRubric:
    row = Row(fields, ("criteria",))
    items = items_of(fields, "criteria") if listed is None else listed
    for key, item in row.items(items, ("name", "text", "weight", "choices")):
        weight = item.number("weight", 1.0)
        if weight < 0:
            hint = "Make it positive, and swap the choices if meeting it is bad."
            item.problem("weight", "is below 0", hint)
        choices = item.texts("choices") or NO_YES
        bad = choices == NO_YES[::-1]
        criterion = Criterion(
            item.name("name", limit=KEY_LIMIT) or key,
            item.text("text", required=True),
            weight=weight,
            met_means=MetMeans.BAD if bad else MetMeans.GOOD,
            scale=BINARY if bad or choices == NO_YES else _levels(item, choices),
        )
        row.add(criterion)
    return row.rubric(AGGREGATOR)


def _levels(item: Fields, choices: tuple[str, ...]) -> Scale:
    if len(choices) < 2 or len(set(choices)) < len(choices):
        wrong = "holds fewer than two" if len(choices) < 2 else "holds one of them twice"
        item.problem("choices", wrong, "Name them from worst to best, each once.")
        return BINARY
    levels = tuple(Level(float(place), choice) for place, choice in enumerate(choices))
    return Scale(ScaleKind.ORDINAL, levels)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """One rubric, or a list of them."""
    losing, kept = Losing(), ("weight", "met_means", "scale")
    values = [
        {"criteria": [_item(c, losing) for c in leaves]}
        for _, leaves in leaves_of(rubrics, losing, AGGREGATOR, about=(), kept=kept, keyed=True)
    ]
    return Written(pretty(values[0] if len(values) == 1 else values), losing.losses)


def _item(criterion: Criterion, losing: Losing) -> dict[str, Any]:
    choices = _choices(criterion, losing)
    text = criterion.text
    if criterion.met_means is MetMeans.BAD:
        if criterion.scale.kind is ScaleKind.BINARY:
            choices = choices[::-1]
        else:
            text = losing.good(criterion)
    weight = number(losing.positive(criterion))
    return {"name": criterion.key, "text": text, "weight": weight, "choices": list(choices)}


def _choices(criterion: Criterion, losing: Losing) -> tuple[str, ...]:
    scale = criterion.scale
    if scale.kind is ScaleKind.BINARY:
        return NO_YES
    if scale.kind is ScaleKind.POINTS:
        losing.note("points: become no or yes", 1)
        return NO_YES
    if any(level.value != place for place, level in enumerate(scale.levels)):
        losing.note("levels: their values become equal steps from 0", 1)
    if any(level.description for level in scale.levels):
        losing.note("levels: their descriptions are left out", 1)
    labels = tuple(level.label for level in scale.levels)
    if len(set(labels)) < len(labels) or not all(label.strip() for label in labels):
        losing.note("levels: labels that are empty or alike get a number", 1)
        labels = tuple(f"{place} {label}".strip() for place, label in enumerate(labels))
    if labels in (NO_YES, NO_YES[::-1]):
        losing.note("levels called no and yes: read back as met or not met", 1)
    return labels


FORMAT = RubricFormat(
    name="verifiers",
    label="verifiers RubricJudge",
    about="Criteria with a name, a weight of 0 or more, and choices from worst to best.",
    endings=(".json", ".toml"),
    matches=lambda name, text: (
        name.endswith(".toml") or ('"choices"' in text and '"name"' in text and '"text"' in text)
    ),
    read=read,
    write=write,
)
