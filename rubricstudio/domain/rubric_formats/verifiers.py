"""verifiers RubricJudge: `criteria` of name, text, weight of 0 or more, and choices.

Choices run from worst to best, ["no", "yes"] where none are named; their ends swapped say
that meeting is bad. JSON and TOML are read, JSON is written. Source: verifiers, RubricJudge.
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
from rubricstudio.domain.rubric_formats.reading import (
    Dropped,
    Reading,
    UnreadableText,
    items_of,
    position_key,
    rubric_of,
)

AGGREGATOR = "weighted_mean"
NO_YES = ("no", "yes")
# A TOML text may start with [[criteria]].
_JSON = re.compile(r'[\ufeff\s]*(?:\{|\[\s*[\]{"])')


def read(text: str) -> ReadResult:
    """The rubric of a JSON or TOML text."""
    load = None if _JSON.match(text) else load_toml
    return Reading().each(text, _rubric, load=load)


def load_toml(text: str) -> Any:
    """The value of a TOML text. Raises UnreadableText for anything else."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableText(0, f"is neither JSON nor TOML: {error}") from error


def _rubric(fields: Fields) -> ReadRubric:
    dropped = Dropped()
    dropped.note(fields, ("criteria",))
    criteria = []
    for place, item in enumerate(items_of(fields, "criteria"), 1):
        dropped.note(item, ("name", "text", "weight", "choices"), criterion=True)
        weight = item.number("weight", 1.0)
        if weight < 0:
            hint = "Make it positive, and swap the choices if meeting it is bad."
            item.problem("weight", "is below 0", hint)
        choices = item.texts("choices") or NO_YES
        bad = choices == NO_YES[::-1]
        scale = BINARY if bad or choices == NO_YES else _levels(item, choices)
        criteria.append(
            Criterion(
                item.name("name", limit=KEY_LIMIT) or position_key(place),
                item.text("text", required=True),
                weight=weight,
                met_means=MetMeans.BAD if bad else MetMeans.GOOD,
                scale=scale,
            )
        )
    return rubric_of(criteria, AGGREGATOR, losses=dropped.losses)


def _levels(item: Fields, choices: tuple[str, ...]) -> Scale:
    if len(choices) < 2:
        item.problem("choices", "holds fewer than two", "Name them from worst to best.")
        return BINARY
    levels = tuple(Level(float(place), choice) for place, choice in enumerate(choices))
    return Scale(ScaleKind.ORDINAL, levels)


def write(rubrics: Sequence[NamedRubric]) -> Written:
    """One rubric, or a list of them."""
    losing = Losing()
    values = []
    for named in rubrics:
        losing.about(named, AGGREGATOR)
        leaves = losing.flat(named, keyed=True)
        losing.fields(leaves, ("weight", "met_means", "scale"))
        values.append({"criteria": [_item(c, losing) for c in leaves]})
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
    if labels in (NO_YES, NO_YES[::-1]):
        losing.note("levels called no and yes: read back as met or not met", 1)
    return labels


FORMAT = RubricFormat(
    name="verifiers",
    label="verifiers RubricJudge",
    about="Criteria with a name, a weight of 0 or more, and choices from worst to best.",
    endings=(".json", ".toml"),
    matches=lambda name, text: (
        name.endswith(".toml")
        or ('"criteria"' in text and '"choices"' in text and '"name"' in text)
    ),
    read=read,
    write=write,
)
